// SqlSessionStore: the tokens that sign in a user without a password (GMCP Char.Login 2).

#include "store/sql_session_store.h"

namespace gw::store {
namespace {

using std::string;

constexpr char kBeyondTheNewest[] =
    "SELECT hash FROM account_tokens WHERE user_id = $1 ORDER BY expires_at DESC, hash LIMIT 1000 OFFSET $2";

}  // namespace

Result<void> SqlSessionStore::addAccountToken(const AccountTokenRecord& t, size_t most) {
  return atomically([&]() -> Result<void> {
    // Written, not read: of two of one user's at the same time the second waits here, and then counts both.
    const auto user = sql_.rows<string>("UPDATE users SET locked = locked WHERE id = $1 RETURNING id", t.userId);
    if (user.empty()) return fail(ErrorCode::kNotFound, "there is no such user");
    sql_.run("INSERT INTO account_tokens (hash, previous_hash, user_id, expires_at) VALUES ($1, $2, $3, $4)", t.hash,
             t.previousHash, t.userId, t.expiresAt);
    for (const auto& [hash] : sql_.rows<string>(kBeyondTheNewest, t.userId, static_cast<int64_t>(most))) {
      sql_.run("DELETE FROM account_tokens WHERE hash = $1", hash);
    }
    return {};
  });
}

Result<std::optional<AccountTokenRecord>> SqlSessionStore::findAccountToken(const string& hash, int64_t nowUs) {
  return guarded([&]() -> Result<std::optional<AccountTokenRecord>> {
    if (hash.empty()) return std::optional<AccountTokenRecord>();  // a token without a predecessor has '' there
    std::vector<AccountTokenRecord> found;
    for (auto& [latest, previous, user, expires] : sql_.rows<string, string, string, int64_t>(
             "SELECT hash, previous_hash, user_id, expires_at FROM account_tokens "
             "WHERE (hash = $1 OR previous_hash = $2) AND expires_at > $3",
             hash, hash, nowUs)) {
      found.push_back({latest, previous, user, expires});
    }
    return firstOf(std::move(found));
  });
}

Result<bool> SqlSessionStore::rotateAccountToken(const string& shownHash, const string& nextHash, int64_t expiresAt,
                                                 int64_t nowUs) {
  return guarded([&]() -> Result<bool> {
    if (shownHash.empty()) return false;
    // One statement for both cases: of two that show the same token at once each finds the row.
    return !sql_.rows<string>(
                    "UPDATE account_tokens SET hash = $1, previous_hash = $2, expires_at = $3 "
                    "WHERE (hash = $4 OR previous_hash = $5) AND expires_at > $6 RETURNING user_id",
                    nextHash, shownHash, expiresAt, shownHash, shownHash, nowUs)
                .empty();
  });
}

Result<void> SqlSessionStore::deleteAccountTokensOf(const string& userId) {
  return guarded([&]() -> Result<void> {
    sql_.run("DELETE FROM account_tokens WHERE user_id = $1", userId);
    return {};
  });
}

}  // namespace gw::store
