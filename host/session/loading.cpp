// SessionManager: from the store to a session.

#include "base/log.h"
#include "session/backend_port.h"
#include "session/loop_journal.h"
#include "session/session_manager.h"
#include "session/session_metadata.h"
#include "session/stored_tokens.h"
#include "store/store_worker.h"

namespace gw::session {
namespace {

/// Takes a session; where its last epoch ended in a crash and was wholly journalled, notes its end, with
/// the taking: a crash before the next save must not forget it.
Result<std::optional<store::SessionBundle>> takeWithEnding(store::SessionStore& store, const SessionId& id, int64_t now,
                                                           bool willJournal) {
  auto taken = store.takeSession(id, now, willJournal);
  if (!taken || !*taken || (*taken)->session.cleanStop || (*taken)->session.recordCount == 0) return taken;
  store::SessionBundle& bundle = **taken;
  SessionMetadata metadata = parseMetadata(bundle.session.metadata);
  metadata.wholeEpochs.add({bundle.session.epoch - store::kEpochsOfACrash, bundle.session.lastSeq});
  bundle.session.metadata = toJson(metadata);
  store::SessionBundle row = bundle;
  row.session.recordCount = willJournal ? row.session.recordCount : 0;
  row.kept = store::KeptLog{};
  row.log.clear();
  if (auto saved = store.saveSession(row); !saved) return saved.error();
  return taken;
}

}  // namespace

void SessionManager::load(const SessionId& id, LoadThen then) {
  if (Session* here = find(id)) {
    stayLoaded(*here);
    if (journal_ || here->returning == 0) return then(here);
    // In relaxed a crash before that would use positions again that somebody had been shown.
    return loading_[id].push_back(std::move(then));
  }
  if (!services_.store) return then(static_cast<Session*>(nullptr));
  auto& waiting = loading_[id];
  waiting.push_back(std::move(then));
  if (waiting.size() > 1) return;  // concurrent loads of one session share one
  auto loaded = std::make_shared<std::optional<store::SessionBundle>>();
  readOf(
      id,
      [loaded, id, now = nowUs(), willJournal = journal_ != nullptr,
       backendName = services_.backendName](store::SessionStore& store) -> Result<void> {
        // Another backend's users are not this one's, whatever their ids are.
        const auto row = store.peekSession(id);
        if (!row) return row.error();
        if (*row && (*row)->backend != backendName) return {};
        auto taken = takeWithEnding(store, id, now, willJournal);
        if (!taken) return taken.error();
        *loaded = std::move(*taken);
        return {};
      },
      [this, id, loaded](Result<void> result) {
        loop_.post([this, id, loaded, result = std::move(result)] {
          Session* session = find(id);
          if (!session && result && *loaded) session = &adoptLoaded(**loaded);
          tellLoaded(id, session || result);
        });
      });
}

void SessionManager::tellLoaded(const SessionId& id, bool isKnown) {
  const auto waiting = loading_.extract(id);
  if (waiting.empty()) return;
  // Whoever is told that it is not there throws its token away.
  const Error away = fail(ErrorCode::kUnavailable, "The store is not available. Try again.");
  // Each looks again: the one before it may have ended the session.
  for (auto& next : waiting.mapped()) next(isKnown ? Result<Session*>(find(id)) : Result<Session*>(away));
}

Session& SessionManager::adoptLoaded(const store::SessionBundle& bundle) {
  const store::SessionRecord& row = bundle.session;
  auto made = makeSession(row.id, std::max<uint64_t>(1, row.recordCount));
  Session& session = *made;
  session.epoch = row.epoch;
  session.lastSeq = row.lastSeq;
  session.commandSeq = row.commandSeq;
  const SessionMetadata metadata = parseMetadata(row.metadata);
  session.user = {row.userId, row.userName, metadata.isGuest, metadata.plain};
  session.gameSession = metadata.gameSession;
  session.wholeEpochs = metadata.wholeEpochs;
  session.log.noteLost(metadata.lostTo);
  session.lastTerminal = metadata.lastTerminal;
  session.outputCounts = metadata.outputCounts;
  if (!row.cleanStop) {
    session.skipCommandSeqs();
    session.outputCounts.doubt();
  }
  session.character = {row.entityId, row.entityName, {}};
  session.protocol = row.protocol;
  session.clientAddress = row.clientAddress;
  session.createdAtUs = row.createdAt;
  session.lastActivityUs = row.lastActivity;
  session.isSaved = true;
  if (session.journal) session.journal->setShown(session.head());
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
  if (services_.keepsRooms)
    for (const std::string& room : bundle.rooms) broadcast_.joinRoom(session, room);
  SessionManager& owner = userHome(row.userId);
  owner.loop_.post(
      [&owner, claim = Claim{row.userId, row.id, row.entityId, {}, false}] { owner.users_.restored(claim); });
  if (services_.backend) {
    PlayingSession back = playingSession(session, true);
    back.rooms = bundle.rooms;  // unless kept, it is in none of them yet: the backend brings it there
    backend()->entered(std::move(back));
  }
  for (const store::QueuedCommand& command : bundle.commands)
    if (session.restoreCommand(command.seq, command.text)) giveToBackend(session.id(), command.seq, command.text);
  armTimer(session);
  return session;
}

// It came back while it was put away: its row says that it was let go, and must not.
void SessionManager::stayLoaded(Session& session) {
  if (!session.unloading) return;
  session.unloading = false;
  session.admitMissed();
  ++session.returning;
  saveNow(session, false, [this, id = session.id()](bool ok) {
    Session* back = find(id);
    if (back && !ok) markForSaving(*back);
    if (!back || --back->returning == 0) tellLoaded(id, !back || ok);
  });
  armTimer(session);  // the one that began to put it away is spent
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

}  // namespace gw::session
