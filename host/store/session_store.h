#pragma once
// SessionStore: everything durable, behind one narrow interface. Every implementation passes
// tests/contract/session_store_contract.*.
//
// Thread: one store worker at a time per object (each worker has its own); never an event loop: every
// call may block on disk or network. Fails: kBusy (retry), kUnavailable, kConflict where noted. On
// failure nothing was changed. Several calls become one transaction by begin() .. commit().
//
// Text is UTF-8 without NUL, else kInvalid (one database would cut it, another refuse it); event bodies
// are bytes.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/records.h"

namespace gw::store {

/// By so many a session's epoch is raised that its last host did not put away: it may have used one more than
/// it could write down.
inline constexpr uint64_t kEpochsOfACrash = 2;

class SessionStore {
 public:
  virtual ~SessionStore() = default;

  /// begin() nests: an inner begin() .. commit() or rollback() is a savepoint of the outer one.
  virtual Result<void> begin() = 0;
  /// Ends the innermost begin(), also when it fails: then its changes are gone.
  virtual Result<void> commit() = 0;
  /// Undoes the innermost begin(); without one it does nothing.
  virtual void rollback() = 0;

  // Sessions
  /// Inserts or replaces the whole bundle: what the stored one has and this one lacks (log unless `kept`,
  /// lineages, devices, commands, reconnect tokens, rooms) is gone. The session's tokens of other kinds
  /// live on until they expire or are deleted: putToken() made them and no bundle need know them. What the
  /// bundle calls unchanged need not be written if the session is stored. Fails kConflict if the stored epoch
  /// is higher.
  virtual Result<void> saveSession(const SessionBundle& bundle) = 0;
  /// The bundle; also expired ones are absent. If the row lacks the clean-stop mark the epoch is raised
  /// by kEpochsOfACrash. Either way the mark is cleared and the row says whether this host journals (recordCount at
  /// least 1, or 0); all of it is committed before it returns (inside begin(): by its commit()). The bundle's cleanStop
  /// and recordCount are those from before; lastSeq stays that of the epoch before. expiresAt 0 never expires.
  virtual Result<std::optional<SessionBundle>> takeSession(const SessionId& id, int64_t nowUs,
                                                           bool willJournal = false) = 0;
  /// As it is stored, expired or not; nothing changes.
  virtual Result<std::optional<SessionBundle>> readSession(const SessionId& id) = 0;
  virtual Result<std::optional<SessionRecord>> peekSession(const SessionId& id) = 0;
  /// The live session of a user's character, if any is stored.
  virtual Result<std::optional<SessionId>> findSession(const std::string& userId, const std::string& entityId,
                                                       int64_t nowUs) = 0;
  virtual Result<std::vector<SessionRecord>> listSessions(size_t most) = 0;
  virtual Result<void> deleteSession(const SessionId& id) = 0;
  /// Of a user's sessions that bear the clean-stop mark, so that no host has them, all but the `keep` used
  /// last go; returns how many went.
  virtual Result<size_t> trimSessionsOf(const std::string& userId, size_t keep) = 0;
  /// Deletes expired sessions and tokens, account tokens too; returns how many sessions.
  virtual Result<size_t> deleteExpired(int64_t nowUs) = 0;

  // Tokens
  /// Inserts or replaces. Its session need not be stored (yet). Without an expiry it is expired.
  virtual Result<void> putToken(const TokenRecord& token) = 0;
  virtual Result<std::optional<TokenRecord>> findToken(const std::string& hash, int64_t nowUs) = 0;
  virtual Result<void> deleteToken(const std::string& hash) = 0;
  virtual Result<void> deleteTokensOf(const SessionId& id) = 0;

  // The journal of one gateway: what its sessions' rows do not include yet
  /// Fails kConflict if the number is there.
  virtual Result<void> appendJournal(const std::string& gatewayId, const JournalEntry& entry) = 0;
  /// In order, above `after`, at most `most`.
  virtual Result<std::vector<JournalEntry>> readJournal(const std::string& gatewayId, uint64_t after, size_t most) = 0;
  /// Forgets everything up to and including `upTo`.
  virtual Result<void> trimJournal(const std::string& gatewayId, uint64_t upTo) = 0;

  // Users and characters
  /// Fails kConflict{nameTaken}.
  virtual Result<void> addUser(const UserRecord& user) = 0;
  virtual Result<std::optional<UserRecord>> findUser(const std::string& key) = 0;
  virtual Result<std::optional<UserRecord>> findUserById(const std::string& id) = 0;
  /// Fails kNotFound; kConflict{nameTaken} if the key is another user's.
  virtual Result<void> updateUser(const UserRecord& user) = 0;
  virtual Result<std::vector<UserRecord>> listUsers(size_t most) = 0;
  /// Notes a good login from an address prefix (the last 32 of a user are kept); and asks for one since.
  virtual Result<void> noteLogin(const std::string& userId, const std::string& prefix, int64_t nowUs) = 0;
  virtual Result<bool> hasRecentLogin(const std::string& userId, const std::string& prefix, int64_t sinceUs) = 0;
  // Account tokens (AccountTokenRecord)
  /// Of a user's tokens at most `most` are kept; the ones that expire first leave. Fails kNotFound: no such
  /// user. They go with their user.
  virtual Result<void> addAccountToken(const AccountTokenRecord& token, size_t most) = 0;
  /// By the latest token's hash or the one before.
  virtual Result<std::optional<AccountTokenRecord>> findAccountToken(const std::string& hash, int64_t nowUs) = 0;
  /// `next` follows `shown`, which stays good until `next` is shown; a successor that `shown` had already is
  /// void. False: there is no such token, and nothing was changed.
  virtual Result<bool> rotateAccountToken(const std::string& shownHash, const std::string& nextHash, int64_t expiresAt,
                                          int64_t nowUs) = 0;
  virtual Result<void> deleteAccountTokensOf(const std::string& userId) = 0;

  /// Fails kConflict{nameTaken}.
  virtual Result<void> addCharacter(const CharacterRecord& character) = 0;
  virtual Result<std::vector<CharacterRecord>> listCharacters(const std::string& backend,
                                                              const std::string& userId) = 0;
  virtual Result<std::optional<CharacterRecord>> findCharacter(const std::string& backend, const std::string& key) = 0;

  // Rooms, bans, admin tokens, settings of the gateway itself (gatewayId, schema facts)
  virtual Result<void> putRoom(const RoomRecord& room) = 0;
  virtual Result<std::vector<RoomRecord>> listRooms() = 0;
  /// Adds or, if the id is known, replaces. listBans leaves out expired ones.
  virtual Result<void> addBan(const BanRecord& ban) = 0;
  virtual Result<std::vector<BanRecord>> listBans(int64_t nowUs) = 0;
  virtual Result<bool> deleteBan(const std::string& id) = 0;
  /// Adds or, if the id is known, replaces (lastUsedAt). Fails kConflict if the hash is another's.
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
  /// What is opened from now on belongs to this run of the gateway. It waits until whatever an earlier run
  /// had under way in the database has been done or never will be: a server may still commit what a killed
  /// one had sent. Fails kConflict if another run lives, and as open(). Once; held until the factory is gone.
  /// Nothing to do where the database cannot outlive the process.
  virtual Result<void> claim(const std::string& /*gatewayId*/) { return {}; }
};

/// One file, WAL. The folder must exist and be writable by its owner alone; the file is made 0600.
enum class Durability {
  kRelaxed,  // a power cut may lose the last commits, never the file's consistency
  kStrict,   // a commit that returned is on the disk
};
std::unique_ptr<StoreFactory> sqliteFactory(const std::string& file);  // kRelaxed
/// busyTimeoutMs: how long a call waits for another writer before it answers kBusy.
std::unique_ptr<StoreFactory> sqliteFactory(const std::string& file, Durability durability, int busyTimeoutMs = 5000);

}  // namespace gw::store
