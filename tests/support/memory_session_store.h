#pragma once
// MemorySessionStore: the SessionStore contract in plain maps, for tests that need a store and no disk.
// Store objects of one MemoryFactory share one database; a transaction locks it, others get kBusy.

#include <algorithm>
#include <map>
#include <memory>
#include <mutex>
#include <tuple>
#include <utility>

#include "base/utf8.h"
#include "store/session_store.h"

namespace gw::store {

struct MemoryTables {
  std::map<SessionId, SessionBundle> sessions;  // tokens live in `tokens`
  std::map<std::string, TokenRecord> tokens;
  std::map<std::string, UserRecord> users;
  std::map<std::pair<std::string, std::string>, int64_t> logins;
  std::map<std::string, CharacterRecord> characters;
  std::map<std::string, AccountTokenRecord> accountTokens;  // by the latest hash
  std::map<std::string, RoomRecord> rooms;
  std::map<std::string, BanRecord> bans;
  std::map<std::string, ApiTokenRecord> apiTokens;
  std::map<std::string, std::string> settings;
  std::map<std::pair<std::string, uint64_t>, std::string> journal;
};

struct MemoryDatabase {
  std::mutex mutex;
  MemoryTables tables;
  const void* owner = nullptr;  // the store object whose transaction is open
};

class MemorySessionStore : public SessionStore {
 public:
  explicit MemorySessionStore(std::shared_ptr<MemoryDatabase> database = std::make_shared<MemoryDatabase>())
      : db_(std::move(database)) {}
  ~MemorySessionStore() override {
    while (!undo_.empty()) rollback();
  }

  Result<void> begin() override {
    const std::lock_guard lock(db_->mutex);
    if (isLockedByOther()) return busy();
    db_->owner = this;
    undo_.push_back(db_->tables);
    return {};
  }
  Result<void> commit() override {
    const std::lock_guard lock(db_->mutex);
    if (undo_.empty()) return fail(ErrorCode::kInternal, "commit without begin");
    undo_.pop_back();
    if (undo_.empty()) db_->owner = nullptr;
    return {};
  }
  void rollback() override {
    const std::lock_guard lock(db_->mutex);
    if (undo_.empty()) return;
    db_->tables = std::move(undo_.back());
    undo_.pop_back();
    if (undo_.empty()) db_->owner = nullptr;
  }

  Result<void> saveSession(const SessionBundle& b) override {
    return with<void>([&](MemoryTables& t) -> Result<void> {
      if (!isStorable(b)) return badText();
      const auto stored = t.sessions.find(b.session.id);
      if (stored != t.sessions.end() && stored->second.session.epoch > b.session.epoch) {
        return fail(ErrorCode::kConflict, "the stored session is newer", "staleEpoch");
      }
      std::erase_if(t.tokens,
                    [&](const auto& e) { return e.second.session == b.session.id && e.second.kind == "reconnect"; });
      for (auto token : b.tokens) {
        token.session = b.session.id;
        t.tokens[token.hash] = token;
      }
      SessionBundle kept = b;
      kept.tokens.clear();
      kept.kept.reset();
      if (b.kept && stored != t.sessions.end()) {
        const auto at = [](const LoggedEvent& e) { return std::pair(e.epoch, e.seq); };
        const auto stays = [&](const LoggedEvent& e) {
          const bool isWrittenAgain = !b.log.empty() && at(e) >= at(b.log.front());
          return at(e) > std::pair(b.kept->aboveEpoch, b.kept->aboveSeq) && !isWrittenAgain;
        };
        std::vector<LoggedEvent> log;
        std::copy_if(stored->second.log.begin(), stored->second.log.end(), std::back_inserter(log), stays);
        log.insert(log.end(), b.log.begin(), b.log.end());
        kept.log = std::move(log);
      }
      std::sort(kept.rooms.begin(), kept.rooms.end());
      kept.rooms.erase(std::unique(kept.rooms.begin(), kept.rooms.end()), kept.rooms.end());
      std::sort(kept.commands.begin(), kept.commands.end(), [](auto& x, auto& y) { return x.seq < y.seq; });
      std::sort(kept.devices.begin(), kept.devices.end(), [](auto& x, auto& y) { return x.device < y.device; });
      std::sort(kept.lineages.begin(), kept.lineages.end(), [](auto& x, auto& y) { return x.lineage < y.lineage; });
      t.sessions[b.session.id] = std::move(kept);
      return {};
    });
  }
  Result<std::optional<SessionBundle>> takeSession(const SessionId& id, int64_t nowUs, bool willJournal) override {
    using Out = std::optional<SessionBundle>;
    return with<Out>([&](MemoryTables& t) -> Result<Out> {
      const auto found = t.sessions.find(id);
      if (found == t.sessions.end() || isPast(found->second.session.expiresAt, nowUs)) return Out();
      SessionRecord& stored = found->second.session;
      const bool wasClean = std::exchange(stored.cleanStop, false);
      const uint64_t records = stored.recordCount;
      if (!wasClean) stored.epoch += kEpochsOfACrash;
      stored.recordCount = willJournal ? std::max<uint64_t>(1, records) : 0;
      SessionBundle bundle = withTokens(t, found->second);
      bundle.session.cleanStop = wasClean;
      bundle.session.recordCount = records;
      return Out(std::move(bundle));
    });
  }
  Result<std::optional<SessionBundle>> readSession(const SessionId& id) override {
    using Out = std::optional<SessionBundle>;
    return with<Out>([&](MemoryTables& t) -> Result<Out> {
      const auto found = t.sessions.find(id);
      return found == t.sessions.end() ? Out() : Out(withTokens(t, found->second));
    });
  }
  Result<void> appendJournal(const std::string& gatewayId, const JournalEntry& entry) override {
    return with<void>([&](MemoryTables& t) -> Result<void> {
      if (!t.journal.emplace(std::pair(gatewayId, entry.number), entry.packed).second)
        return fail(ErrorCode::kConflict, "this part of the journal has been written before");
      return {};
    });
  }
  Result<std::vector<JournalEntry>> readJournal(const std::string& gatewayId, uint64_t after, size_t most) override {
    return with<std::vector<JournalEntry>>([&](MemoryTables& t) -> Result<std::vector<JournalEntry>> {
      std::vector<JournalEntry> entries;
      for (auto it = t.journal.upper_bound({gatewayId, after});
           it != t.journal.end() && it->first.first == gatewayId && entries.size() < most; ++it)
        entries.push_back({it->first.second, it->second});
      return entries;
    });
  }
  Result<void> trimJournal(const std::string& gatewayId, uint64_t upTo) override {
    return with<void>([&](MemoryTables& t) -> Result<void> {
      std::erase_if(t.journal, [&](const auto& e) { return e.first.first == gatewayId && e.first.second <= upTo; });
      return {};
    });
  }
  Result<std::optional<SessionRecord>> peekSession(const SessionId& id) override {
    using Out = std::optional<SessionRecord>;
    return with<Out>([&](MemoryTables& t) -> Result<Out> {
      const auto found = t.sessions.find(id);
      return found == t.sessions.end() ? Out() : Out(found->second.session);
    });
  }
  Result<std::optional<SessionId>> findSession(const std::string& userId, const std::string& entityId,
                                               int64_t nowUs) override {
    using Out = std::optional<SessionId>;
    return with<Out>([&](MemoryTables& t) -> Result<Out> {
      const SessionRecord* best = nullptr;
      for (const auto& [id, b] : t.sessions) {
        const SessionRecord& s = b.session;
        if (s.userId != userId || s.entityId != entityId || s.state == "closed" || isPast(s.expiresAt, nowUs)) continue;
        if (best == nullptr || s.lastActivity > best->lastActivity) best = &s;
      }
      return best == nullptr ? Out() : Out(best->id);
    });
  }
  Result<std::vector<SessionRecord>> listSessions(size_t most) override {
    return with<std::vector<SessionRecord>>([&](MemoryTables& t) -> Result<std::vector<SessionRecord>> {
      std::vector<SessionRecord> all;
      for (const auto& [id, b] : t.sessions) all.push_back(b.session);
      std::sort(all.begin(), all.end(), [](auto& x, auto& y) { return x.lastActivity > y.lastActivity; });
      if (all.size() > most) all.resize(most);
      return all;
    });
  }
  Result<void> deleteSession(const SessionId& id) override {
    return with<void>([&](MemoryTables& t) -> Result<void> {
      t.sessions.erase(id);
      std::erase_if(t.tokens, [&](const auto& e) { return e.second.session == id; });
      return {};
    });
  }
  Result<size_t> trimSessionsOf(const std::string& userId, size_t keep) override {
    return with<size_t>([&](MemoryTables& t) -> Result<size_t> {
      std::vector<const SessionRecord*> put;
      for (const auto& [id, b] : t.sessions)
        if (b.session.userId == userId && b.session.cleanStop) put.push_back(&b.session);
      std::sort(put.begin(), put.end(), [](auto* x, auto* y) { return x->lastActivity > y->lastActivity; });
      size_t gone = 0;
      for (size_t i = keep; i < put.size(); ++i, ++gone) {
        const SessionId id = put[i]->id;
        t.sessions.erase(id);
        std::erase_if(t.tokens, [&](const auto& e) { return e.second.session == id; });
      }
      return gone;
    });
  }
  Result<size_t> deleteExpired(int64_t nowUs) override {
    return with<size_t>([&](MemoryTables& t) -> Result<size_t> {
      size_t gone = 0;
      for (auto it = t.sessions.begin(); it != t.sessions.end();) {
        if (!isPast(it->second.session.expiresAt, nowUs)) {
          ++it;
          continue;
        }
        std::erase_if(t.tokens, [&](const auto& e) { return e.second.session == it->first; });
        it = t.sessions.erase(it);
        ++gone;
      }
      std::erase_if(t.tokens, [&](const auto& e) { return e.second.expiresAt <= nowUs; });
      std::erase_if(t.accountTokens, [&](const auto& e) { return e.second.expiresAt <= nowUs; });
      const int64_t monthAgo = nowUs - int64_t{30} * 24 * 3600 * 1'000'000;
      std::erase_if(t.logins, [&](const auto& e) { return e.second <= monthAgo; });
      return gone;
    });
  }

  Result<void> putToken(const TokenRecord& token) override {
    return with<void>([&](MemoryTables& t) -> Result<void> {
      t.tokens[token.hash] = token;
      return {};
    });
  }
  Result<std::optional<TokenRecord>> findToken(const std::string& hash, int64_t nowUs) override {
    using Out = std::optional<TokenRecord>;
    return with<Out>([&](MemoryTables& t) -> Result<Out> {
      const auto found = t.tokens.find(hash);
      return found == t.tokens.end() || found->second.expiresAt <= nowUs ? Out() : Out(found->second);
    });
  }
  Result<void> deleteToken(const std::string& hash) override {
    return with<void>([&](MemoryTables& t) -> Result<void> {
      t.tokens.erase(hash);
      return {};
    });
  }
  Result<void> deleteTokensOf(const SessionId& id) override {
    return with<void>([&](MemoryTables& t) -> Result<void> {
      std::erase_if(t.tokens, [&](const auto& e) { return e.second.session == id; });
      return {};
    });
  }

  Result<void> addUser(const UserRecord& u) override {
    return with<void>([&](MemoryTables& t) -> Result<void> {
      if (!isText({u.id, u.name, u.key, u.passwordHash, u.settings})) return badText();
      if (t.users.count(u.id) > 0 || userByKey(t, u.key) != nullptr) return nameTaken();
      t.users[u.id] = u;
      return {};
    });
  }
  Result<std::optional<UserRecord>> findUser(const std::string& key) override {
    using Out = std::optional<UserRecord>;
    return with<Out>([&](MemoryTables& t) -> Result<Out> {
      const UserRecord* found = userByKey(t, key);
      return found == nullptr ? Out() : Out(*found);
    });
  }
  Result<std::optional<UserRecord>> findUserById(const std::string& id) override {
    return find(&MemoryTables::users, id);
  }
  Result<void> updateUser(const UserRecord& u) override {
    return with<void>([&](MemoryTables& t) -> Result<void> {
      if (!isText({u.id, u.name, u.key, u.passwordHash, u.settings})) return badText();
      const UserRecord* holder = userByKey(t, u.key);
      if (holder != nullptr && holder->id != u.id) return nameTaken();
      if (t.users.count(u.id) == 0) return fail(ErrorCode::kNotFound, "there is no such user");
      t.users[u.id] = u;
      return {};
    });
  }
  Result<std::vector<UserRecord>> listUsers(size_t most) override {
    return with<std::vector<UserRecord>>([&](MemoryTables& t) -> Result<std::vector<UserRecord>> {
      std::vector<UserRecord> all = valuesOf(t.users);
      std::sort(all.begin(), all.end(), [](auto& x, auto& y) { return x.key < y.key; });
      if (all.size() > most) all.resize(most);
      return all;
    });
  }
  Result<void> noteLogin(const std::string& userId, const std::string& prefix, int64_t nowUs) override {
    return with<void>([&](MemoryTables& t) -> Result<void> {
      t.logins[{userId, prefix}] = nowUs;
      std::vector<int64_t> times;
      for (const auto& [key, at] : t.logins) {
        if (key.first == userId) times.push_back(at);
      }
      if (times.size() > 32) {
        std::sort(times.rbegin(), times.rend());
        std::erase_if(t.logins, [&](const auto& e) { return e.first.first == userId && e.second < times[31]; });
      }
      return {};
    });
  }
  Result<bool> hasRecentLogin(const std::string& userId, const std::string& prefix, int64_t sinceUs) override {
    return with<bool>([&](MemoryTables& t) -> Result<bool> {
      const auto found = t.logins.find({userId, prefix});
      return found != t.logins.end() && found->second >= sinceUs;
    });
  }
  Result<void> addAccountToken(const AccountTokenRecord& token, size_t most) override {
    return with<void>([&](MemoryTables& t) -> Result<void> {
      if (t.users.count(token.userId) == 0) return fail(ErrorCode::kNotFound, "there is no such user");
      t.accountTokens[token.hash] = token;
      std::vector<AccountTokenRecord> mine = valuesOf(t.accountTokens);
      std::erase_if(mine, [&](const auto& each) { return each.userId != token.userId; });
      std::stable_sort(mine.begin(), mine.end(), [](auto& x, auto& y) { return x.expiresAt > y.expiresAt; });
      for (size_t i = most; i < mine.size(); ++i) t.accountTokens.erase(mine[i].hash);
      return {};
    });
  }
  Result<std::optional<AccountTokenRecord>> findAccountToken(const std::string& hash, int64_t nowUs) override {
    using Out = std::optional<AccountTokenRecord>;
    return with<Out>([&](MemoryTables& t) -> Result<Out> {
      const auto found = accountTokenOf(t, hash, nowUs);
      return found == t.accountTokens.end() ? Out() : Out(found->second);
    });
  }
  Result<bool> rotateAccountToken(const std::string& shownHash, const std::string& nextHash, int64_t expiresAt,
                                  int64_t nowUs) override {
    return with<bool>([&](MemoryTables& t) -> Result<bool> {
      const auto found = accountTokenOf(t, shownHash, nowUs);
      if (found == t.accountTokens.end()) return false;
      const AccountTokenRecord next{nextHash, shownHash, found->second.userId, expiresAt};
      t.accountTokens.erase(found);
      t.accountTokens[nextHash] = next;
      return true;
    });
  }
  Result<void> deleteAccountTokensOf(const std::string& userId) override {
    return with<void>([&](MemoryTables& t) -> Result<void> {
      std::erase_if(t.accountTokens, [&](const auto& e) { return e.second.userId == userId; });
      return {};
    });
  }
  Result<void> addCharacter(const CharacterRecord& c) override {
    return with<void>([&](MemoryTables& t) -> Result<void> {
      if (!isText({c.id, c.backend, c.userId, c.name, c.key, c.json})) return badText();
      for (const auto& [id, other] : t.characters) {
        if (id == c.id || (other.backend == c.backend && other.key == c.key)) return nameTaken();
      }
      t.characters[c.id] = c;
      return {};
    });
  }
  Result<std::vector<CharacterRecord>> listCharacters(const std::string& backend, const std::string& userId) override {
    return with<std::vector<CharacterRecord>>([&](MemoryTables& t) -> Result<std::vector<CharacterRecord>> {
      std::vector<CharacterRecord> all;
      for (const auto& [id, c] : t.characters) {
        if (c.backend == backend && c.userId == userId) all.push_back(c);
      }
      std::stable_sort(all.begin(), all.end(), [](auto& x, auto& y) { return x.createdAt < y.createdAt; });
      return all;
    });
  }
  Result<std::optional<CharacterRecord>> findCharacter(const std::string& backend, const std::string& key) override {
    using Out = std::optional<CharacterRecord>;
    return with<Out>([&](MemoryTables& t) -> Result<Out> {
      for (const auto& [id, c] : t.characters) {
        if (c.backend == backend && c.key == key) return Out(c);
      }
      return Out();
    });
  }

  Result<void> putRoom(const RoomRecord& room) override { return put(&MemoryTables::rooms, room.name, room); }
  Result<std::vector<RoomRecord>> listRooms() override {
    return with<std::vector<RoomRecord>>(
        [&](MemoryTables& t) -> Result<std::vector<RoomRecord>> { return valuesOf(t.rooms); });
  }
  Result<void> addBan(const BanRecord& ban) override {
    if (ban.kind != "address" && ban.kind != "user") return fail(ErrorCode::kConflict, "unknown kind of ban");
    return put(&MemoryTables::bans, ban.id, ban);
  }
  Result<std::vector<BanRecord>> listBans(int64_t nowUs) override {
    return with<std::vector<BanRecord>>([&](MemoryTables& t) -> Result<std::vector<BanRecord>> {
      std::vector<BanRecord> all = valuesOf(t.bans);
      std::erase_if(all, [&](const BanRecord& b) { return isPast(b.expiresAt, nowUs); });
      std::stable_sort(all.begin(), all.end(), [](auto& x, auto& y) { return x.createdAt < y.createdAt; });
      return all;
    });
  }
  Result<bool> deleteBan(const std::string& id) override { return erase(&MemoryTables::bans, id); }
  Result<void> addApiToken(const ApiTokenRecord& token) override {
    return with<void>([&](MemoryTables& t) -> Result<void> {
      for (const auto& [id, other] : t.apiTokens) {
        if (other.hash == token.hash && id != token.id) return fail(ErrorCode::kConflict, "this token exists");
      }
      t.apiTokens[token.id] = token;
      return {};
    });
  }
  Result<std::vector<ApiTokenRecord>> listApiTokens() override {
    return with<std::vector<ApiTokenRecord>>([&](MemoryTables& t) -> Result<std::vector<ApiTokenRecord>> {
      std::vector<ApiTokenRecord> all = valuesOf(t.apiTokens);
      std::stable_sort(all.begin(), all.end(), [](auto& x, auto& y) { return x.createdAt < y.createdAt; });
      return all;
    });
  }
  Result<bool> deleteApiToken(const std::string& id) override { return erase(&MemoryTables::apiTokens, id); }
  Result<void> putSetting(const std::string& key, const std::string& value) override {
    if (!isText({key, value})) return badText();
    return put(&MemoryTables::settings, key, value);
  }
  Result<std::optional<std::string>> getSetting(const std::string& key) override {
    return find(&MemoryTables::settings, key);
  }

 private:
  static SessionBundle withTokens(const MemoryTables& t, SessionBundle bundle) {
    for (const auto& [hash, token] : t.tokens)
      if (token.session == bundle.session.id) bundle.tokens.push_back(token);
    return bundle;
  }
  static Error busy() { return fail(ErrorCode::kBusy, "another transaction is open"); }
  static Error nameTaken() { return fail(ErrorCode::kConflict, "this name is taken", "nameTaken"); }
  static Error badText() { return fail(ErrorCode::kInvalid, "a text to store holds a NUL byte or is not UTF-8"); }
  // For sessions and bans 0 means: never.
  static bool isPast(int64_t expiresAt, int64_t nowUs) { return expiresAt != 0 && expiresAt <= nowUs; }
  bool isLockedByOther() const { return db_->owner != nullptr && db_->owner != this; }

  static bool isText(std::initializer_list<std::string_view> texts) {
    return std::all_of(texts.begin(), texts.end(),
                       [](std::string_view t) { return t.find('\0') == t.npos && isUtf8(t); });
  }
  static bool isStorable(const SessionBundle& b) {
    const SessionRecord& s = b.session;
    return isText({s.gatewayId, s.backend, s.userId, s.userName, s.entityId, s.entityName, s.state, s.protocol,
                   s.clientAddress, s.metadata}) &&
           std::all_of(b.commands.begin(), b.commands.end(), [](const auto& c) { return isText({c.text}); }) &&
           std::all_of(b.rooms.begin(), b.rooms.end(), [](const auto& r) { return isText({r}); });
  }
  static std::map<std::string, AccountTokenRecord>::iterator accountTokenOf(MemoryTables& t, const std::string& hash,
                                                                            int64_t nowUs) {
    return std::find_if(t.accountTokens.begin(), t.accountTokens.end(), [&](const auto& e) {
      return !hash.empty() && (e.first == hash || e.second.previousHash == hash) && e.second.expiresAt > nowUs;
    });
  }
  static const UserRecord* userByKey(const MemoryTables& t, const std::string& key) {
    for (const auto& [id, user] : t.users) {
      if (user.key == key) return &user;
    }
    return nullptr;
  }
  template <typename Map>
  static std::vector<typename Map::mapped_type> valuesOf(const Map& map) {
    std::vector<typename Map::mapped_type> values;
    for (const auto& [key, value] : map) values.push_back(value);
    return values;
  }

  template <typename T, typename F>
  Result<T> with(F f) {
    const std::lock_guard lock(db_->mutex);
    if (isLockedByOther()) return busy();
    return f(db_->tables);
  }
  template <typename V>
  Result<void> put(std::map<std::string, V> MemoryTables::*table, const std::string& key, const V& value) {
    return with<void>([&](MemoryTables& t) -> Result<void> {
      (t.*table)[key] = value;
      return {};
    });
  }
  template <typename V>
  Result<std::optional<V>> find(std::map<std::string, V> MemoryTables::*table, const std::string& key) {
    return with<std::optional<V>>([&](MemoryTables& t) -> Result<std::optional<V>> {
      const auto found = (t.*table).find(key);
      return found == (t.*table).end() ? std::optional<V>() : std::optional<V>(found->second);
    });
  }
  template <typename V>
  Result<bool> erase(std::map<std::string, V> MemoryTables::*table, const std::string& key) {
    return with<bool>([&](MemoryTables& t) -> Result<bool> { return (t.*table).erase(key) > 0; });
  }

  std::shared_ptr<MemoryDatabase> db_;
  std::vector<MemoryTables> undo_;
};

class MemoryFactory final : public StoreFactory {
 public:
  Result<std::unique_ptr<SessionStore>> open() override {
    return std::unique_ptr<SessionStore>(std::make_unique<MemorySessionStore>(database_));
  }

 private:
  std::shared_ptr<MemoryDatabase> database_ = std::make_shared<MemoryDatabase>();
};

}  // namespace gw::store
