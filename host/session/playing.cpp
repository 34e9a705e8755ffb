// Entering Playing: the claim at the user's loop, taking over a session that plays the character
// already, and what the client then holds (tokens, the session block, hello-ok).

#include <algorithm>

#include "base/clock.h"
#include "base/log.h"
#include "session/backend_port.h"
#include "session/login_flow.h"
#include "session/session_manager.h"
#include "session/terminals.h"

namespace gw::session {
namespace {

constexpr uint64_t kAttachTokenNs = 30'000'000'000;

Error tooMany() { return fail(ErrorCode::kUnavailable, "too many logins of this user at once; try again"); }
Error justEnded() { return fail(ErrorCode::kUnavailable, "the session has just ended; log in again"); }

}  // namespace

void SessionManager::toUserLoop(const Claim& claim, UniqueFunction<void(Verdict)> done) {
  SessionManager& owner = userHome(claim.userId);
  owner.loop_.post([this, &owner, claim, done = std::move(done)]() mutable {
    owner.users_.claim(claim, [this, done = std::move(done)](Verdict verdict) mutable {
      loop_.post([verdict, done = std::move(done)]() mutable { done(verdict); });
    });
  });
}

void SessionManager::releaseUser(Session& session) { releaseClaim(session.user.userId, session.id()); }

void SessionManager::releaseClaim(const std::string& userId, const SessionId& id) {
  if (userId.empty()) return;
  SessionManager& owner = userHome(userId);
  owner.loop_.post([&owner, userId, id] { owner.users_.release(userId, id); });
}

// [user loop] Ends an older session before the new one enters Playing.
void SessionManager::finishAsReplaced(const SessionId& id, UniqueFunction<void()> done) {
  SessionManager& owner = home(id);
  owner.loop_.post([this, &owner, id, done = std::move(done)]() mutable {
    if (Session* session = owner.find(id)) {
      for (Attachment* attachment : session->attachments()) {
        plugin::Event event;
        event.kind = plugin::EventKind::kData;
        event.name = "session.replaced";
        Session::emitPrivate(*attachment, std::move(event));
        attachment->stream.notice(GW_NOTICE_REPLACED, 0, 0);
      }
      owner.close(*session, GW_CLOSE_REPLACED, "You have logged in somewhere else.");
    }
    loop_.post([done = std::move(done)]() mutable { done(); });
  });
}

void SessionManager::verdictFor(EnterRequest request, Verdict verdict) {
  switch (verdict.kind) {
    case Verdict::Kind::kEnter:
      return enterHere(std::move(request));
    case Verdict::Kind::kTakeOver:
      return takeOverThere(std::move(request), verdict.existing);
    case Verdict::Kind::kBusy:
      return failEnter(request, tooMany());
  }
}

void SessionManager::enterHere(EnterRequest request) {
  Session* session = find(request.session);
  // It ended while the claim was decided: give the place back.
  if (!session) {
    releaseClaim(request.userId, request.session);
    return failEnter(request, justEnded());
  }
  // Two selections at once: the first one plays.
  if (session->state() != State::kCharacterSelection)
    return failEnter(request, fail(ErrorCode::kConflict, "this session plays already", "alreadyAuthenticated"));
  session->character = request.chosen;
  session->gameSession = request.gameSession;
  session->outputCounts = {};  // the backend was told that an earlier visit is over
  (void)session->setState(State::kPlaying);
  broadcast_.sessionJoined(*session);
  if (services_.backend) backend()->entered(playingSession(*session, false));
  finishEnter(*session, request, false);
}

void SessionManager::takeOverThere(EnterRequest request, const SessionId& existing) {
  SessionManager& target = home(existing);
  const Identity user = find(request.session) ? find(request.session)->user : Identity{};
  const SessionId asking = request.session;
  auto arrive = [&target, existing, user](Attachment* attachment, EnterRequest wish) {
    target.load(existing,
                [&target, existing, attachment, user, wish = std::move(wish)](Result<Session*> loaded) mutable {
                  Attachment* mine = wish.caller.streamId ? target.attachmentOf(wish.caller.streamId) : nullptr;
                  if (attachment && !mine) return;  // the client went away meanwhile
                  if (!loaded) return target.failEnter(wish, loaded.error());
                  Session* session = *loaded;
                  // It ended between the verdict and now: the next login must not be sent there again.
                  if (!session) target.releaseClaim(user.userId, existing);
                  if (!session || session->user.userId != user.userId) return target.failEnter(wish, justEnded());
                  const bool wasAway = session->state() == State::kDisconnected;
                  if (wasAway) (void)session->setState(State::kPlaying);
                  target.closeOthersForGameSession(*session, mine, wish.gameSession);
                  if (wasAway && target.services_.backend) target.backend()->reconnected(session->id());
                  target.finishEnter(*session, wish, true);
                });
  };
  if (!request.caller.streamId) {
    if (Session* temporary = find(asking)) close(*temporary, GW_CLOSE_NORMAL, {});
    target.loop_.post([arrive, request = std::move(request)]() mutable { arrive(nullptr, std::move(request)); });
    return;
  }
  Attachment* attachment = attachmentOf(request.caller.streamId);
  if (!attachment) return;
  attachment->stream.setHelloPending(true);
  detachFrom(*attachment);
  const uint64_t streamId = request.caller.streamId;
  moveStreamTo(target, streamId, [arrive, request = std::move(request)](Attachment& moved) mutable {
    arrive(&moved, std::move(request));
  });
}

// Taking over one's own character: the same or no game session joins, a new one replaces.
void SessionManager::closeOthersForGameSession(Session& session, const Attachment* keep,
                                               const std::string& gameSession) {
  if (gameSession.empty() || gameSession == session.gameSession) return;
  session.gameSession = gameSession;
  const std::vector<Attachment*> others = session.attachments();
  for (Attachment* other : others) {
    if (other == keep) continue;
    plugin::Event event;
    event.kind = plugin::EventKind::kData;
    event.name = "session.replaced";
    Session::emitPrivate(*other, std::move(event));
    session.detach(*other);
    plugin::CloseInfo info;
    info.code = GW_CLOSE_REPLACED;
    info.text = "You have logged in somewhere else.";
    other->stream.beginClose(info);
  }
}

void SessionManager::finishEnter(Session& session, const EnterRequest& request, bool resumed) {
  // A lineage that nobody acknowledges would hold the log: the one from connect goes on.
  Lineage* known = resumed ? nullptr : session.lineage(request.lineage);
  const bool isTerminal = request.kind == EnterRequest::Kind::kTerminal;
  const Position from = !resumed ? session.shownHead() : isTerminal ? terminalStart(session) : Position{};
  Lineage& lineage = known ? *known : session.newLineage(request.device, from);
  lineage.lastSeenNs = session.lastInputNs = nowNs();
  std::string token = isTerminal ? std::string() : firstToken(session, lineage);
  if (!request.caller.streamId) session.leaseUntilNs = nowNs() + limits_.leaseMs * 1'000'000;
  tellOnceSaved(session, [this, lineageId = lineage.id, request, resumed, token = std::move(token)](Session* saved) {
    if (!saved) return failEnter(request, justEnded());
    tellEntered(*saved, lineageId, request, resumed, token);
  });
}

void SessionManager::tellEntered(Session& session, uint32_t lineageId, const EnterRequest& request, bool resumed,
                                 const std::string& token) {
  Attachment* attachment = request.caller.streamId ? attachmentOf(request.caller.streamId) : nullptr;
  Lineage* lineage = session.lineage(lineageId);
  if (request.caller.streamId && !attachment) return abandonResume(session);  // it left meanwhile
  if (!lineage) {  // so many came in meanwhile that this one was forgotten
    abandonResume(session);
    return failEnter(request, tooMany());
  }
  stayLoaded(session);
  // Taken over, and the last connection it had ended while this was on its way to the store.
  if (session.state() == State::kDisconnected) {
    (void)session.setState(State::kPlaying);
    if (services_.backend) backend()->reconnected(session.id());
  }
  const Position from = lineage->acknowledged;
  if (attachment) {
    if (!attachment->session) session.attach(*attachment, lineageId);
    attachment->lineage = lineageId;
    lineage->isTerminal = request.kind == EnterRequest::Kind::kTerminal;
    noteTerminalUsed(*attachment);
    attachment->stream.notice(GW_NOTICE_ATTACHED, session.epoch, resumed ? 1 : 0);
    attachment->stream.setHelloPending(false);
    evictBeyondLimit(session, *attachment);
  }
  const std::string connId = attachment ? attachment->connectionId() : "r" + std::to_string(request.caller.requestId);
  if (request.kind == EnterRequest::Kind::kConnect) {
    reply(request.caller, helloOkJson(&session, lineage, attachment, connId, resumed, token));
  } else if (request.kind == EnterRequest::Kind::kSelect) {
    const std::string block = sessionBlockJson(session, *lineage, resumed, token);
    reply(request.caller, "{\"character\":{\"id\":" + jsonString(session.character.id) +
                              ",\"name\":" + jsonString(session.character.name) + "},\"session\":" + block + "}");
    if (attachment) {
      plugin::Event event;
      event.kind = plugin::EventKind::kData;
      event.name = "session";
      event.dataJson = block;
      Session::emitPrivate(*attachment, std::move(event));
    }
  }
  if (attachment) {
    if (attachment->login) attachment->login->entered(nullptr);
    attachment->login.reset();
    if (resumed) {
      plugin::Event event;
      event.text = "You take over your session.";
      event.dataJson = "\"takenOver\":true";
      Session::emitPrivate(*attachment, std::move(event));
      announceRepeats(*attachment, from);
      session.replay(*attachment, from);
    }
    if (request.kind == EnterRequest::Kind::kTerminal) forgetGoneTerminals(session);
  }
  noteAuthenticated(session);
  announcePresence(session);
  armTimer(session);
}

void SessionManager::failEnter(const EnterRequest& request, const Error& error) {
  Attachment* attachment = request.caller.streamId ? attachmentOf(request.caller.streamId) : nullptr;
  if (attachment && !attachment->session) {
    // A take-over that found nothing: the client has no session any more and must log in again.
    plugin::CloseInfo info;
    info.code = GW_CLOSE_SHUTDOWN;
    info.text = error.message;
    info.retry = true;
    reply(request.caller, error);
    return attachment->stream.beginClose(info);
  }
  if (attachment && attachment->login) return attachment->login->entered(&error);
  reply(request.caller, error);
}

// --- what the client holds --------------------------------------------------------------------------

std::string SessionManager::issueAttachToken(Session& session, Lineage& from) {
  const SessionToken token = SessionToken::make(session.id());
  from.attach = hashOf(token.secret);
  from.attachUntilNs = nowNs() + kAttachTokenNs;
  from.attachFrom = session.shownHead();
  return token.encode();
}

std::string SessionManager::firstToken(Session& session, Lineage& lineage) {
  const SessionToken first = SessionToken::make(session.id());
  lineage.tokens.start(hashOf(first.secret), nowUs() + static_cast<int64_t>(limits_.resumeWindowMs) * 1000);
  return first.encode();
}

std::string SessionManager::sessionBlockJson(Session& session, Lineage& lineage, bool resumed,
                                             const std::string& reconnectToken) {
  const SessionToken access = SessionToken::make(session.id());
  lineage.previousAccess.set(lineage.access);
  lineage.access = hashOf(access.secret);
  std::string json = "{\"id\":\"" + session.id().toString() + "\",\"epoch\":" + std::to_string(session.epoch) +
                     ",\"state\":\"" + toString(session.state()) + "\",\"resumed\":" + (resumed ? "true" : "false") +
                     ",\"lastClientSeq\":" + std::to_string(session.lastClientSeq(lineage.device)) +
                     ",\"seq\":" + std::to_string(session.shownHead().seq) + ",\"accessToken\":\"" + access.encode() +
                     "\"";
  if (session.state() == State::kPlaying) {
    const int64_t expiresAt = nowUs() + static_cast<int64_t>(limits_.resumeWindowMs) * 1000;
    json += ",\"reconnectToken\":\"" + reconnectToken + "\"";
    json += ",\"attachToken\":\"" + issueAttachToken(session, lineage) + "\",\"expiresAt\":\"" + formatUtc(expiresAt) +
            "\"";
    json += ",\"character\":{\"id\":" + jsonString(session.character.id) +
            ",\"name\":" + jsonString(session.character.name) + "}";
  }
  return json + "}";
}

std::string SessionManager::issueTypedCode(Attachment& attachment) {
  Session& session = *attachment.session;
  const std::string code = makeTypedCode();
  storeCode(session, attachment.lineage, code);
  return code;
}

void SessionManager::announcePresence(Session& session, bool leaving) {
  PresenceChange change;
  change.userId = session.user.userId;
  change.userName = session.user.userName;
  change.characterName = session.character.name;
  change.devicesJson = "[";
  if (!leaving) {
    for (const Attachment* attachment : session.attachments()) {
      if (change.devices++ > 0) change.devicesJson += ',';
      change.devicesJson += "{\"id\":" + jsonString(attachment->device) + ",\"channel\":\"" +
                            attachment->stream.channelId() + "\",\"client\":" + jsonString(attachment->client) + "}";
    }
  }
  change.devicesJson += ']';
  broadcast_.presenceChanged(std::move(change));
}

}  // namespace gw::session
