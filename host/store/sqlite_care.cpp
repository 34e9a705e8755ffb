// StoreCare on SQLite.

#include <Poco/Data/SQLite/Connector.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "store/invariants.h"
#include "store/sql.h"
#include "store/sqlite_errors.h"
#include "store/store_care.h"

namespace gw::store {
namespace {

uint64_t sizeOf(const std::string& file) {
  std::error_code isAbsent;
  const auto bytes = std::filesystem::file_size(file, isAbsent);
  return isAbsent ? 0 : static_cast<uint64_t>(bytes);
}

std::string literal(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("''") : std::string(1, c);
  return out + "'";
}

/// Made before SQLite writes into it, so that no moment passes with the umask's rights.
Result<void> makeTarget(const std::string& file) {
  if (file.empty() || file.front() != '/') return fail(ErrorCode::kInvalid, "a backup needs an absolute path");
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0 && errno == EEXIST) return fail(ErrorCode::kConflict, file + " exists; a backup overwrites nothing");
  if (fd < 0) return fail(ErrorCode::kInvalid, "the gateway cannot make " + file + ": " + std::strerror(errno));
  ::close(fd);
  return {};
}

Result<void> toDisk(const std::string& file) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  const bool isThere = fd >= 0 && ::fsync(fd) == 0;
  if (fd >= 0) ::close(fd);
  if (isThere) return {};
  return fail(ErrorCode::kUnavailable, file + " cannot be written to the disk: " + std::strerror(errno));
}

class SqliteCare final : public StoreCare {
 public:
  explicit SqliteCare(std::string file) : file_(std::move(file)) {}

  Result<StoreFacts> facts() override {
    return onDatabase([&](Sql& sql) -> Result<StoreFacts> {
      StoreFacts facts = factsOf(sql);
      facts.bytes = sizeOf(file_) + sizeOf(file_ + "-wal");
      return facts;
    });
  }

  Result<std::vector<std::string>> check() override {
    return onDatabase([&](Sql& sql) -> Result<std::vector<std::string>> {
      std::vector<std::string> problems;
      for (const auto& [line] : sql.rows<std::string>("PRAGMA integrity_check(20)")) {
        if (line != "ok") problems.push_back(line);
      }
      for (const auto& [table, parent] :
           sql.rows<std::string, std::string>("SELECT \"table\", \"parent\" FROM pragma_foreign_key_check LIMIT 20")) {
        problems.push_back("a row of " + table + " points to none of " + parent);
      }
      for (auto& problem : violatedInvariants(sql)) problems.push_back(std::move(problem));
      if (problems.size() > kMostProblems) problems.resize(kMostProblems);
      return problems;
    });
  }

  Result<void> backup(const std::string& file) override {
    if (auto made = makeTarget(file); !made.ok()) return made;
    auto done = onDatabase([&](Sql& sql) -> Result<void> {
      sql.once("VACUUM INTO " + literal(file));  // a read transaction: writers go on in the WAL
      return toDisk(file);
    });
    if (!done.ok()) ::unlink(file.c_str());
    return done;
  }

 private:
  template <typename Work>
  auto onDatabase(Work work) -> std::invoke_result_t<Work, Sql&> {
    try {
      Poco::Data::SQLite::Connector::registerConnector();
      Sql sql(Poco::Data::Session("SQLite", file_), false);
      sql.once("PRAGMA busy_timeout = 5000");
      return work(sql);
    } catch (const std::exception&) {
      return explainSqlite(file_);
    }
  }

  const std::string file_;
};

}  // namespace

std::unique_ptr<StoreCare> sqliteCare(const std::string& file) { return std::make_unique<SqliteCare>(file); }

}  // namespace gw::store
