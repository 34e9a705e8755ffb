// SqlSessionStore: rooms, bans, admin tokens and the gateway's own settings.

#include "store/sql_session_store.h"

namespace gw::store {

using std::string;

Result<void> SqlSessionStore::putRoom(const RoomRecord& room) {
  return guarded([&]() -> Result<void> {
    sql_.run("INSERT INTO rooms (name, json) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET json = excluded.json",
             room.name, room.json);
    return {};
  });
}

Result<std::vector<RoomRecord>> SqlSessionStore::listRooms() {
  return guarded([&]() -> Result<std::vector<RoomRecord>> {
    std::vector<RoomRecord> rooms;
    for (auto& [name, json] : sql_.rows<string, string>("SELECT name, json FROM rooms ORDER BY name")) {
      rooms.push_back({name, json});
    }
    return rooms;
  });
}

Result<void> SqlSessionStore::addBan(const BanRecord& b) {
  return guarded([&]() -> Result<void> {
    sql_.run(
        "INSERT INTO bans (id, kind, subject, reason, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6) "
        "ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, subject = excluded.subject, reason = excluded.reason, "
        "created_at = excluded.created_at, expires_at = excluded.expires_at",
        b.id, b.kind, b.value, b.reason, b.createdAt, b.expiresAt);
    return {};
  });
}

Result<std::vector<BanRecord>> SqlSessionStore::listBans(int64_t nowUs) {
  return guarded([&]() -> Result<std::vector<BanRecord>> {
    std::vector<BanRecord> bans;
    for (auto& [id, kind, subject, reason, created, expires] :
         sql_.rows<string, string, string, string, int64_t, int64_t>(
             "SELECT id, kind, subject, reason, created_at, expires_at FROM bans "
             "WHERE expires_at = 0 OR expires_at > $1 ORDER BY created_at, id",
             nowUs)) {
      bans.push_back({id, kind, subject, reason, created, expires});
    }
    return bans;
  });
}

Result<bool> SqlSessionStore::deleteBan(const string& id) {
  return guarded(
      [&]() -> Result<bool> { return !sql_.rows<string>("DELETE FROM bans WHERE id = $1 RETURNING id", id).empty(); });
}

Result<void> SqlSessionStore::addApiToken(const ApiTokenRecord& t) {
  return atomically([&]() -> Result<void> {
    const auto holder = sql_.rows<string>("SELECT id FROM api_tokens WHERE hash = $1", t.hash);
    if (!holder.empty() && std::get<0>(holder.front()) != t.id) {
      return fail(ErrorCode::kConflict, "this token exists under another id");
    }
    sql_.run(
        "INSERT INTO api_tokens (id, hash, name, role, created_at, last_used_at) VALUES ($1, $2, $3, $4, $5, $6) "
        "ON CONFLICT (id) DO UPDATE SET hash = excluded.hash, name = excluded.name, role = excluded.role, "
        "created_at = excluded.created_at, last_used_at = excluded.last_used_at",
        t.id, t.hash, t.name, t.role, t.createdAt, t.lastUsedAt);
    return {};
  });
}

Result<std::vector<ApiTokenRecord>> SqlSessionStore::listApiTokens() {
  return guarded([&]() -> Result<std::vector<ApiTokenRecord>> {
    std::vector<ApiTokenRecord> tokens;
    for (auto& [id, hash, name, role, created, used] : sql_.rows<string, string, string, string, int64_t, int64_t>(
             "SELECT id, hash, name, role, created_at, last_used_at FROM api_tokens ORDER BY created_at, id")) {
      tokens.push_back({id, hash, name, role, created, used});
    }
    return tokens;
  });
}

Result<bool> SqlSessionStore::deleteApiToken(const string& id) {
  return guarded([&]() -> Result<bool> {
    return !sql_.rows<string>("DELETE FROM api_tokens WHERE id = $1 RETURNING id", id).empty();
  });
}

Result<void> SqlSessionStore::putSetting(const string& key, const string& value) {
  return guarded([&]() -> Result<void> {
    sql_.run(
        "INSERT INTO gateway_settings (setting, content) VALUES ($1, $2) "
        "ON CONFLICT (setting) DO UPDATE SET content = excluded.content",
        key, value);
    return {};
  });
}

Result<std::optional<string>> SqlSessionStore::getSetting(const string& key) {
  return guarded([&]() -> Result<std::optional<string>> {
    auto found = sql_.rows<string>("SELECT content FROM gateway_settings WHERE setting = $1", key);
    if (found.empty()) return std::optional<string>();
    return std::optional<string>(std::move(std::get<0>(found.front())));
  });
}

}  // namespace gw::store
