// SessionManager: from a session to the store. Saves are written behind; rotations and codes are committed
// before they are shown. All of a session's writes go by one worker, in order; answers are posted back.

#include "base/clock.h"
#include "base/log.h"
#include "plugin/event.h"
#include "session/journal.h"
#include "session/loop_journal.h"
#include "session/session_manager.h"
#include "session/session_metadata.h"
#include "session/stored_tokens.h"
#include "store/store_worker.h"

namespace gw::session {
namespace {

constexpr uint64_t kCodeUs = 600'000'000;
constexpr size_t kSavesUnderWay = 256;
// In strict they share a transaction with the journal, where clients wait for every commit.
constexpr size_t kStrictSavesUnderWay = 16;

}  // namespace

void SessionManager::writeOf(const SessionId& id, UniqueFunction<Result<void>(store::SessionStore&)> work,
                             UniqueFunction<void(Result<void>)> done) {
  if (journal_) return journal_->addWork({std::move(work), std::move(done)});
  // Never refused for a full queue: it would be nowhere else.
  services_.store->submitRequired(id.lo, std::move(work), std::move(done));
}

// In strict what was written before may still wait for its cut: a session that has just ended would be found.
void SessionManager::readOf(const SessionId& id, UniqueFunction<Result<void>(store::SessionStore&)> work,
                            UniqueFunction<void(Result<void>)> done) {
  if (journal_) return journal_->addWork({std::move(work), std::move(done)});
  services_.store->submit(id.lo, std::move(work), std::move(done));
}

store::SessionBundle SessionManager::bundleOf(Session& session, bool cleanStop) const {
  store::SessionBundle bundle;
  store::SessionRecord& row = bundle.session;
  row.id = session.id();
  row.epoch = session.epoch;
  row.gatewayId = services_.gatewayId;
  row.backend = services_.backendName;
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
                             session.wholeEpochs, session.log.lostTo(), session.lastTerminal, session.outputCounts});
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
  session.savedParts.compare(bundle);
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
          if (failed) failed->savedParts.forget();  // the next one writes all of it
          if (failed && failed->journal) failed->journal->savedTo = {};
          done(ok);
        });
      });
}

void SessionManager::tellOnceSaved(Session& session, UniqueFunction<void(Session*)> tell) {
  if (!session.journal) {
    markForSaving(session);
    return tell(&session);
  }
  saveNow(session, false, [](bool) {});
  session.journal->barrier();
  session.afterCommit([this, id = session.id(), tell = std::move(tell)](bool isCommitted) mutable {
    tell(isCommitted ? find(id) : nullptr);
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
  // What the game has and has not answered yet would be given to it once more when the session comes back.
  if (!services_.store || !session.commands().empty() || session.returning > 0) {
    stayLoaded(session);
    return armTimer(session);
  }
  session.unloading = true;  // what comes from now on is not for it any more
  saveNow(session, true, [this, id = session.id()](bool ok) {
    Session* saved = find(id);
    if (!saved || !saved->unloading) return;
    const bool isBehind =
        saved->journal && (saved->journal->savedRecords != saved->journal->records() || saved->journal->isHolding());
    if (ok && (isBehind || !saved->commands().empty())) return unload(*saved);
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

}  // namespace gw::session
