#include "session/session_manager.h"

#include <algorithm>

#include "base/clock.h"
#include "base/log.h"
#include "session/backend_port.h"
#include "session/journal.h"
#include "session/login_flow.h"
#include "session/loop_journal.h"
#include "store/store_worker.h"

namespace gw::session {
namespace {

constexpr uint64_t kTickMs = 1000;
constexpr uint64_t kMs = 1'000'000;
constexpr size_t kUnloadsPerTick = 100;
constexpr uint32_t kTicksPerTickEvent = 30;
constexpr uint32_t kTicksPerCleanup = 600;
constexpr uint32_t kSavesAwayPerTick = 500;

}  // namespace

SessionManager::SessionManager(Services& services, plugin::StreamHost& streams, BroadcastPort& broadcast)
    : services_(services),
      limits_(services.limits),
      streams_(streams),
      loop_(streams.loop()),
      broadcast_(broadcast),
      users_(
          services.limits.sessionsPerUser,
          [this](SessionId id, UniqueFunction<void()> done) { finishAsReplaced(id, std::move(done)); },
          [this](const Claim& claim, UniqueFunction<void(SessionId)> done) { findStored(claim, std::move(done)); },
          [this](SessionId id, size_t sessionsOfUser) {
            SessionManager& owner = home(id);
            owner.loop_.post([&owner, id, sessionsOfUser] {
              if (Session* session = owner.find(id)) session->sessionsOfUser = sessionsOfUser;
            });
          }),
      tick_(
          loop_.timers(), [](void* self) { static_cast<SessionManager*>(self)->housekeeping(); }, this) {
  if (!services_.journal) return;
  journal_ = std::make_unique<LoopJournal>(
      *services_.journal, loop_,
      LoopJournal::Ports{[this](const SessionId& id) { return find(id); },
                         [this](std::vector<SessionId> sessions) { checkpoint(std::move(sessions)); },
                         [this] { readAgain(); }, [this] { strictAgain(); }});
}

SessionManager::~SessionManager() = default;

void SessionManager::start() { tick_.setAfterMs(kTickMs); }

int64_t SessionManager::nowUs() const { return services_.clock.wallUs(); }

SessionManager& SessionManager::home(const SessionId& id) {
  return *services_.managers[homeLoop(id, services_.managers.size())];
}

SessionManager& SessionManager::userHome(const std::string& userId) {
  return *services_.managers[userLoop(userId, services_.managers.size())];
}

Session* SessionManager::find(const SessionId& id) {
  const auto it = sessions_.find(id);
  return it == sessions_.end() ? nullptr : it->second.get();
}

Attachment* SessionManager::attachmentOf(uint64_t streamId) {
  plugin::Stream* stream = streams_.find(streamId);
  return stream ? dynamic_cast<Attachment*>(stream->context()) : nullptr;
}

// --- sessions -------------------------------------------------------------------------------------

std::unique_ptr<Session> SessionManager::makeSession(const SessionId& id, uint64_t records) {
  auto session = std::make_unique<Session>(id, loop_, limits_.log, &SessionManager::onSessionTimer);
  session->manager = this;
  session->lastInputNs = nowNs();
  session->requests = TokenBucket(limits_.commandBurst, nowNs());
  session->userCommands = TokenBucket(limits_.userCommandBurst, nowNs());
  if (journal_) session->journal = std::make_unique<SessionJournal>(*journal_, id, records);
  return session;
}

Session* SessionManager::create(const std::string& protocol, const std::string& address) {
  if (services_.counters.sessions.load(std::memory_order_relaxed) >= limits_.sessions) {
    ++services_.counters.sessionsRefused;
    return nullptr;
  }
  SessionId id = SessionId::random();
  // A new session is at home where it was accepted, so that its unicast path never leaves this loop.
  while (&home(id) != this) id = SessionId::random();
  auto session = makeSession(id, 1);
  session->protocol = protocol;
  session->clientAddress = address;
  session->createdAtUs = session->lastActivityUs = nowUs();
  Session& kept = *session;
  sessions_.emplace(id, std::move(session));
  ++services_.counters.sessions;
  ++services_.counters.created;
  return &kept;
}

bool SessionManager::countStranger(Session& session, const std::string& limitKey) {
  const size_t everywhere = std::max<size_t>(1, limits_.sessions / 5 / services_.managers.size());
  uint32_t& here = strangerSessions_[limitKey];
  if (here >= limits_.unauthenticatedPerAddress || strangerSessions_.size() > everywhere) {
    if (here == 0) strangerSessions_.erase(limitKey);
    return false;
  }
  ++here;
  session.isStranger = true;
  return true;
}

void SessionManager::forgetStranger(Session& session) {
  const auto it = strangerSessions_.find(net::PeerAddress{session.clientAddress, 0}.limitKey());
  if (it != strangerSessions_.end() && --it->second == 0) strangerSessions_.erase(it);
  session.isStranger = false;
}

namespace {

/// Why a player's connection or session ended, as backends are told (docs/protocol/backend-link.md).
const char* leavingReason(uint32_t code, bool isStopping) {
  if (isStopping) return "serverShutdown";
  switch (code) {
    case GW_CLOSE_NORMAL:
      return "clientDisconnect";
    case GW_CLOSE_REPLACED:
      return "replaced";
    case GW_CLOSE_IDLE:
      return "timeout";
    case GW_CLOSE_POLICY:
    case GW_CLOSE_RATE_LIMIT:
      return "kicked";
    default:
      return "networkError";
  }
}

}  // namespace

void SessionManager::discard(Session& session) {
  if (session.isStranger) forgetStranger(session);
  broadcast_.sessionLeft(session);
  --services_.counters.sessions;
  if (session.journal) tellAbandoned(session.journal->abandon());
  const auto it = sessions_.find(session.id());
  loop_.deleteLater(std::move(it->second));
  sessions_.erase(it);
}

// Whoever waits for an answer gets one. In a turn of its own: the session is gone then.
void SessionManager::tellAbandoned(std::vector<WhenCommitted> waiting) {
  if (waiting.empty()) return;
  loop_.post([waiting = std::move(waiting)]() mutable {
    for (WhenCommitted& tell : waiting) tell(false);
  });
}

void SessionManager::close(Session& session, uint32_t code, const std::string& text) {
  if (session.state() == State::kClosed) return;
  const bool played = session.state() == State::kPlaying || session.state() == State::kDisconnected;
  (void)session.setState(State::kClosed);
  disconnectAll(session, code, text);
  if (played) leavePlaying(session, leavingReason(code, services_.stopping));
  eraseFromStore(session);
  discard(session);
}

void SessionManager::disconnectAll(Session& session, uint32_t code, const std::string& text) {
  const std::vector<Attachment*> attachments = session.attachments();
  for (Attachment* attachment : attachments) {
    session.detach(*attachment);
    plugin::CloseInfo info;
    info.code = code;
    info.text = text;
    info.retry = code == GW_CLOSE_SHUTDOWN || code == GW_CLOSE_SLOW;
    attachment->stream.beginClose(info);
  }
}

void SessionManager::dropConnections(Session& session, uint32_t code, const std::string& text) {
  if (session.state() == State::kDisconnected) return;
  session.leaseUntilNs = 0;
  disconnectAll(session, code, text);
  lastConnectionGone(session, code);
}

void SessionManager::leavePlaying(Session& session, const std::string& reason) {
  broadcast_.sessionLeft(session);
  session.rooms.clear();
  if (services_.backend) backend()->left(session.id(), reason);
  announcePresence(session, true);
  releaseUser(session);
}

void SessionManager::lastConnectionGone(Session& session, uint32_t code) {
  const bool goodbye = code == GW_CLOSE_NORMAL;
  if (session.state() != State::kPlaying || goodbye) return close(session, code, {});
  (void)session.setState(State::kDisconnected);
  session.lastActivityUs = nowUs();
  extendTokens(session);
  // It goes on without a connection: whatever a channel says of it, nothing has taken the session's place.
  const uint32_t why = code == GW_CLOSE_REPLACED ? static_cast<uint32_t>(GW_CLOSE_LOST) : code;
  if (services_.backend) backend()->disconnected(session.id(), leavingReason(why, services_.stopping));
  announcePresence(session);
  // A stop writes the final state itself, once.
  if (!services_.stopping) saveAway(session);
  armTimer(session);
}

// Written when it is left. When everyone leaves at once the store is busy: then in its turn.
void SessionManager::saveAway(Session& session) {
  const bool isBusy = !services_.store || services_.store->isCongested() || ++savedAwayThisTick_ > kSavesAwayPerTick;
  if (isBusy) return markForSaving(session);
  saveNow(session, false, [](bool) {});
}

void SessionManager::extendTokens(Session& session) {
  const int64_t until = nowUs() + static_cast<int64_t>(limits_.resumeWindowMs) * 1000;
  for (Lineage& lineage : session.lineages()) lineage.tokens.extend(until);
}

// A visit longer than the resume window must not look expired in the store, should this host crash.
void SessionManager::refreshLongSessions() {
  for (auto& [id, session] : sessions_) {
    if (session->state() != State::kPlaying) continue;
    extendTokens(*session);
    markForSaving(*session);
  }
}

// --- each second ------------------------------------------------------------------------------------

void SessionManager::housekeeping() {
  tick_.setAfterMs(kTickMs);
  for (size_t i = 0; i < strangers_.size();) {
    Attachment* attachment = attachmentOf(strangers_[i]);
    if (attachment && !attachment->authenticated) {
      checkLoginDeadline(*attachment);
      ++i;
    } else {
      strangers_[i] = strangers_.back();
      strangers_.pop_back();
    }
  }
  housekeepSaving();
  watchJournal();
  savedAwayThisTick_ = 0;
  ++ticks_;
  publishFigures();
  // By the clock, not by ticks: a machine that slept has as many sessions to keep from expiring as ever.
  if (nowNs() - refreshedNs_ >= limits_.resumeWindowMs * 1'000'000 / 4) {
    refreshedNs_ = nowNs();
    refreshLongSessions();
  }
  if (loop_.index() == 0 && ticks_ % kTicksPerCleanup == 0) deleteExpired();
  if (loop_.index() == 0 && ticks_ % kTicksPerTickEvent == 0) broadcast_.tick(nowUs());
}

void SessionManager::publishFigures() {
  // A walk over all sessions: every fifth second is often enough when there are many.
  if (ticks_ % 5 != 0 && sessions_.size() > 1000) return;
  uint64_t playing = 0, disconnected = 0, logBytes = 0;
  for (const auto& [id, session] : sessions_) {
    playing += session->state() == State::kPlaying;
    disconnected += session->state() == State::kDisconnected;
    logBytes += session->log.size() * sizeof(EventLog::Entry);
  }
  figures_.playing = playing;
  figures_.disconnected = disconnected;
  figures_.other = sessions_.size() - playing - disconnected;
  figures_.streams = streams_.streamCount();
  figures_.logBytes = logBytes + plugin::LoopEvent::liveBytes();  // an event that many logs share counts once
  uint64_t queued = 0;
  streams_.forEach([&](plugin::Stream& stream) { queued += stream.connection().queuedBytes(); });
  figures_.queuedBytes = queued;
  guardMemory();
}

// Near the limit the logs of those who are away go to the store; at the limit nobody new comes in.
void SessionManager::guardMemory() {
  if (limits_.memoryBytes == 0) return;
  uint64_t used = 0;
  for (const SessionManager* manager : services_.managers)
    used += manager->figures_.logBytes.load() + manager->figures_.queuedBytes.load();
  services_.admission.setMemoryFull(used >= limits_.memoryBytes);
  if (used < limits_.memoryBytes / 10 * 8) return;
  std::vector<Session*> away;
  for (const auto& [id, session] : sessions_)
    if (session->state() == State::kDisconnected && !session->unloading) away.push_back(session.get());
  std::sort(away.begin(), away.end(),
            [](const Session* a, const Session* b) { return a->log.bytes() > b->log.bytes(); });
  if (away.size() > kUnloadsPerTick) away.resize(kUnloadsPerTick);
  for (Session* session : away) unload(*session);
}

// --- attachments ------------------------------------------------------------------------------------

Attachment& SessionManager::attachmentFor(plugin::Stream& stream) {
  if (auto* known = dynamic_cast<Attachment*>(stream.context())) return *known;
  auto made = std::make_unique<Attachment>(stream);
  made->lastSeenNs = nowNs();
  made->commands = TokenBucket(commandBurst(stream.traits()), nowNs());
  made->units = TokenBucket(limits_.unitBurst, nowNs());
  Attachment& kept = *made;
  stream.swapContext(std::move(made));
  strangers_.push_back(stream.id());
  return kept;
}

void SessionManager::opened(plugin::Stream& stream) {
  if (dynamic_cast<PendingBinding*>(stream.context())) return attachBound(stream);
  attachmentFor(stream);
}

void SessionManager::closed(plugin::Stream& stream, uint32_t code) {
  auto* attachment = dynamic_cast<Attachment*>(stream.context());
  services_.admission.released(stream.peer(), attachment && attachment->authenticated);
  if (!attachment) return;
  broadcast_.listenerLeft(*attachment);
  Session* session = attachment->session;
  if (!session) return;
  session->detach(*attachment);
  if (Lineage* lineage = session->lineage(attachment->lineage)) {
    lineage->lastSeenNs = nowNs();
    extendTokens(*session);
  }
  if (session->attachments().empty() && nowNs() >= session->leaseUntilNs)
    lastConnectionGone(*session, code);
  else if (session->attachments().empty())
    armTimer(*session);
  else if (session->state() == State::kPlaying)
    announcePresence(*session);
}

void SessionManager::writable(plugin::Stream& stream) {
  auto* attachment = dynamic_cast<Attachment*>(stream.context());
  if (attachment && attachment->session && attachment->latestMissed) attachment->session->sendLatest(*attachment);
}

void SessionManager::detachFrom(Attachment& attachment) {
  Session* session = attachment.session;
  if (!session) return;
  session->detach(attachment);
  // The temporary session of someone who takes another one over has nothing to keep.
  if (session->attachments().empty() && session->state() != State::kPlaying && session->state() != State::kDisconnected)
    close(*session, GW_CLOSE_NORMAL, {});
}

// Not the newest one is refused: a phone that has changed networks four times must get in again, and its
// old connections may look alive for a minute.
void SessionManager::evictBeyondLimit(Session& session, const Attachment& newest) {
  if (isExempt(session.user)) return;
  const std::string& channel = newest.stream.channelId();
  std::vector<Attachment*> others;
  for (Attachment* attachment : session.attachments())
    if (attachment != &newest && attachment->stream.channelId() == channel) others.push_back(attachment);
  while (others.size() >= std::max(1u, limits_.connectionsPerChannel)) {
    const auto idlest = std::min_element(others.begin(), others.end(), [](const Attachment* a, const Attachment* b) {
      return a->lastSeenNs < b->lastSeenNs;
    });
    ++services_.counters.connectionsEvicted;
    session.detach(**idlest);
    plugin::CloseInfo info;
    info.code = GW_CLOSE_POLICY;
    info.text = "You have connected " + std::to_string(limits_.connectionsPerChannel) +
                " more times this way; this connection was the least used one.";
    (*idlest)->stream.beginClose(info);
    others.erase(idlest);
  }
}

void SessionManager::moveStreamTo(SessionManager& target, uint64_t streamId, UniqueFunction<void(Attachment&)> there) {
  plugin::Stream* stream = streams_.find(streamId);
  if (!stream) return;
  // Its old loop must not reach for it once it has left.
  if (Attachment* leaving = attachmentOf(streamId)) broadcast_.listenerLeft(*leaving);
  const auto arrive = [&target](uint64_t id, UniqueFunction<void(Attachment&)> next) {
    Attachment* attachment = target.attachmentOf(id);
    if (!attachment) return;
    if (!attachment->authenticated) target.strangers_.push_back(id);
    if (attachment->families != 0) target.broadcast_.listenerJoined(*attachment);
    next(*attachment);
  };
  // The same way for the own loop: what is on the stack now finishes first.
  if (&target == this) {
    loop_.post([arrive, streamId, next = std::move(there)]() mutable { arrive(streamId, std::move(next)); });
    return;
  }
  streams_.move(*stream, target.streams_, [arrive, next = std::move(there)](plugin::Stream& moved) mutable {
    arrive(moved.id(), std::move(next));
  });
}

void SessionManager::reply(const Caller& caller, const Result<std::string>& payload, Urgency urgency) {
  if (!caller.wantsAnswer()) return;
  std::string frame;
  if (caller.wantsFrame())
    frame = payload ? okFrame(caller.frameId, *payload) : errorFrame(caller.frameId, payload.error());
  if (caller.streamId != 0) {
    plugin::Stream* stream = streams_.find(caller.streamId);
    if (!stream) return;
    // Finished frames go by themselves; a channel that speaks no JSON gets what would be in one, by its token.
    if (!caller.wantsFrame()) frame = payload ? *payload : errorJson(payload.error());
    stream->answer(caller.wantsFrame() ? 0 : caller.token, payload ? GW_OK : GW_E_INVALID, frame, urgency);
    stream->setHelloPending(false);
    return;
  }
  const auto status = static_cast<uint32_t>(payload ? 200 : httpStatusOf(payload.error().code));
  SessionManager& origin = *services_.managers[caller.loop];
  origin.loop_.post([&origin, caller, status, frame = std::move(frame)] {
    if (auto request = origin.streams_.findRequest(caller.requestId))
      request->answer(caller.token, plugin::RequestAnswer{GW_OK, status, frame, {}});
  });
}

void SessionManager::replyOnceCommitted(Session& session, const Caller& caller, std::string payloadJson,
                                        Urgency urgency) {
  session.afterCommit([this, caller, payload = std::move(payloadJson), urgency](bool isCommitted) {
    if (isCommitted) return reply(caller, payload, urgency);
    reply(caller, sessionGone());
  });
}

}  // namespace gw::session
