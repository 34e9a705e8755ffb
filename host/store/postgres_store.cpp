// SessionStore on a PostgreSQL server: many writers, rows locked one by one.

#include "store/postgres_store.h"

#include "base/clock.h"
#include "store/postgres_claim.h"
#include "store/postgres_connection.h"
#include "store/postgres_errors.h"
#include "store/schema.h"
#include "store/sql_session_store.h"

namespace gw::store {
namespace {

constexpr Dialect kPostgres{"BEGIN", false, "BYTEA", explainPostgres, true};

// Of all who open at once, one migrates and the others wait: "gatehous" as a number.
constexpr char kTakeMigrationLock[] = "SELECT CAST(pg_advisory_xact_lock(7449354444535264627) AS text)";
// A large table takes its time to change.
constexpr char kMigrationTimeouts[] =
    "SELECT set_config('statement_timeout', '600000', true), set_config('lock_timeout', '60000', true)";

void migrateLocked(Sql& sql) {
  sql.once("BEGIN");
  sql.rows<std::string, std::string>(kMigrationTimeouts);
  sql.rows<std::string>(kTakeMigrationLock);
  migrate(sql, kPostgres, migrations(), systemClock().wallUs());
  sql.once("COMMIT");
}

class PostgresFactory final : public StoreFactory {
 public:
  PostgresFactory(PostgresOptions options, Durability durability)
      : options_(std::move(options)), durability_(durability), place_(placeOf(options_)) {}

  Result<void> claim(const std::string& gatewayId) override {
    try {
      std::optional<Poco::Data::Session> none;
      holder_ = openPostgres(options_, durability_, none);
      Sql sql(*holder_, false);
      migrateLocked(sql);
      claim_ = claimPlace(*holder_, gatewayId, options_.claimTimeout);
      return {};
    } catch (const std::exception&) {
      const Error why = explainPostgres(place_);
      if (why.code != ErrorCode::kBusy) return why;
      return fail(ErrorCode::kConflict, "store " + place_ + ": another gwhost with gatewayId \"" + gatewayId +
                                            "\" uses this database; stop it, or set gatewayId");
    }
  }

  Result<std::unique_ptr<SessionStore>> open() override {
    try {
      std::optional<Poco::Data::Session> none;
      const Opener opener{options_, durability_, claim_};
      const Poco::Data::Session session = opener(none);
      Sql sql(session, false);
      migrateLocked(sql);  // what fails in it ends with the session
      return std::unique_ptr<SessionStore>(std::make_unique<SqlSessionStore>(session, kPostgres, place_, opener));
    } catch (const std::exception&) {
      return explainPostgres(place_);
    }
  }

 private:
  struct Opener {
    PostgresOptions options;
    Durability durability;
    std::optional<PostgresClaim> claim;
    Poco::Data::Session operator()(std::optional<Poco::Data::Session>& failed) const {
      Poco::Data::Session session = openPostgres(options, durability, failed);
      if (claim) joinRun(session, *claim);
      return session;
    }
  };

  const PostgresOptions options_;
  const Durability durability_;
  const std::string place_;
  std::optional<PostgresClaim> claim_;
  std::optional<Poco::Data::Session> holder_;  // of the place, until connections that joined do
};

}  // namespace

std::unique_ptr<StoreFactory> postgresFactory(const PostgresOptions& options, Durability durability) {
  return std::make_unique<PostgresFactory>(options, durability);
}

}  // namespace gw::store
