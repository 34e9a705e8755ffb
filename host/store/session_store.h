#pragma once
// SessionStore: everything durable, behind one narrow interface. Every implementation passes
// tests/contract/session_store_contract.*.
//
// Thread: one store worker at a time per object (each worker has its own); never an event loop: every
// call may block on disk or network. Fails: kBusy (retry), kUnavailable, kConflict where noted. On
// failure nothing was changed. Several calls become one transaction by begin() .. commit().

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/records.h"

namespace gw::store {

class SessionStore {
 public:
  virtual ~SessionStore() = default;

  virtual Result<void> begin() = 0;
  virtual Result<void> commit() = 0;
  virtual void rollback() = 0;

  // Sessions
  /// Inserts or replaces the whole bundle. Fails kConflict if the stored epoch is higher.
  virtual Result<void> saveSession(const SessionBundle& bundle) = 0;
  /// The bundle; also expired ones are absent. If the row lacks the clean-stop mark the epoch is raised
  /// by 1; either way the mark is cleared, and both are committed before it returns.
  virtual Result<std::optional<SessionBundle>> takeSession(const SessionId& id, int64_t nowUs) = 0;
  virtual Result<std::optional<SessionRecord>> peekSession(const SessionId& id) = 0;
  /// The live session of a user's character, if any is stored.
  virtual Result<std::optional<SessionId>> findSession(const std::string& userId, const std::string& entityId, int64_t nowUs) = 0;
  virtual Result<std::vector<SessionRecord>> listSessions(size_t most) = 0;
  virtual Result<void> deleteSession(const SessionId& id) = 0;
  /// Deletes expired sessions and tokens; returns how many sessions.
  virtual Result<size_t> deleteExpired(int64_t nowUs) = 0;

  // Tokens
  virtual Result<void> putToken(const TokenRecord& token) = 0;
  virtual Result<std::optional<TokenRecord>> findToken(const std::string& hash, int64_t nowUs) = 0;
  virtual Result<void> deleteToken(const std::string& hash) = 0;
  virtual Result<void> deleteTokensOf(const SessionId& id) = 0;

  // Users and characters
  /// Fails kConflict{nameTaken}.
  virtual Result<void> addUser(const UserRecord& user) = 0;
  virtual Result<std::optional<UserRecord>> findUser(const std::string& key) = 0;
  virtual Result<std::optional<UserRecord>> findUserById(const std::string& id) = 0;
  virtual Result<void> updateUser(const UserRecord& user) = 0;
  virtual Result<std::vector<UserRecord>> listUsers(size_t most) = 0;
  /// Notes a good login from an address prefix; and asks for one in the last 30 days.
  virtual Result<void> noteLogin(const std::string& userId, const std::string& prefix, int64_t nowUs) = 0;
  virtual Result<bool> hasRecentLogin(const std::string& userId, const std::string& prefix, int64_t sinceUs) = 0;
  /// Fails kConflict{nameTaken}.
  virtual Result<void> addCharacter(const CharacterRecord& character) = 0;
  virtual Result<std::vector<CharacterRecord>> listCharacters(const std::string& backend, const std::string& userId) = 0;
  virtual Result<std::optional<CharacterRecord>> findCharacter(const std::string& backend, const std::string& key) = 0;

  // Rooms, bans, admin tokens, settings of the gateway itself (gatewayId, schema facts)
  virtual Result<void> putRoom(const RoomRecord& room) = 0;
  virtual Result<std::vector<RoomRecord>> listRooms() = 0;
  virtual Result<void> addBan(const BanRecord& ban) = 0;
  virtual Result<std::vector<BanRecord>> listBans(int64_t nowUs) = 0;
  virtual Result<bool> deleteBan(const std::string& id) = 0;
  virtual Result<void> addApiToken(const ApiTokenRecord& token) = 0;
  virtual Result<std::vector<ApiTokenRecord>> listApiTokens() = 0;
  virtual Result<bool> deleteApiToken(const std::string& id) = 0;
  virtual Result<void> putSetting(const std::string& key, const std::string& value) = 0;
  virtual Result<std::optional<std::string>> getSetting(const std::string& key) = 0;
};

/// Opens one store object per worker. open() migrates the schema under an exclusive lock; a newer
/// database is refused with a message that names both versions.
class StoreFactory {
 public:
  virtual ~StoreFactory() = default;
  virtual Result<std::unique_ptr<SessionStore>> open() = 0;
};

std::unique_ptr<StoreFactory> sqliteFactory(const std::string& file);

}  // namespace gw::store
