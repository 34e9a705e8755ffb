#pragma once
// SqlSessionStore: the SessionStore in SQL that SQLite and PostgreSQL share. What differs (how a
// transaction begins, what an error means) comes as a Dialect. Internal to host/store.
//
// One class over several files, by subject: sql_sessions, sql_journal, sql_tokens, sql_account_tokens,
// sql_users, sql_rest.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>

#include "store/session_store.h"
#include "store/sql.h"

namespace gw::store {

struct Dialect {
  const char* begin = "BEGIN";
  bool keepsStatements = false;
  const char* bytesType = "BYTEA";
  /// Turns the exception in flight into an Error that names `where` (a file, a server).
  Error (*explain)(const std::string& where) = nullptr;
  /// Many write at once: a row that is read to be changed must be locked.
  bool locksRows = false;
};

/// Opens a session in place of one that failed, which ends by then. Throws what opening throws; then the
/// failed one may be left for the next attempt.
using Reopen = std::function<Poco::Data::Session(std::optional<Poco::Data::Session>& failed)>;

/// With reopen (a server): a session in which anything failed is not used beyond the transaction, and
/// what a lost connection interrupted is tried once more on a fresh one, unless it was the COMMIT: whether
/// that happened is not known.
class SqlSessionStore final : public SessionStore {
 public:
  SqlSessionStore(Poco::Data::Session session, const Dialect& dialect, std::string where, Reopen reopen = {});
  ~SqlSessionStore() override;

  Result<void> begin() override;
  Result<void> commit() override;
  void rollback() override;

  Result<void> saveSession(const SessionBundle& bundle) override;
  Result<std::optional<SessionBundle>> takeSession(const SessionId& id, int64_t nowUs, bool willJournal) override;
  Result<std::optional<SessionBundle>> readSession(const SessionId& id) override;
  Result<std::optional<SessionRecord>> peekSession(const SessionId& id) override;
  Result<std::optional<SessionId>> findSession(const std::string& userId, const std::string& entityId,
                                               int64_t nowUs) override;
  Result<std::vector<SessionRecord>> listSessions(size_t most) override;
  Result<void> deleteSession(const SessionId& id) override;
  Result<size_t> trimSessionsOf(const std::string& userId, size_t keep) override;
  Result<size_t> deleteExpired(int64_t nowUs) override;

  Result<void> putToken(const TokenRecord& token) override;
  Result<std::optional<TokenRecord>> findToken(const std::string& hash, int64_t nowUs) override;
  Result<void> deleteToken(const std::string& hash) override;
  Result<void> deleteTokensOf(const SessionId& id) override;

  Result<void> appendJournal(const std::string& gatewayId, const JournalEntry& entry) override;
  Result<std::vector<JournalEntry>> readJournal(const std::string& gatewayId, uint64_t after, size_t most) override;
  Result<void> trimJournal(const std::string& gatewayId, uint64_t upTo) override;

  Result<void> addUser(const UserRecord& user) override;
  Result<std::optional<UserRecord>> findUser(const std::string& key) override;
  Result<std::optional<UserRecord>> findUserById(const std::string& id) override;
  Result<void> updateUser(const UserRecord& user) override;
  Result<std::vector<UserRecord>> listUsers(size_t most) override;
  Result<void> noteLogin(const std::string& userId, const std::string& prefix, int64_t nowUs) override;
  Result<bool> hasRecentLogin(const std::string& userId, const std::string& prefix, int64_t sinceUs) override;
  Result<void> addAccountToken(const AccountTokenRecord& token, size_t most) override;
  Result<std::optional<AccountTokenRecord>> findAccountToken(const std::string& hash, int64_t nowUs) override;
  Result<bool> rotateAccountToken(const std::string& shownHash, const std::string& nextHash, int64_t expiresAt,
                                  int64_t nowUs) override;
  Result<void> deleteAccountTokensOf(const std::string& userId) override;
  Result<void> addCharacter(const CharacterRecord& character) override;
  Result<std::vector<CharacterRecord>> listCharacters(const std::string& backend, const std::string& userId) override;
  Result<std::optional<CharacterRecord>> findCharacter(const std::string& backend, const std::string& key) override;

  Result<void> putRoom(const RoomRecord& room) override;
  Result<std::vector<RoomRecord>> listRooms() override;
  Result<void> addBan(const BanRecord& ban) override;
  Result<std::vector<BanRecord>> listBans(int64_t nowUs) override;
  Result<bool> deleteBan(const std::string& id) override;
  Result<void> addApiToken(const ApiTokenRecord& token) override;
  Result<std::vector<ApiTokenRecord>> listApiTokens() override;
  Result<bool> deleteApiToken(const std::string& id) override;
  Result<void> putSetting(const std::string& key, const std::string& value) override;
  Result<std::optional<std::string>> getSetting(const std::string& key) override;

 private:
  /// Runs one statement's worth of work; what Poco throws becomes an Error.
  template <typename Work>
  auto guarded(Work work) -> std::invoke_result_t<Work>;
  /// The same for several statements: all of them or none.
  template <typename Work>
  auto atomically(Work work) -> std::invoke_result_t<Work>;
  /// What the exception in flight means for the caller; and for the session and its transaction.
  Error noteFailure();
  Result<void> renewSession();
  bool wasInterrupted() const { return isLost_ && depth_ == 0; }

  // Parts of a bundle; they throw, and run inside atomically().
  bool upsertSession(const SessionRecord& record);
  bool updateSession(const SessionRecord& record);
  void writeLog(const std::string& id, const std::vector<LoggedEvent>& log, const std::optional<KeptLog>& kept);
  void replaceLineages(const std::string& id, const std::vector<LineageRecord>& lineages);
  void replaceDevices(const std::string& id, const std::vector<DeviceRecord>& devices);
  void replaceCommands(const std::string& id, const std::vector<QueuedCommand>& commands);
  void replaceRooms(const std::string& id, const std::vector<std::string>& rooms);
  void replaceTokens(const std::string& id, const std::vector<TokenRecord>& tokens);
  Result<void> readParts(const std::string& id, SessionBundle& bundle);
  void upsertToken(const TokenRecord& token, const std::string& sessionId);
  std::vector<TokenRecord> tokensOf(const SessionId& id);

  Sql sql_;
  const Dialect dialect_;
  const std::string where_;
  const Reopen reopen_;
  int depth_ = 0;
  /// The database gave up the transaction from this depth on: nothing runs in it before that is rolled back.
  struct Broken {
    int depth;
    Error why;
  };
  std::optional<Broken> broken_;
  bool mustRenew_ = false;  // something failed in the session
  std::optional<Poco::Data::Session> failed_;
  bool isLost_ = false;  // the last failure was the connection's
};

template <typename Work>
auto SqlSessionStore::guarded(Work work) -> std::invoke_result_t<Work> {
  if (broken_) return broken_->why;
  for (bool isFirst = true;; isFirst = false) {
    if (auto renewed = renewSession(); !renewed.ok()) return renewed.error();
    try {
      return work();
    } catch (const BadText& e) {
      return fail(ErrorCode::kInvalid, e.what());
    } catch (const std::exception&) {
      const Error why = noteFailure();
      if (!isFirst || !wasInterrupted()) return why;
    }
  }
}

template <typename Work>
auto SqlSessionStore::atomically(Work work) -> std::invoke_result_t<Work> {
  for (bool isFirst = true;; isFirst = false) {
    if (auto begun = begin(); !begun.ok()) return begun.error();
    auto result = guarded(work);
    if (result.ok()) {
      if (auto done = commit(); !done.ok()) return done.error();
      return result;
    }
    rollback();
    if (!isFirst || !wasInterrupted()) return result;
  }
}

/// The first row as an optional.
template <typename T>
std::optional<T> firstOf(std::vector<T> found) {
  if (found.empty()) return std::nullopt;
  return std::move(found.front());
}

}  // namespace gw::store
