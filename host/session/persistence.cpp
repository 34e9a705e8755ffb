// Sessions and the store: write-behind saves, loads, rotations and codes that commit before they are
// shown. All store work runs on the session's worker; answers are posted back.

#include "base/clock.h"
#include "base/log.h"
#include "plugin/event.h"
#include "session/backend_port.h"
#include "session/session_manager.h"
#include "store/store_worker.h"

namespace gw::session {
namespace {

constexpr uint64_t kCodeUs = 600'000'000;
constexpr size_t kSavesUnderWay = 256;

uint64_t keyOf(const SessionId& id) { return id.lo; }

/// A number of the metadata that bundleOf wrote; 0 if it is not there.
uint64_t metadataNumber(const std::string& json, const std::string& name) {
  const std::string key = "\"" + name + "\":";
  const size_t at = json.find(key);
  return at == std::string::npos ? 0 : std::strtoull(json.c_str() + at + key.size(), nullptr, 10);
}

std::vector<store::TokenRecord> tokenRecords(const Session& session, const Lineage& lineage) {
  std::vector<store::TokenRecord> out;
  const auto add = [&](const Hash& hash, const Hash& attempt, const Hash& successor, int64_t confirmedAt) {
    if (isEmpty(hash)) return;
    out.push_back({toHex(hash), "reconnect", session.id(), std::to_string(lineage.id), lineage.device, toHex(attempt),
                   toHex(successor), confirmedAt, lineage.tokens.expiresAtUs()});
  };
  const TokenChain& chain = lineage.tokens;
  add(chain.current(), chain.attempt(), chain.successor(), 0);
  add(chain.successor(), {}, {}, 0);
  add(chain.retired(), {}, {}, 1);  // confirmed: its use is theft
  return out;
}

void restoreTokens(Session& session, const std::vector<store::TokenRecord>& tokens) {
  for (Lineage& lineage : session.lineages()) {
    Hash current{}, attempt{}, successor{}, retired{};
    int64_t expiresAt = 0;
    const std::string name = std::to_string(lineage.id);
    const auto read = [](const std::string& hex) { return hashFromHex(hex).value_or(Hash{}); };
    std::string successorHex;
    for (const store::TokenRecord& token : tokens)
      if (token.lineage == name && token.kind == "reconnect" && !token.successorHash.empty())
        successorHex = token.successorHash;
    for (const store::TokenRecord& token : tokens) {
      if (token.lineage != name || token.kind != "reconnect") continue;
      if (token.confirmedAt != 0) {
        retired = read(token.hash);
      } else if (token.hash == successorHex) {
        successor = read(token.hash);
      } else {
        current = read(token.hash);
        attempt = read(token.attemptHash);
        expiresAt = token.expiresAt;
      }
    }
    lineage.tokens.restore(current, attempt, successor, retired, expiresAt);
  }
}

}  // namespace

store::SessionBundle SessionManager::bundleOf(const Session& session, bool withLog, bool cleanStop) const {
  store::SessionBundle bundle;
  store::SessionRecord& row = bundle.session;
  row.id = session.id();
  row.epoch = session.epoch;
  row.gatewayId = services_.gatewayId;
  row.backend = "lobby";
  row.userId = session.user.userId;
  row.userName = session.user.userName;
  row.entityId = session.character.id;
  row.entityName = session.character.name;
  row.createdAt = session.createdAtUs;
  row.lastActivity = session.lastActivityUs;
  row.state = toString(session.state());
  row.protocol = session.protocol;
  row.clientAddress = session.clientAddress;
  row.metadata = std::string("{\"guest\":") + (session.user.isGuest ? "true" : "false") +
                 ",\"plain\":" + (session.user.plain ? "true" : "false") +
                 ",\"gameSession\":" + jsonString(session.gameSession) +
                 ",\"uncleanBefore\":" + std::to_string(session.uncleanBefore) +
                 ",\"lostEpoch\":" + std::to_string(session.log.lostTo().epoch) +
                 ",\"lostSeq\":" + std::to_string(session.log.lostTo().seq) + "}";
  row.expiresAt = nowUs() + static_cast<int64_t>(limits_.resumeWindowMs) * 1000;
  row.cleanStop = cleanStop;
  row.lastSeq = session.lastSeq;
  row.commandSeq = session.commandSeq;
  auto& mutableSession = const_cast<Session&>(session);
  for (const Lineage& lineage : mutableSession.lineages()) {
    bundle.lineages.push_back(
        {std::to_string(lineage.id), lineage.device, lineage.acknowledged.epoch, lineage.acknowledged.seq});
    for (auto& token : tokenRecords(session, lineage)) bundle.tokens.push_back(std::move(token));
  }
  for (const DeviceCommands& device : session.devices) bundle.devices.push_back({device.device, device.lastClientSeq});
  for (const auto& [seq, text] : session.commands()) bundle.commands.push_back({seq, text});
  bundle.rooms = session.rooms;
  if (withLog)
    for (size_t i = 0; i < session.log.size(); ++i) {
      const EventLog::Entry& entry = session.log.at(i);
      bundle.log.push_back({entry.at.epoch, entry.at.seq, packEvent(entry.event->event())});
    }
  return bundle;
}

void SessionManager::saveNow(Session& session, bool withLog, bool cleanStop, UniqueFunction<void(bool)> done) {
  session.saveDue = false;
  if (!services_.store) return done(false);
  session.isSaved = true;
  auto bundle = bundleOf(session, withLog, cleanStop);
  // Never refused for a full queue: the log would be nowhere else.
  services_.store->submitRequired(
      keyOf(session.id()),
      [bundle = std::move(bundle)](store::SessionStore& store) { return store.saveSession(bundle); },
      [this, done = std::move(done)](Result<void> result) mutable {
        if (!result) {
          ++services_.counters.saveFailures;
          log::warn("session", "a session could not be saved", {{"error", result.error().message}});
        }
        loop_.post([ok = result.ok(), done = std::move(done)]() mutable { done(ok); });
      });
}

// A session that lives for less than the delay never touches the store.
void SessionManager::markForSaving(Session& session) {
  if (session.saveDue) return;
  session.saveDue = true;
  dirty_.push_back(session.id());
}

void SessionManager::housekeepSaving() {
  savesDue_ = dirty_.size();
  saveSome();
}

// A few at a time: what waits for the store is a copy of everything that is saved.
void SessionManager::saveSome() {
  if (!services_.store || services_.store->isCongested() || savesUnderWay_ >= kSavesUnderWay) return;
  const size_t count = std::min<size_t>(savesDue_, kSavesUnderWay - savesUnderWay_);
  savesDue_ -= count;
  for (size_t i = 0; i < count; ++i) {
    Session* session = find(dirty_[i]);
    if (!session || !session->saveDue) continue;
    ++savesUnderWay_;
    saveNow(*session, session->state() == State::kDisconnected, false, [this](bool) {
      --savesUnderWay_;
      if (savesUnderWay_ < kSavesUnderWay / 2) saveSome();
    });
  }
  dirty_.erase(dirty_.begin(), dirty_.begin() + static_cast<std::ptrdiff_t>(count));
}

void SessionManager::unload(Session& session) {
  if (!services_.store) return armTimer(session);
  session.unloading = true;
  saveNow(session, true, true, [this, id = session.id()](bool ok) {
    Session* saved = find(id);
    if (saved && !saved->unloading && ok) saveNow(*saved, saved->state() == State::kDisconnected, false, [](bool) {});
    if (!saved || !saved->unloading) return;
    saved->unloading = false;
    if (!ok || saved->state() != State::kDisconnected) {
      // It came back meanwhile: the row must not say that it was let go.
      if (ok) saveNow(*saved, false, false, [](bool) {});
      return armTimer(*saved);
    }
    leavePlaying(*saved, "timeout");
    discard(*saved);
  });
}

void SessionManager::load(const SessionId& id, UniqueFunction<void(Session*)> then) {
  if (Session* here = find(id)) {
    if (here->unloading) {
      // Its row already carries the clean-stop mark: take that back before anything new happens.
      here->unloading = false;
      saveNow(*here, true, false, [](bool) {});
    }
    return then(here);
  }
  if (!services_.store) return then(nullptr);
  auto& waiting = loading_[id];
  waiting.push_back(std::move(then));
  if (waiting.size() > 1) return;  // concurrent loads of one session share one
  struct Loaded {
    std::optional<store::SessionBundle> bundle;
    bool wasClean = false;
  };
  auto loaded = std::make_shared<Loaded>();
  services_.store->submit(
      keyOf(id),
      [loaded, id, now = nowUs()](store::SessionStore& store) -> Result<void> {
        const auto before = store.peekSession(id);
        if (!before) return before.error();
        auto taken = store.takeSession(id, now);
        if (!taken) return taken.error();
        loaded->wasClean = before->has_value() && (*before)->cleanStop;
        loaded->bundle = std::move(*taken);
        return {};
      },
      [this, id, loaded](Result<void> result) {
        loop_.post([this, id, loaded, ok = result.ok()] {
          Session* session = find(id);
          if (!session && ok && loaded->bundle) session = &adoptLoaded(*loaded->bundle, loaded->wasClean);
          auto continuations = std::move(loading_[id]);
          loading_.erase(id);
          for (auto& next : continuations) next(session);
        });
      });
}

Session& SessionManager::adoptLoaded(const store::SessionBundle& bundle, bool wasClean) {
  const store::SessionRecord& row = bundle.session;
  auto made = std::make_unique<Session>(row.id, loop_, limits_.log, &SessionManager::onSessionTimer);
  Session& session = *made;
  session.manager = this;
  session.epoch = row.epoch;
  session.lastSeq = row.lastSeq;
  session.commandSeq = row.commandSeq;
  session.user = {row.userId, row.userName, row.metadata.find("\"guest\":true") != std::string::npos,
                  row.metadata.find("\"plain\":true") != std::string::npos};
  session.character = {row.entityId, row.entityName, {}};
  session.protocol = row.protocol;
  session.clientAddress = row.clientAddress;
  session.createdAtUs = row.createdAt;
  session.lastActivityUs = row.lastActivity;
  session.lastInputNs = nowNs();
  session.requests = TokenBucket(limits_.commandBurst, nowNs());
  session.isSaved = true;
  session.uncleanBefore = wasClean ? metadataNumber(row.metadata, "uncleanBefore") : row.epoch;
  session.log.restoreLostTo({metadataNumber(row.metadata, "lostEpoch"), metadataNumber(row.metadata, "lostSeq")});
  for (const store::LoggedEvent& entry : bundle.log) {
    plugin::Event event;
    if (!unpackEvent(entry.body, event)) continue;
    session.log.append({entry.epoch, entry.seq}, plugin::makeLoopEvent(std::move(event)), limits_.log);
  }
  for (const store::LineageRecord& record : bundle.lineages)
    session.restoreLineage(static_cast<uint32_t>(std::stoul(record.lineage)), record.device,
                           {record.epoch, record.seq});
  restoreTokens(session, bundle.tokens);
  for (const store::DeviceRecord& device : bundle.devices)
    session.devices.push_back({device.device, device.lastClientSeq});
  session.restoreState(State::kDisconnected);
  sessions_.emplace(row.id, std::move(made));
  ++services_.counters.sessions;
  broadcast_.sessionJoined(session);
  SessionManager& owner = userHome(row.userId);
  owner.loop_.post(
      [&owner, claim = Claim{row.userId, row.id, row.entityId, {}, false}] { owner.users_.restored(claim); });
  if (services_.backend) backend()->entered({session.id(), session.user, session.character, true, bundle.rooms});
  for (const store::QueuedCommand& command : bundle.commands)
    if (session.restoreCommand(command.seq, command.text)) giveToBackend(session, command.seq, command.text);
  armTimer(session);
  return session;
}

// The rotation is committed before hello-ok, in relaxed mode too.
void SessionManager::storeRotation(Session& session, uint32_t, UniqueFunction<void(bool)> done) {
  saveNow(session, session.state() == State::kDisconnected, false, std::move(done));
}

void SessionManager::storeCode(Session& session, uint32_t lineageId, const std::string& code) {
  if (!services_.store) return;
  store::TokenRecord record{toHex(hashOf(code)),
                            "code",
                            session.id(),
                            std::to_string(lineageId),
                            {},
                            {},
                            {},
                            0,
                            nowUs() + static_cast<int64_t>(kCodeUs)};
  session.isSaved = true;
  services_.store->submit(
      keyOf(session.id()),
      [bundle = bundleOf(session, false, false), record](store::SessionStore& store) -> Result<void> {
        if (auto saved = store.saveSession(bundle); !saved) return saved;
        return store.putToken(record);
      },
      [](Result<void> result) {
        if (!result) log::warn("session", "a typed code could not be stored", {{"error", result.error().message}});
      });
}

void SessionManager::revokeTokens(Session& session) {
  for (Lineage& each : session.lineages()) {
    each.tokens.revoke();
    each.access = each.attach = Hash{};
    each.previousAccess.clear();
    each.cookie.clear();
  }
  saveNow(session, session.state() == State::kDisconnected, false, [](bool) {});
  if (!services_.store) return;
  // Typed codes are in the store alone.
  services_.store->submit(
      keyOf(session.id()), [id = session.id()](store::SessionStore& store) { return store.deleteTokensOf(id); },
      [](Result<void> result) {
        if (!result) log::warn("session", "typed codes could not be revoked", {{"error", result.error().message}});
      });
}

void SessionManager::eraseFromStore(Session& session) {
  if (!services_.store || !session.isSaved) return;
  services_.store->submit(
      keyOf(session.id()), [id = session.id()](store::SessionStore& store) { return store.deleteSession(id); },
      [](Result<void>) {});
}

void SessionManager::deleteExpired() {
  if (!services_.store) return;
  services_.store->submit(
      0,
      [now = nowUs()](store::SessionStore& store) -> Result<void> {
        const auto gone = store.deleteExpired(now);
        return gone ? Result<void>() : Result<void>(gone.error());
      },
      [](Result<void>) {});
}

// [user loop] Guests have no past: only a named user's character may be waiting in the store.
void SessionManager::findStored(const Claim& claim, UniqueFunction<void(SessionId)> done) {
  if (!services_.store || claim.isNew) return done({});
  auto found = std::make_shared<SessionId>();
  services_.store->submit(
      userLoop(claim.userId, 1 << 20),
      [found, claim, now = nowUs()](store::SessionStore& store) -> Result<void> {
        const auto session = store.findSession(claim.userId, claim.entityId, now);
        if (!session) return session.error();
        if (*session) *found = **session;
        return {};
      },
      [this, found, done = std::move(done)](Result<void>) mutable {
        loop_.post([found, done = std::move(done)]() mutable { done(*found); });
      });
}

void SessionManager::saveAllForStop(UniqueFunction<void(size_t)> done, std::function<void(bool)> eachSaved) {
  // What the tick would save later would take the mark away again.
  tick_.cancel();
  dirty_.clear();
  savesDue_ = 0;
  size_t submitted = 0;
  for (auto& [id, session] : sessions_) {
    if (session->state() != State::kDisconnected && session->state() != State::kPlaying) continue;
    if (session->state() == State::kPlaying) (void)session->setState(State::kDisconnected);
    session->timer.cancel();
    session->saveDue = false;
    if (!services_.store) continue;
    ++submitted;
    services_.store->submitRequired(
        keyOf(id),
        [bundle = bundleOf(*session, true, true)](store::SessionStore& store) { return store.saveSession(bundle); },
        [eachSaved](Result<void> result) { eachSaved(result.ok()); });
  }
  done(submitted);
}

}  // namespace gw::session
