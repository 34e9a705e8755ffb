// StoreCare on PostgreSQL.

#include "store/invariants.h"
#include "store/postgres_connection.h"
#include "store/postgres_errors.h"
#include "store/sql.h"
#include "store/store_care.h"

namespace gw::store {
namespace {

std::string shellQuoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

class PostgresCare final : public StoreCare {
 public:
  explicit PostgresCare(PostgresOptions options) : options_(std::move(options)), place_(placeOf(options_)) {}

  Result<StoreFacts> facts() override {
    return onDatabase([](Sql& sql) -> Result<StoreFacts> {
      StoreFacts facts = factsOf(sql);
      facts.bytes =
          static_cast<uint64_t>(std::get<0>(sql.rows<int64_t>("SELECT pg_database_size(current_database())").front()));
      return facts;
    });
  }

  Result<std::vector<std::string>> check() override {
    return onDatabase([](Sql& sql) -> Result<std::vector<std::string>> {
      sql.once("SET statement_timeout = 0");  // reads everything
      auto problems = violatedInvariants(sql);
      for (const auto& [name] : sql.rows<std::string>(
               "SELECT CAST(indexrelid AS regclass)::text FROM pg_index WHERE NOT indisvalid ORDER BY 1 LIMIT 20")) {
        problems.push_back("the index " + name + " is not valid");
      }
      if (problems.size() > kMostProblems) problems.resize(kMostProblems);
      return problems;
    });
  }

  Result<void> backup(const std::string& file) override {
    return fail(ErrorCode::kInvalid,
                "the store is on PostgreSQL, whose own program backs it up: " + pgDumpCommand(options_, file));
  }

 private:
  template <typename Work>
  auto onDatabase(Work work) -> std::invoke_result_t<Work, Sql&> {
    try {
      std::optional<Poco::Data::Session> none;
      Sql sql(openPostgres(options_, Durability::kRelaxed, none), false);
      return work(sql);
    } catch (const std::exception&) {
      return explainPostgres(place_);
    }
  }

  const PostgresOptions options_;
  const std::string place_;
};

}  // namespace

std::string pgDumpCommand(const PostgresOptions& options, const std::string& file) {
  return "pg_dump --host=" + shellQuoted(options.host) + " --port=" + std::to_string(options.port) +
         " --username=" + shellQuoted(options.user) + " --dbname=" + shellQuoted(options.database) +
         " --format=custom --file=" + shellQuoted(file);
}

std::unique_ptr<StoreCare> postgresCare(const PostgresOptions& options) {
  return std::make_unique<PostgresCare>(options);
}

}  // namespace gw::store
