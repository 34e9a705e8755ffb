// SqlSessionStore: the tokens that open a session.

#include "store/sql_session_store.h"

namespace gw::store {
namespace {

using std::string;

template <typename... In>
std::vector<TokenRecord> select(Sql& sql, const char* statement, const In&... in) {
  std::vector<TokenRecord> tokens;
  for (auto& [hash, kind, session, lineage, device, attempt, successor, confirmed, expires] :
       sql.rows<string, string, string, string, string, string, string, int64_t, int64_t>(statement, in...)) {
    tokens.push_back({hash, kind, SessionId::parse(session).value_or(SessionId{}), lineage, device, attempt, successor,
                      confirmed, expires});
  }
  return tokens;
}

#define GW_TOKEN_COLUMNS \
  "hash, kind, session_id, lineage, device, attempt_hash, successor_hash, confirmed_at, expires_at"

}  // namespace

void SqlSessionStore::upsertToken(const TokenRecord& t, const string& sessionId) {
  sql_.run("INSERT INTO tokens (" GW_TOKEN_COLUMNS
           ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) "
           "ON CONFLICT (hash) DO UPDATE SET kind = excluded.kind, session_id = excluded.session_id, "
           "lineage = excluded.lineage, device = excluded.device, attempt_hash = excluded.attempt_hash, "
           "successor_hash = excluded.successor_hash, confirmed_at = excluded.confirmed_at, "
           "expires_at = excluded.expires_at",
           t.hash, t.kind, sessionId, t.lineage, t.device, t.attemptHash, t.successorHash, t.confirmedAt, t.expiresAt);
}

std::vector<TokenRecord> SqlSessionStore::tokensOf(const SessionId& id) {
  return select(sql_, "SELECT " GW_TOKEN_COLUMNS " FROM tokens WHERE session_id = $1 ORDER BY hash", id.toString());
}

Result<void> SqlSessionStore::putToken(const TokenRecord& token) {
  return guarded([&]() -> Result<void> {
    upsertToken(token, token.session.toString());
    return {};
  });
}

Result<std::optional<TokenRecord>> SqlSessionStore::findToken(const string& hash, int64_t nowUs) {
  return guarded([&]() -> Result<std::optional<TokenRecord>> {
    return firstOf(
        select(sql_, "SELECT " GW_TOKEN_COLUMNS " FROM tokens WHERE hash = $1 AND expires_at > $2", hash, nowUs));
  });
}

Result<void> SqlSessionStore::deleteToken(const string& hash) {
  return guarded([&]() -> Result<void> {
    sql_.run("DELETE FROM tokens WHERE hash = $1", hash);
    return {};
  });
}

Result<void> SqlSessionStore::deleteTokensOf(const SessionId& id) {
  return guarded([&]() -> Result<void> {
    sql_.run("DELETE FROM tokens WHERE session_id = $1", id.toString());
    return {};
  });
}

}  // namespace gw::store
