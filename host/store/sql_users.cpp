// SqlSessionStore: users, their logins and characters.

#include "store/sql_session_store.h"

namespace gw::store {
namespace {

using std::string;

constexpr int64_t kPrefixesPerUser = 32;

#define GW_USER_SELECT                                                                          \
  "SELECT u.id, u.name, u.name_key, u.password_hash, u.created_at, u.last_login_at, u.locked, " \
  "COALESCE(s.settings, '') FROM users u LEFT JOIN user_settings s ON s.user_id = u.id "
#define GW_CHARACTER_COLUMNS "id, backend, user_id, name, name_key, json, created_at"

template <typename... In>
std::vector<UserRecord> selectUsers(Sql& sql, const char* statement, const In&... in) {
  std::vector<UserRecord> users;
  for (auto& [id, name, key, hash, created, lastLogin, locked, settings] :
       sql.rows<string, string, string, string, int64_t, int64_t, int64_t, string>(statement, in...)) {
    users.push_back({id, name, key, hash, created, lastLogin, locked != 0, settings});
  }
  return users;
}

template <typename... In>
std::vector<CharacterRecord> selectCharacters(Sql& sql, const char* statement, const In&... in) {
  std::vector<CharacterRecord> characters;
  for (auto& [id, backend, user, name, key, json, created] :
       sql.rows<string, string, string, string, string, string, int64_t>(statement, in...)) {
    characters.push_back({id, backend, user, name, key, json, created});
  }
  return characters;
}

void putSettings(Sql& sql, const UserRecord& user) {
  sql.run(
      "INSERT INTO user_settings (user_id, settings) VALUES ($1, $2) "
      "ON CONFLICT (user_id) DO UPDATE SET settings = excluded.settings",
      user.id, user.settings);
}

Error nameTaken() { return fail(ErrorCode::kConflict, "this name is taken", "nameTaken"); }

}  // namespace

Result<void> SqlSessionStore::addUser(const UserRecord& u) {
  return atomically([&]() -> Result<void> {
    const auto added = sql_.rows<string>(
        "INSERT INTO users (id, name, name_key, password_hash, created_at, last_login_at, locked) "
        "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING id",
        u.id, u.name, u.key, u.passwordHash, u.createdAt, u.lastLoginAt, u.locked);
    if (added.empty()) return nameTaken();
    putSettings(sql_, u);
    return {};
  });
}

Result<std::optional<UserRecord>> SqlSessionStore::findUser(const string& key) {
  return guarded([&]() -> Result<std::optional<UserRecord>> {
    return firstOf(selectUsers(sql_, GW_USER_SELECT "WHERE u.name_key = $1", key));
  });
}

Result<std::optional<UserRecord>> SqlSessionStore::findUserById(const string& id) {
  return guarded([&]() -> Result<std::optional<UserRecord>> {
    return firstOf(selectUsers(sql_, GW_USER_SELECT "WHERE u.id = $1", id));
  });
}

Result<void> SqlSessionStore::updateUser(const UserRecord& u) {
  return atomically([&]() -> Result<void> {
    // Asked first, so that a taken name is an answer and not a broken statement; atomically() holds the
    // write lock, or the unique index has the last word.
    const auto holder = sql_.rows<string>("SELECT id FROM users WHERE name_key = $1", u.key);
    if (!holder.empty() && std::get<0>(holder.front()) != u.id) return nameTaken();
    const auto changed = sql_.rows<string>(
        "UPDATE users SET name = $1, name_key = $2, password_hash = $3, created_at = $4, last_login_at = $5, "
        "locked = $6 WHERE id = $7 RETURNING id",
        u.name, u.key, u.passwordHash, u.createdAt, u.lastLoginAt, u.locked, u.id);
    if (changed.empty()) return fail(ErrorCode::kNotFound, "there is no such user");
    putSettings(sql_, u);
    return {};
  });
}

Result<std::vector<UserRecord>> SqlSessionStore::listUsers(size_t most) {
  return guarded([&]() -> Result<std::vector<UserRecord>> {
    return selectUsers(sql_, GW_USER_SELECT "ORDER BY u.name_key LIMIT $1", static_cast<int64_t>(most));
  });
}

Result<void> SqlSessionStore::noteLogin(const string& userId, const string& prefix, int64_t nowUs) {
  return atomically([&]() -> Result<void> {
    sql_.run(
        "INSERT INTO login_prefixes (user_id, prefix, last_at) VALUES ($1, $2, $3) "
        "ON CONFLICT (user_id, prefix) DO UPDATE SET last_at = excluded.last_at",
        userId, prefix, nowUs);
    // A user who moves through addresses must not fill the table.
    const auto oldest = sql_.rows<int64_t>(
        "SELECT last_at FROM login_prefixes WHERE user_id = $1 ORDER BY last_at DESC LIMIT 1 OFFSET $2", userId,
        kPrefixesPerUser - 1);
    if (!oldest.empty()) {
      sql_.run("DELETE FROM login_prefixes WHERE user_id = $1 AND last_at < $2", userId, std::get<0>(oldest.front()));
    }
    return {};
  });
}

Result<bool> SqlSessionStore::hasRecentLogin(const string& userId, const string& prefix, int64_t sinceUs) {
  return guarded([&]() -> Result<bool> {
    return !sql_.rows<int64_t>(
                    "SELECT last_at FROM login_prefixes WHERE user_id = $1 AND prefix = $2 AND last_at >= $3", userId,
                    prefix, sinceUs)
                .empty();
  });
}

Result<void> SqlSessionStore::addCharacter(const CharacterRecord& c) {
  return guarded([&]() -> Result<void> {
    const auto added = sql_.rows<string>("INSERT INTO characters (" GW_CHARACTER_COLUMNS
                                         ") VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING id",
                                         c.id, c.backend, c.userId, c.name, c.key, c.json, c.createdAt);
    if (added.empty()) return nameTaken();
    return {};
  });
}

Result<std::vector<CharacterRecord>> SqlSessionStore::listCharacters(const string& backend, const string& userId) {
  return guarded([&]() -> Result<std::vector<CharacterRecord>> {
    return selectCharacters(sql_,
                            "SELECT " GW_CHARACTER_COLUMNS
                            " FROM characters WHERE backend = $1 AND user_id = $2 ORDER BY created_at, id",
                            backend, userId);
  });
}

Result<std::optional<CharacterRecord>> SqlSessionStore::findCharacter(const string& backend, const string& key) {
  return guarded([&]() -> Result<std::optional<CharacterRecord>> {
    return firstOf(selectCharacters(
        sql_, "SELECT " GW_CHARACTER_COLUMNS " FROM characters WHERE backend = $1 AND name_key = $2", backend, key));
  });
}

}  // namespace gw::store
