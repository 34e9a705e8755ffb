#include "store/postgres_claim.h"

#include "base/log.h"
#include "store/postgres_connection.h"
#include "store/sql.h"

namespace gw::store {
namespace {

constexpr char kTryAlone[] =
    "SELECT CAST(pg_try_advisory_lock(hashtextextended('gatehouse/' || $1, 0)) AS integer)::bigint";
constexpr char kTakeAlone[] = "SELECT CAST(pg_advisory_lock(hashtextextended('gatehouse/' || $1, 0)) AS text)";
constexpr char kShare[] = "SELECT CAST(pg_advisory_lock_shared(hashtextextended('gatehouse/' || $1, 0)) AS text)";
constexpr char kLetOthersIn[] = "SELECT CAST(pg_advisory_unlock(hashtextextended('gatehouse/' || $1, 0)) AS text)";
constexpr char kTimeouts[] = "SELECT set_config('lock_timeout', $1, false), set_config('statement_timeout', $2, false)";
constexpr char kNextRun[] =
    "INSERT INTO gateway_settings (setting, content) VALUES ('run/' || $1, '1') ON CONFLICT (setting) DO UPDATE "
    "SET content = CAST(CAST(gateway_settings.content AS bigint) + 1 AS text) RETURNING content";
constexpr char kCurrentRun[] = "SELECT content FROM gateway_settings WHERE setting = 'run/' || $1";

void takeAlone(Sql& sql, const std::string& gatewayId, std::chrono::milliseconds wait) {
  if (std::get<0>(sql.rows<int64_t>(kTryAlone, gatewayId).front()) != 0) return;
  log::info("store", "waiting for the last run's connections to end", {{"gatewayId", gatewayId}});
  const std::string ms = std::to_string(wait.count());
  sql.rows<std::string, std::string>(kTimeouts, ms, std::to_string(2 * wait.count()));
  sql.rows<std::string>(kTakeAlone, gatewayId);
}

}  // namespace

PostgresClaim claimPlace(const Poco::Data::Session& session, const std::string& gatewayId,
                         std::chrono::milliseconds wait) {
  Sql sql(session, false);
  takeAlone(sql, gatewayId, wait);
  PostgresClaim claim{gatewayId, std::get<0>(sql.rows<std::string>(kNextRun, gatewayId).front())};
  sql.rows<std::string>(kShare, gatewayId);  // before letting go: no other start may come between
  sql.rows<std::string>(kLetOthersIn, gatewayId);
  return claim;
}

void joinRun(const Poco::Data::Session& session, const PostgresClaim& claim) {
  Sql sql(session, false);
  sql.rows<std::string>(kShare, claim.gatewayId);
  const auto run = sql.rows<std::string>(kCurrentRun, claim.gatewayId);
  if (run.empty() || std::get<0>(run.front()) != claim.run)
    throw PostgresUnreachable("another gwhost has taken the place of gatewayId \"" + claim.gatewayId + "\"");
}

}  // namespace gw::store
