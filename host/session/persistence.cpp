// Sessions and the store: write-behind saves, loads, rotations and codes that commit before they are
// shown. All store work runs on the session's worker; answers are posted back.

#include "base/clock.h"
#include "base/log.h"
#include "plugin/event.h"
#include "session/backend_port.h"
#include "session/journal.h"
#include "session/loop_journal.h"
#include "session/session_manager.h"
#include "session/session_metadata.h"
#include "session/stop_progress.h"
#include "store/store_worker.h"

namespace gw::session {
namespace {

constexpr uint64_t kCodeUs = 600'000'000;
constexpr size_t kSavesUnderWay = 256;
constexpr size_t kRestoresUnderWay = 64;
constexpr size_t kMostRestoredEvents = 100'000;
// In strict they share a transaction with the journal, where clients wait for every commit.
constexpr size_t kStrictSavesUnderWay = 16;

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

/// Takes a session; where its last epoch ended in a crash and was wholly journalled, notes its end, with
/// the taking: a crash before the next save must not forget it.
Result<std::optional<store::SessionBundle>> takeWithEnding(store::SessionStore& store, const SessionId& id, int64_t now,
                                                           bool willJournal) {
  const auto before = store.peekSession(id);
  if (!before) return before.error();
  auto taken = store.takeSession(id, now, willJournal);
  if (!taken || !*taken || (*taken)->session.cleanStop || (*taken)->session.recordCount == 0) return taken;
  store::SessionBundle& bundle = **taken;
  SessionMetadata metadata = parseMetadata(bundle.session.metadata);
  metadata.wholeEpochs.add({(*before)->epoch, (*before)->lastSeq});
  bundle.session.metadata = toJson(metadata);
  store::SessionBundle row = bundle;
  row.session.recordCount = willJournal ? row.session.recordCount : 0;
  row.kept = store::KeptLog{};
  row.log.clear();
  std::erase_if(row.tokens, [](const store::TokenRecord& token) { return token.kind != "reconnect"; });
  if (auto saved = store.saveSession(row); !saved) return saved.error();
  return taken;
}

}  // namespace

// In strict what is read must come after what the journal's worker was given before.
uint64_t SessionManager::storeKey(const SessionId& id) const { return journal_ ? 0 : id.lo; }

void SessionManager::writeOf(const SessionId& id, UniqueFunction<Result<void>(store::SessionStore&)> work,
                             UniqueFunction<void(Result<void>)> done) {
  if (journal_) return journal_->addWork({std::move(work), std::move(done)});
  // Never refused for a full queue: it would be nowhere else.
  services_.store->submitRequired(storeKey(id), std::move(work), std::move(done));
}

store::SessionBundle SessionManager::bundleOf(Session& session, bool cleanStop) const {
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
  row.metadata =
      toJson(SessionMetadata{session.user.isGuest, session.user.plain, !session.unloading, session.gameSession,
                             session.wholeEpochs, session.log.lostTo(), session.lastTerminal});
  row.expiresAt = nowUs() + static_cast<int64_t>(limits_.resumeWindowMs) * 1000;
  row.cleanStop = cleanStop;
  row.lastSeq = session.lastSeq;
  row.commandSeq = session.commandSeq;
  row.recordCount = session.journal ? session.journal->records() : 0;
  for (const Lineage& lineage : session.lineages()) {
    bundle.lineages.push_back(
        {std::to_string(lineage.id), lineage.device, lineage.acknowledged.epoch, lineage.acknowledged.seq});
    for (auto& token : tokenRecords(session, lineage)) bundle.tokens.push_back(std::move(token));
  }
  for (const DeviceCommands& device : session.devices) bundle.devices.push_back({device.device, device.lastClientSeq});
  for (const auto& [seq, text] : session.commands()) bundle.commands.push_back({seq, text});
  bundle.rooms = session.rooms;
  addLog(session, bundle);
  return bundle;
}

// Relaxed writes the log of those who leave, as a whole. Strict writes it always, and only what is new:
// saving a busy session again must not cost its whole log again.
void SessionManager::addLog(const Session& session, store::SessionBundle& bundle) const {
  if (!session.journal && session.state() != State::kDisconnected) return;
  Position after;
  if (session.journal && session.journal->savedTo != Position{}) {
    after = session.journal->savedTo;
    const Position oldest = session.log.size() > 0 ? session.log.at(0).at : session.head();
    bundle.kept = store::KeptLog{oldest.epoch, oldest.seq - (session.log.size() > 0 ? 1 : 0)};
  }
  for (size_t i = session.log.firstAbove(after); i < session.log.size(); ++i) {
    const EventLog::Entry& entry = session.log.at(i);
    bundle.log.push_back({entry.at.epoch, entry.at.seq, packEvent(entry.event->event())});
  }
}

void SessionManager::saveNow(Session& session, bool cleanStop, UniqueFunction<void(bool)> done) {
  session.saveDue = false;
  if (!services_.store) return done(false);
  session.isSaved = true;
  auto bundle = bundleOf(session, cleanStop);
  if (session.journal) {
    session.journal->savedRecords = session.journal->records();
    session.journal->savedTo = session.head();
  }
  writeOf(
      session.id(), [bundle = std::move(bundle)](store::SessionStore& store) { return store.saveSession(bundle); },
      [this, id = session.id(), done = std::move(done)](Result<void> result) mutable {
        if (!result) {
          ++services_.counters.saveFailures;
          log::warn("session", "a session could not be saved", {{"error", result.error().message}});
        }
        loop_.post([this, id, ok = result.ok(), done = std::move(done)]() mutable {
          Session* failed = ok ? nullptr : find(id);
          if (failed && failed->journal) failed->journal->savedTo = {};  // the next one writes all of it
          done(ok);
        });
      });
}

void SessionManager::tellOnceSaved(Session& session, UniqueFunction<void(Session&)> tell) {
  if (!session.journal) {
    markForSaving(session);
    return tell(session);
  }
  saveNow(session, false, [](bool) {});
  session.journal->barrier();
  session.afterCommit([this, id = session.id(), tell = std::move(tell)]() mutable {
    if (Session* saved = find(id)) tell(*saved);
  });
}

// --- checkpoints of the journal ---------------------------------------------------------------------

void SessionManager::checkpoint(std::vector<SessionId> sessions) {
  // Who is written of from now on is the next one's.
  for (const SessionId& id : sessions)
    if (Session* session = find(id)) session->journal->isListed = false;
  checkpoint_ = std::move(sessions);
  isCheckpointing_ = true;
  checkpointSome();
}

void SessionManager::checkpointSome() {
  while (checkpointSaves_ < kStrictSavesUnderWay && !checkpoint_.empty()) {
    Session* session = find(checkpoint_.back());
    checkpoint_.pop_back();
    // What was handed over since is committed before the journal is trimmed.
    if (!session || session->journal->savedRecords == session->journal->records()) continue;
    ++checkpointSaves_;
    saveNow(*session, false, [this](bool) {
      --checkpointSaves_;
      checkpointSome();
    });
  }
  if (!isCheckpointing_ || checkpointSaves_ > 0 || !checkpoint_.empty()) return;
  isCheckpointing_ = false;
  services_.journal->checkpointed();
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
  const size_t most = journal_ ? kStrictSavesUnderWay : kSavesUnderWay;
  if (!services_.store || services_.store->isCongested() || savesUnderWay_ >= most) return;
  const size_t count = std::min<size_t>(savesDue_, most - savesUnderWay_);
  savesDue_ -= count;
  for (size_t i = 0; i < count; ++i) {
    Session* session = find(dirty_[i]);
    if (!session || !session->saveDue) continue;
    ++savesUnderWay_;
    saveNow(*session, false, [this, most](bool) {
      --savesUnderWay_;
      if (savesUnderWay_ < most / 2) saveSome();
    });
  }
  dirty_.erase(dirty_.begin(), dirty_.begin() + static_cast<std::ptrdiff_t>(count));
}

void SessionManager::unload(Session& session) {
  if (!services_.store) return armTimer(session);
  session.unloading = true;  // what comes from now on is not for it any more
  saveNow(session, true, [this, id = session.id(), queued = session.commands().size()](bool ok) {
    Session* saved = find(id);
    if (!saved || !saved->unloading) return;
    // The game answered its last command meanwhile: the row must not have it given again.
    const bool isBehind = saved->journal && saved->journal->savedRecords != saved->journal->records();
    if (ok && (isBehind || saved->commands().size() != queued)) return unload(*saved);
    if (!ok || saved->state() != State::kDisconnected) {
      stayLoaded(*saved);
      return armTimer(*saved);
    }
    saved->unloading = false;
    leavePlaying(*saved, "timeout");
    if (!saved->user.isGuest) trimStored(id, saved->user.userId);
    discard(*saved);
  });
}

// Who plays many characters for a moment each must not fill the store.
void SessionManager::trimStored(const SessionId& id, const std::string& userId) {
  writeOf(
      id,
      [userId, keep = limits_.disconnectedPerUser](store::SessionStore& store) -> Result<void> {
        const auto gone = store.trimSessionsOf(userId, keep);
        return gone ? Result<void>() : Result<void>(gone.error());
      },
      [](Result<void> result) {
        if (!result)
          log::warn("session", "a user's sessions could not be trimmed", {{"error", result.error().message}});
      });
}

// It came back while it was put away: its row says that it was let go, and must not.
void SessionManager::stayLoaded(Session& session) {
  if (!session.unloading) return;
  session.unloading = false;
  session.admitMissed();
  saveNow(session, false, [](bool) {});
}

void SessionManager::load(const SessionId& id, UniqueFunction<void(Session*)> then) {
  if (Session* here = find(id)) {
    stayLoaded(*here);
    return then(here);
  }
  if (!services_.store) return then(nullptr);
  auto& waiting = loading_[id];
  waiting.push_back(std::move(then));
  if (waiting.size() > 1) return;  // concurrent loads of one session share one
  auto loaded = std::make_shared<std::optional<store::SessionBundle>>();
  services_.store->submit(
      storeKey(id),
      [loaded, id, now = nowUs(), willJournal = journal_ != nullptr](store::SessionStore& store) -> Result<void> {
        auto taken = takeWithEnding(store, id, now, willJournal);
        if (!taken) return taken.error();
        *loaded = std::move(*taken);
        return {};
      },
      [this, id, loaded](Result<void> result) {
        loop_.post([this, id, loaded, ok = result.ok()] {
          Session* session = find(id);
          if (!session && ok && *loaded) session = &adoptLoaded(**loaded);
          auto continuations = std::move(loading_[id]);
          loading_.erase(id);
          for (auto& next : continuations) next(session);
        });
      });
}

Session& SessionManager::adoptLoaded(const store::SessionBundle& bundle) {
  const store::SessionRecord& row = bundle.session;
  auto made = std::make_unique<Session>(row.id, loop_, limits_.log, &SessionManager::onSessionTimer);
  Session& session = *made;
  session.manager = this;
  session.epoch = row.epoch;
  session.lastSeq = row.lastSeq;
  session.commandSeq = row.commandSeq;
  const SessionMetadata metadata = parseMetadata(row.metadata);
  session.user = {row.userId, row.userName, metadata.isGuest, metadata.plain};
  session.gameSession = metadata.gameSession;
  session.wholeEpochs = metadata.wholeEpochs;
  session.log.restoreLostTo(metadata.lostTo);
  session.lastTerminal = metadata.lastTerminal;
  session.character = {row.entityId, row.entityName, {}};
  session.protocol = row.protocol;
  session.clientAddress = row.clientAddress;
  session.createdAtUs = row.createdAt;
  session.lastActivityUs = row.lastActivity;
  session.lastInputNs = nowNs();
  session.requests = TokenBucket(limits_.commandBurst, nowNs());
  session.userCommands = TokenBucket(limits_.userCommandBurst, nowNs());
  session.isSaved = true;
  if (journal_) {
    session.journal = std::make_unique<SessionJournal>(*journal_, row.id, std::max<uint64_t>(1, row.recordCount));
    session.journal->setShown(session.head());
  }
  for (const store::LoggedEvent& entry : bundle.log) {
    if (auto event = storedEvent(entry.body))
      session.log.append({entry.epoch, entry.seq}, std::move(event), limits_.log);
  }
  for (const store::LineageRecord& record : bundle.lineages)
    session.restoreLineage(static_cast<uint32_t>(std::stoul(record.lineage)), record.device,
                           {record.epoch, record.seq});
  restoreTokens(session, bundle.tokens);
  for (Lineage& lineage : session.lineages()) lineage.isTerminal = isEmpty(lineage.tokens.current());
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
    if (session.restoreCommand(command.seq, command.text)) giveToBackend(session.id(), command.seq, command.text);
  armTimer(session);
  return session;
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
  saveNow(session, false, [](bool) {});
  writeOf(
      session.id(), [record](store::SessionStore& store) { return store.putToken(record); },
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
  saveNow(session, false, [](bool) {});
  if (!services_.store) return;
  // Typed codes are in the store alone.
  writeOf(
      session.id(), [id = session.id()](store::SessionStore& store) { return store.deleteTokensOf(id); },
      [](Result<void> result) {
        if (!result) log::warn("session", "typed codes could not be revoked", {{"error", result.error().message}});
      });
}

void SessionManager::eraseFromStore(Session& session) {
  if (!services_.store || !session.isSaved) return;
  writeOf(
      session.id(), [id = session.id()](store::SessionStore& store) { return store.deleteSession(id); },
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

// --- after a restart --------------------------------------------------------------------------------

bool SessionManager::wasPresent(const store::SessionRecord& row) { return parseMetadata(row.metadata).isPresent; }

// What was said to many is in the logs of many: while all of them come back it is made once.
plugin::LoopEventPtr SessionManager::storedEvent(const std::string& body) {
  const auto known = restoredEvents_.find(body);
  if (known != restoredEvents_.end()) return known->second;
  plugin::Event event;
  if (!unpackEvent(body, event)) return {};
  auto made = plugin::makeLoopEvent(std::move(event));
  if (restored_ && restoredEvents_.size() < kMostRestoredEvents) restoredEvents_.emplace(body, made);
  return made;
}

void SessionManager::restore(std::vector<SessionId> sessions, UniqueFunction<void()> done) {
  restore_ = std::move(sessions);
  restored_ = std::move(done);
  restoreSome();
}

void SessionManager::restoreSome() {
  while (restoresUnderWay_ < kRestoresUnderWay && !restore_.empty()) {
    const SessionId id = restore_.back();
    restore_.pop_back();
    ++restoresUnderWay_;
    load(id, [this](Session* session) {
      --restoresUnderWay_;
      if (session && services_.backend) backend()->disconnected(session->id(), "networkError");
      restoreSome();
    });
  }
  if (restoresUnderWay_ > 0 || !restored_) return;
  restoredEvents_.clear();
  std::exchange(restored_, nullptr)();
}

void SessionManager::giveQueuedCommands() {
  for (const auto& [id, session] : sessions_)
    for (const auto& [seq, text] : session->commands()) giveToBackend(id, seq, text);
}

void SessionManager::saveAllForStop(std::shared_ptr<StopProgress> progress) {
  // What the tick would save later would take the mark away again.
  tick_.cancel();
  dirty_.clear();
  savesDue_ = 0;
  for (auto& [id, session] : sessions_) {
    if (session->state() != State::kDisconnected && session->state() != State::kPlaying) continue;
    if (session->state() == State::kPlaying) (void)session->setState(State::kDisconnected);
    session->timer.cancel();
    lastSaves_.push_back(id);
  }
  progress->left += lastSaves_.size();
  progress->loopCounted();
  saveLast(std::move(progress));
}

// A few at a time: each is a copy of its log.
void SessionManager::saveLast(std::shared_ptr<StopProgress> progress) {
  while (lastSavesUnderWay_ < kSavesUnderWay && !lastSaves_.empty()) {
    Session* session = find(lastSaves_.back());
    lastSaves_.pop_back();
    if (!session) {
      progress->saved(true);
      continue;
    }
    ++lastSavesUnderWay_;
    saveNow(*session, true, [this, progress](bool ok) {
      --lastSavesUnderWay_;
      progress->saved(ok);
      saveLast(progress);
    });
  }
}

}  // namespace gw::session
