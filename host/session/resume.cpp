// Coming back: reconnect tokens, typed codes, and HTTP requests bound to a session.

#include <algorithm>

#include "base/crypto.h"
#include "base/log.h"
#include "gw/http.h"
#include "session/backend_port.h"
#include "session/client_api.h"
#include "session/login_flow.h"
#include "session/session_manager.h"
#include "session/terminals.h"
#include "store/store_worker.h"

namespace gw::session {

void SessionManager::resume(ResumeRequest request) {
  SessionManager& target = home(request.session);
  request.arrivedNs = nowNs();
  if (request.caller.streamId == 0) {
    target.loop_.post([&target, request = std::move(request)]() mutable { target.resumeHere(std::move(request)); });
    return;
  }
  Attachment* attachment = attachmentOf(request.caller.streamId);
  if (!attachment) return;
  attachment->stream.setHelloPending(true);
  detachFrom(*attachment);
  const uint64_t streamId = request.caller.streamId;
  moveStreamTo(target, streamId,
               [&target, request = std::move(request)](Attachment&) mutable { target.resumeHere(std::move(request)); });
}

void SessionManager::resumeHere(ResumeRequest request) {
  const SessionId id = request.session;
  load(id, [this, request = std::move(request)](Result<Session*> loaded) mutable {
    if (!loaded) return refuseResume(request, loaded.error());
    Session* session = *loaded;
    if (!session || (session->state() != State::kDisconnected && session->state() != State::kPlaying))
      return refuseResume(request, sessionGone());
    resumeLoaded(*session, std::move(request));
  });
}

void SessionManager::resumeLoaded(Session& session, ResumeRequest request) {
  if (services_.admission.isBannedUser(session.user.userId, session.user.userName)) {
    close(session, GW_CLOSE_POLICY, "You are banned.");
    return refuseResume(request, fail(ErrorCode::kForbidden, "You are banned.", "permissionDenied"));
  }
  if (request.isCode) {
    // A terminal, which is told no token. If the one that asked is forgotten, it gets all there is.
    askTerminals(session);
    const Lineage* asking = session.lineage(request.codeLineage);
    request.from = asking ? asking->acknowledged : Position{};
    const uint32_t opened = session.newLineage(request.device, request.from).id;
    session.timer.cancel();  // as below
    return tellOnceSaved(session, [this, opened, request = std::move(request)](Session* saved) {
      if (!saved) return refuseResume(request, sessionGone());
      resumeCommitted(*saved, opened, request, {});
    });
  }
  // While somebody plays no token of the session expires.
  if (session.state() == State::kPlaying) extendTokens(session);
  const Hash presented = hashOf(request.secret);
  Lineage* lineage = nullptr;
  for (Lineage& candidate : session.lineages())
    if (candidate.tokens.knows(presented)) lineage = &candidate;
  if (!lineage) return refuseResume(request, sessionGone());
  // The client gave this try up and made the same one again, which overtook it on another loop. Granted
  // now, it would void the token that the client has just been given.
  const Attachment* asking = request.caller.streamId ? attachmentOf(request.caller.streamId) : nullptr;
  const bool isGivenUp = request.caller.streamId && (!asking || asking->stream.connection().hasPeerLeft());
  if (isGivenUp || request.arrivedNs < lineage->resumedNs)
    return refuseResume(request, fail(ErrorCode::kConflict, "a later try of yours has resumed this session"));
  const SessionToken next = SessionToken::make(session.id());
  const int64_t expiresAt = nowUs() + static_cast<int64_t>(limits_.resumeWindowMs) * 1000;
  const auto use = lineage->tokens.use(presented, hashOf(request.attempt), hashOf(next.secret), nowUs(), expiresAt);
  switch (use) {
    case TokenChain::Use::kIssued:
    case TokenChain::Use::kIssuedAgain:
      lineage->resumedNs = request.arrivedNs;
      break;
    case TokenChain::Use::kStolen:
      log::warn("audit", "a reconnect token was used after it had been replaced; the session's tokens are revoked",
                {{"session", session.id().toString().substr(0, 8)}, {"user", session.user.userName}});
      revokeTokens(session);
      return refuseResume(request, sessionGone());
    case TokenChain::Use::kExpired:
      return refuseResume(request,
                          fail(ErrorCode::kUnauthorized, "this session has expired; log in again", "sessionExpired"));
    case TokenChain::Use::kOtherAttempt:
    case TokenChain::Use::kWrong:
      return refuseResume(request, sessionGone());
  }
  // Whoever holds this lineage's older connection is superseded by this one.
  const std::vector<Attachment*> attached = session.attachments();
  for (Attachment* older : attached) {
    if (older->lineage != lineage->id) continue;
    session.detach(*older);
    older->stream.beginClose({GW_CLOSE_REPLACED, "This session continues on a newer connection.", false, 0, 500});
  }
  session.timer.cancel();  // it must not be unloaded while its rotation is on the way
  // Committed before hello-ok, in relaxed too.
  saveNow(session, false,
          [this, id = session.id(), lineageId = lineage->id, request = std::move(request),
           token = next.encode()](bool committed) {
            Session* saved = find(id);
            if (saved && !committed) abandonResume(*saved);
            if (!saved) return refuseResume(request, sessionGone());  // it ended meanwhile
            if (!committed)
              return refuseResume(request, fail(ErrorCode::kUnavailable, "the store is not available; try again"));
            resumeCommitted(*saved, lineageId, request, token);
          });
}

void SessionManager::resumeCommitted(Session& session, uint32_t lineageId, const ResumeRequest& request,
                                     const std::string& newToken) {
  Lineage* lineage = session.lineage(lineageId);
  Attachment* attachment = request.caller.streamId ? attachmentOf(request.caller.streamId) : nullptr;
  if (request.caller.streamId && !attachment) {
    return abandonResume(session);  // its network died during the answer; the same attempt may come again
  }
  if (!lineage) {
    abandonResume(session);
    return refuseResume(request, sessionGone());
  }
  stayLoaded(session);
  const bool wasAway = session.state() == State::kDisconnected;
  if (wasAway) (void)session.setState(State::kPlaying);
  ++services_.counters.resumed;
  lineage->lastSeenNs = nowNs();
  if (!request.device.empty()) lineage->device = request.device;
  session.acknowledge(lineageId, request.from);
  session.lastActivityUs = nowUs();
  session.lastInputNs = nowNs();
  std::string connId = "r" + std::to_string(request.caller.requestId);
  if (attachment) {
    connId = attachment->connectionId();
    attachment->device = lineage->device;
    session.attach(*attachment, lineageId);
    attachment->stream.notice(GW_NOTICE_ATTACHED, session.epoch, 1);
  } else {
    session.leaseUntilNs = nowNs() + limits_.leaseMs * 1'000'000;
  }
  lineage->helloConnection = connId;
  const std::string hello = helloOkJson(&session, lineage, attachment, connId, true, newToken);
  reply(request.caller, hello);
  if (attachment) {
    attachment->stream.setHelloPending(false);
    attachment->login.reset();
    if (attachment->stream.isTextOnly()) {
      plugin::Event event;
      event.text = "You are back.";
      Session::emitPrivate(*attachment, std::move(event));
      lineage->isTerminal = request.isCode;
      noteTerminalUsed(*attachment);
    }
    // What has arrived at a terminal of this lineage is beyond what its client can tell.
    const Position from = attachment->stream.isTextOnly() ? lineage->acknowledged : request.from;
    announceRepeats(*attachment, from);
    session.replay(*attachment, from);
    if (request.isCode) forgetGoneTerminals(session);
    noteAuthenticated(session);
    evictBeyondLimit(session, *attachment);
  }
  if (wasAway && services_.backend) backend()->reconnected(session.id());
  announcePresence(session);
  armTimer(session);
}

// The resume came to nothing after the older connection had been let go.
void SessionManager::abandonResume(Session& session) {
  const bool isAlone = session.attachments().empty() && nowNs() >= session.leaseUntilNs;
  if (isAlone && session.state() == State::kPlaying) return lastConnectionGone(session, GW_CLOSE_LOST);
  armTimer(session);
}

void SessionManager::refuseResume(const ResumeRequest& request, const Error& error) {
  ++services_.counters.resumeRefused;
  Attachment* attachment = request.caller.streamId ? attachmentOf(request.caller.streamId) : nullptr;
  if (attachment && !request.caller.wantsFrame()) {
    reply(request.caller, error);
    // A terminal: say why, then start over with the ordinary questions.
    plugin::Event event;
    event.text = error.message;
    Session::emitPrivate(*attachment, std::move(event));
    attachment->stream.setHelloPending(false);
    attachment->login.reset();
    return startTerminal(*attachment);
  }
  if (attachment) attachment->introduced = false;  // it may connect again with credentials
  reply(request.caller, error);
}

void SessionManager::resumeByCode(Attachment& attachment, const std::string& typed) {
  const std::string code = normaliseTypedCode(typed);
  const uint64_t streamId = attachment.stream.id();
  const auto refuse = [](Attachment& to, const Error& why) {
    if (to.login) to.login->entered(&why);
  };
  const Error wrong =
      fail(ErrorCode::kUnauthorized, "That code is not known, or it has expired.", "invalidCredentials");
  if (code.empty() || !services_.store) return refuse(attachment, wrong);
  const std::string address = attachment.stream.peer().limitKey();
  if (const uint64_t waitMs = services_.codeGuesses.begin(address, nowNs() / 1'000'000); waitMs > 0) {
    ++services_.counters.codesThrottled;
    return refuse(attachment, fail(ErrorCode::kRateLimited, "Too many tries. Wait a moment and try again."));
  }
  auto found = std::make_shared<std::optional<store::TokenRecord>>();
  readOf(
      SessionId{},  // it says which
      [found, hash = toHex(hashOf(code)), now = nowUs()](store::SessionStore& store) -> Result<void> {
        found->reset();
        auto token = store.findToken(hash, now);
        if (!token) return token.error();
        if (!*token || (*token)->kind != "code") return {};
        *found = **token;
        return store.deleteToken(hash);  // single use
      },
      [this, streamId, found, refuse, wrong, address](Result<void> result) {
        loop_.post([this, streamId, found, refuse, wrong, address, ok = result.ok()] {
          using End = CodeGuesses::End;
          services_.codeGuesses.ended(address,
                                      !ok      ? End::kNotChecked
                                      : *found ? End::kRight
                                               : End::kWrong,
                                      nowNs() / 1'000'000);
          Attachment* back = attachmentOf(streamId);
          if (!back || !back->session) return;  // it left, or was closed meanwhile
          if (!ok) return refuse(*back, fail(ErrorCode::kUnavailable, "The store is not available. Try again."));
          if (!*found) return refuse(*back, wrong);
          ResumeRequest request;
          request.session = (*found)->session;
          request.isCode = true;
          request.codeLineage = static_cast<uint32_t>(std::strtoul((*found)->lineage.c_str(), nullptr, 10));
          request.device = back->device;
          request.caller = Caller{static_cast<size_t>(loop_.index()), streamId, 0, 0, {}};
          resume(std::move(request));
        });
      });
}

// --- HTTP -------------------------------------------------------------------------------------------

gw_status SessionManager::bindRequest(std::shared_ptr<plugin::Request> request, uint32_t kind,
                                      std::string_view credential, uint64_t epoch, uint64_t seq, uint64_t token) {
  // A cookie is "name=value"; its value is what was minted for the attach token.
  if (kind == GW_BIND_COOKIE) credential.remove_prefix(std::min(credential.find('=') + 1, credential.size()));
  const auto parsed = SessionToken::decode(credential);
  const Caller caller{static_cast<size_t>(loop_.index()), 0, request->id(), token, {}};
  if (!parsed) {
    loop_.post([this, caller] { answerBinding(caller, 401, {}, nullptr, 0); });
    return GW_OK;
  }
  SessionManager& target = home(parsed->session);
  target.loop_.post([&target, caller, kind, credentials = *parsed, from = Position{epoch, seq}] {
    target.load(credentials.session, [&target, caller, kind, credentials, from](const Result<Session*>& session) {
      target.bindHere(caller, kind, credentials, from, !session.ok());
    });
  });
  return GW_OK;
}

void SessionManager::bindHere(Caller caller, uint32_t kind, const SessionToken& credential, Position from,
                              bool isStoreAway) {
  SessionManager& origin = *services_.managers[caller.loop];
  const auto answer = [&](uint32_t status, std::string cookie, std::unique_ptr<PendingBinding> binding) {
    origin.loop_.post([&origin, caller, status, cookie = std::move(cookie), binding = std::move(binding),
                       homeIndex = static_cast<size_t>(loop_.index())]() mutable {
      origin.answerBinding(caller, status, cookie, std::move(binding), homeIndex);
    });
  };
  Session* session = find(credential.session);
  if (isStoreAway && !session) return answer(503, {}, nullptr);
  // 204 ends an EventSource for good; 401 tells a fetch stream to resume by its token.
  if (!session) return answer(kind == GW_BIND_BEARER ? 401u : 204u, {}, nullptr);
  const Hash presented = hashOf(credential.secret);
  auto binding = std::make_unique<PendingBinding>();
  binding->session = session->id();
  std::string cookie;
  for (Lineage& lineage : session->lineages()) {
    if (kind == GW_BIND_BEARER && (sameHash(presented, lineage.access) || lineage.previousAccess.matches(presented))) {
      binding->lineage = lineage.id;
      binding->device = lineage.device;
      binding->from = std::max(from, lineage.acknowledged);
      if (sameHash(presented, lineage.access)) lineage.tokens.confirm();
    } else if (kind == GW_BIND_COOKIE && lineage.cookie.matches(presented)) {
      binding->lineage = lineage.id;
      binding->device = lineage.device;
      binding->from = std::max(from, lineage.acknowledged);
    } else if (kind == GW_BIND_ATTACH && !isEmpty(lineage.attach) && sameHash(presented, lineage.attach) &&
               nowNs() < lineage.attachUntilNs) {
      const Position start = std::max(from, lineage.attachFrom);
      lineage.attach = {};  // single use
      const std::string device = lineage.device;
      const SessionToken minted = SessionToken::make(session->id());
      Lineage& opened = session->newLineage(device, start);
      opened.cookie.set(hashOf(minted.secret));
      binding->lineage = opened.id;
      binding->device = device;
      binding->from = start;
      // Named after the attach token, so that two tabs of two users never cross.
      cookie = "gw_" + sha256Hex(credential.encode()).substr(0, 16) + "=" + minted.encode() +
               "; Path=/events; HttpOnly; SameSite=Strict";
      break;  // newLineage may have moved the list
    }
  }
  if (binding->lineage == 0) return answer(kind == GW_BIND_BEARER ? 401u : 204u, {}, nullptr);
  if (session->state() == State::kDisconnected) armTimer(*session);  // it stays here until the stream has come
  answer(200, std::move(cookie), std::move(binding));
}

void SessionManager::answerBinding(const Caller& caller, uint32_t status, const std::string& cookie,
                                   std::unique_ptr<PendingBinding> binding, size_t homeIndex) {
  const auto request = streams_.findRequest(caller.requestId);
  if (!request) return;
  plugin::RequestAnswer message;
  message.httpStatus = status;
  message.status = status == 200 ? GW_OK : GW_E_STATE;
  message.setCookie = cookie;
  if (status == 401) message.body = errorJson(sessionGone());
  request->answer(caller.token, message, std::move(binding), homeIndex);
}

void SessionManager::attachBound(plugin::Stream& stream) {
  const auto owned = stream.swapContext(nullptr);
  const auto& binding = dynamic_cast<const PendingBinding&>(*owned);
  Attachment& attachment = attachmentFor(stream);
  attachment.introduced = true;
  attachment.device = binding.device;
  Session* session = find(binding.session);
  if (!session || !session->lineage(binding.lineage)) {
    return stream.beginClose({GW_CLOSE_SHUTDOWN, "The session has ended.", false, 0, 500});
  }
  const bool wasAway = session->state() == State::kDisconnected;
  if (wasAway) (void)session->setState(State::kPlaying);
  session->attach(attachment, binding.lineage);
  session->leaseUntilNs = 0;
  stayLoaded(*session);
  if (!session->user.userId.empty()) noteAuthenticated(*session);
  stream.notice(GW_NOTICE_ATTACHED, session->epoch, 1);
  session->acknowledge(binding.lineage, binding.from);
  session->replay(attachment, binding.from);
  evictBeyondLimit(*session, attachment);
  if (wasAway && services_.backend) backend()->reconnected(session->id());
  announcePresence(*session);
  armTimer(*session);
}

gw_status SessionManager::frameRequest(std::shared_ptr<plugin::Request> request, std::string_view bearer,
                                       std::string_view utf8, uint64_t token) {
  return ClientApi(*this).onRequest(*request, bearer, utf8, token);
}

}  // namespace gw::session
