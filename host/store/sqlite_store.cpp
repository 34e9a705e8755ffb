// SessionStore on SQLite: one file, WAL, one writer at a time.

#include <Poco/Data/SQLite/Connector.h>

#include <mutex>

#include "base/clock.h"
#include "base/file_lock.h"
#include "base/log.h"
#include "store/schema.h"
#include "store/sql_session_store.h"
#include "store/sqlite_errors.h"
#include "store/sqlite_file.h"

namespace gw::store {
namespace {

// BEGIN IMMEDIATE: a transaction that starts as a reader cannot wait for the writer later; SQLite fails
// it at once, whatever the busy timeout.
constexpr Dialect kSqlite{"BEGIN IMMEDIATE", true, "BLOB", explainSqlite};

// Two openers at once can meet at the switch to WAL, which does not wait by the busy timeout.
constexpr int kOpenAttempts = 3;

void registerDriver() {
  static std::once_flag once;
  std::call_once(once, [] { Poco::Data::SQLite::Connector::registerConnector(); });
}

void setPragmas(Sql& sql, Durability durability, int busyTimeoutMs, const std::string& file) {
  sql.once("PRAGMA busy_timeout = " + std::to_string(busyTimeoutMs));
  const auto mode = sql.rows<std::string>("PRAGMA journal_mode = WAL");
  if (mode.empty() || std::get<0>(mode.front()) != "wal") {
    log::warn("store", "the file system has no WAL: the store is slower", {{"file", file}});
  }
  sql.once(durability == Durability::kStrict ? "PRAGMA synchronous = FULL" : "PRAGMA synchronous = NORMAL");
  sql.once("PRAGMA foreign_keys = ON");
  sql.once("PRAGMA cache_size = -512");  // KiB a worker; the kernel has the rest of the file
  sql.once("PRAGMA journal_size_limit = 67108864");
}

void migrateLocked(Sql& sql) {
  sql.once("BEGIN EXCLUSIVE");
  try {
    migrate(sql, kSqlite, migrations(), systemClock().wallUs());
    sql.once("COMMIT");
  } catch (...) {
    try {
      sql.once("ROLLBACK");
    } catch (const std::exception&) {
      // The first failure is the one to report.
    }
    throw;
  }
}

class SqliteFactory final : public StoreFactory {
 public:
  SqliteFactory(std::string file, Durability durability, int busyTimeoutMs)
      : file_(std::move(file)), durability_(durability), busyTimeoutMs_(busyTimeoutMs) {}

  Result<std::unique_ptr<SessionStore>> open() override {
    if (auto prepared = prepareFile(file_); !prepared.ok()) return prepared.error();
    for (int attempt = 1;; ++attempt) {
      auto opened = tryOpen();
      if (opened.ok() || opened.error().code != ErrorCode::kBusy || attempt == kOpenAttempts) return opened;
    }
  }

  // One gateway a file, whatever its name: SQLite leaves nothing under way behind a process.
  Result<void> claim(const std::string&) override {
    if (auto prepared = prepareFile(file_); !prepared.ok()) return prepared.error();
    auto lock = FileLock::take(file_ + ".lock");
    if (!lock && lock.error().code == ErrorCode::kConflict)
      return fail(ErrorCode::kConflict, "store " + file_ + ": another gwhost (" + lock.error().message +
                                            ") uses this file; stop it, or set store.file");
    if (!lock) return lock.error();
    lock_ = std::move(*lock);
    return {};
  }

 private:
  Result<std::unique_ptr<SessionStore>> tryOpen() {
    try {
      registerDriver();
      const Poco::Data::Session session("SQLite", file_);
      Sql sql(session, false);
      setPragmas(sql, durability_, busyTimeoutMs_, file_);
      migrateLocked(sql);
      return std::unique_ptr<SessionStore>(std::make_unique<SqlSessionStore>(session, kSqlite, file_));
    } catch (const std::exception&) {
      return explainSqlite(file_);
    }
  }

  const std::string file_;
  const Durability durability_;
  const int busyTimeoutMs_;
  FileLock lock_;
};

}  // namespace

std::unique_ptr<StoreFactory> sqliteFactory(const std::string& file) {
  return sqliteFactory(file, Durability::kRelaxed);
}

std::unique_ptr<StoreFactory> sqliteFactory(const std::string& file, Durability durability, int busyTimeoutMs) {
  return std::make_unique<SqliteFactory>(file, durability, busyTimeoutMs);
}

}  // namespace gw::store
