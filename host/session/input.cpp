// What streams bring: hello, typed lines, commands, frames, acknowledgements; and its limits.

#include "base/log.h"
#include "gw/host.h"
#include "session/client_api.h"
#include "session/login_flow.h"
#include "session/loop_journal.h"
#include "session/session_manager.h"
#include "session/terminals.h"
#include "session/text/sanitize.h"

namespace gw::session {
namespace {

std::string text(gw_slice slice) { return slice.len ? std::string(slice.ptr, slice.len) : std::string(); }

plugin::Event notice(std::string line) {
  plugin::Event event;
  event.text = std::move(line);
  return event;
}

}  // namespace

const char* SessionManager::admit(const net::PeerAddress& peer, bool isNewSocket) {
  return services_.admission.admit(peer, nowNs(), isNewSocket ? net::Arrival::kSocket : net::Arrival::kStream);
}

gw_status SessionManager::charge(plugin::Stream& stream, uint32_t units) {
  Attachment& attachment = attachmentFor(stream);
  attachment.lastSeenNs = nowNs();
  if (attachment.units.take(units, limits_.unitRate, limits_.unitBurst, nowNs())) return GW_OK;
  ++services_.counters.rateLimited;
  return GW_E_LIMIT;
}

gw_status SessionManager::hello(plugin::Stream& stream, uint64_t token, const gw_hello& hello) {
  Attachment& attachment = attachmentFor(stream);
  if (attachment.introduced) return GW_E_STATE;
  attachment.introduced = true;
  attachment.caps = hello.caps;
  attachment.width = hello.width;
  attachment.height = hello.height;
  attachment.client = sanitizeInput(text(hello.client_p));
  attachment.device = sanitizeInput(text(hello.device_p).substr(0, 64));
  attachment.gameSession = text(hello.game_session_p).substr(0, 64);
  if (hello.mode == GW_HELLO_RESUME) {
    const auto credential = SessionToken::decode(text(hello.credential_p));
    stream.setHelloPending(true);
    ResumeRequest request;
    request.caller = Caller{static_cast<size_t>(loop_.index()), stream.id(), 0, token, {}};
    if (!credential)
      return refuseResume(request, fail(ErrorCode::kUnauthorized, "this token is not one of ours", "sessionNotFound")),
             GW_OK;
    request.session = credential->session;
    request.secret = credential->secret;
    request.attempt = text(hello.attempt_p);
    request.device = attachment.device;
    request.from = {hello.epoch, hello.last_seq};
    resume(std::move(request));
    return GW_OK;
  }
  if (token != 0) stream.answer(token, GW_OK, "{}");
  startTerminal(attachment);
  return GW_OK;
}

void SessionManager::startTerminal(Attachment& attachment) {
  Session* session = create(attachment.stream.channelId(), attachment.stream.peer().ip);
  if (!session) {
    plugin::CloseInfo info;
    info.code = GW_CLOSE_SHUTDOWN;
    info.text = "The gateway is full. Please try again later.";
    info.retry = true;
    info.retryAfterMs = 5000;
    return attachment.stream.beginClose(info);
  }
  (void)session->setState(State::kAuthenticating);
  session->attach(attachment, 0);
  attachment.login = std::make_unique<LoginFlow>(*this, attachment);
  attachment.login->start();
}

gw_status SessionManager::submit(plugin::Stream& stream, uint64_t token, const gw_input& input) {
  if (isPaused_ || isJournalFull(stream)) return GW_E_AGAIN;
  Attachment& attachment = attachmentFor(stream);
  attachment.lastSeenNs = nowNs();
  if (input.kind == GW_INPUT_CAPS) {
    attachment.caps = input.caps;
    attachment.width = input.width;
    attachment.height = input.height;
    return charge(stream, 1);
  }
  if (input.kind == GW_INPUT_PING) return charge(stream, 1);
  if (!attachment.session) return GW_E_STATE;
  if (input.kind == GW_INPUT_COMMAND) return submitCommand(attachment, token, input);
  if (attachment.login && attachment.login->isWaiting()) return GW_E_AGAIN;
  if (input.text_p.len > limits_.preAuthBytes) return GW_E_LIMIT;
  if (refusedForMs(*attachment.session, &attachment) != 0) {
    Session::emitPrivate(attachment, notice("You type too fast; that line was not taken."));
    return GW_E_LIMIT;
  }
  const SessionId asked = attachment.session->id();
  const Caller caller{static_cast<size_t>(loop_.index()), stream.id(), 0, token, {}};
  handleTypedLine(attachment, sanitizeInput(std::string_view(input.text_p.ptr, input.text_p.len)));
  if (token == 0) return GW_OK;
  // The line may have ended the session ("quit"), or brought its connection to another one.
  Session* session = find(asked);
  if (!session) return reply(caller, std::string("{}")), GW_OK;
  replyOnceCommitted(*session, caller, "{}", Urgency::kMayWait);
  return GW_OK;
}

gw_status SessionManager::submitCommand(Attachment& attachment, uint64_t token, const gw_input& input) {
  Session& session = *attachment.session;
  if (session.state() != State::kPlaying) return GW_E_STATE;
  if (input.client_seq == 0) return GW_E_INVALID;
  if (input.text_p.len > limits_.maxPayloadBytes) return GW_E_LIMIT;
  if (refusedForMs(session, &attachment) != 0) return GW_E_LIMIT;
  const Caller caller{static_cast<size_t>(loop_.index()), attachment.stream.id(), 0, token, {}};
  takeCommand(session, {caller, &attachment, attachment.device, input.client_seq},
              std::string_view(input.text_p.ptr, input.text_p.len));
  return GW_OK;
}

void SessionManager::takeCommand(Session& session, const NumberedBy& by, std::string_view text) {
  if (by.clientSeq != 0) {
    // A refused command must not advance the device's count: look before anything is taken.
    const uint64_t last = session.lastClientSeq(by.device);
    if (by.clientSeq <= last) {
      // The first one may still be on its way to the disk.
      return replyOnceCommitted(session, by.caller, "{\"duplicate\":true}");
    }
    if (by.clientSeq > last + 1) {
      const std::string expected = "{\"expected\":" + std::to_string(last + 1) + "}";
      return reply(by.caller, fail(ErrorCode::kConflict, "clientSeq is ahead", expected));
    }
  }
  const std::string line = sanitizeInput(text);
  const bool isOwn = by.attachment && handleOwnCommand(session, *by.attachment, line);
  if (!isOwn && !playLine(session, nullptr, line)) {
    return reply(by.caller, fail(ErrorCode::kUnavailable, "the game is not answering; the command was not taken"));
  }
  uint64_t expected = 0;
  if (by.clientSeq != 0) session.acceptCommand(by.device, by.clientSeq, expected);
  // Most commands are answered by output at once: one write for both.
  replyOnceCommitted(session, by.caller, "{\"duplicate\":false}", Urgency::kMayWait);
}

bool SessionManager::isJournalFull(plugin::Stream& stream) {
  if (!journal_ || !journal_->isFull()) return false;
  if (unread_.empty() || unread_.back() != stream.id()) unread_.push_back(stream.id());
  return true;
}

void SessionManager::readAgain() {
  for (const uint64_t id : std::exchange(unread_, {}))
    if (plugin::Stream* stream = streams_.find(id)) stream->connection().kick();
}

uint64_t SessionManager::refusedForMs(Session& session, Attachment* from) {
  double rate = limits_.commandRate;
  double burst = limits_.commandBurst;
  if (from) {
    const plugin::AccountTraits& traits = from->stream.traits();
    if (traits.commandRate > 0) rate = traits.commandRate;
    burst = commandBurst(traits);
  }
  TokenBucket& bucket = from ? from->commands : session.requests;
  if (!bucket.take(1, rate, burst, nowNs())) {
    ++services_.counters.rateLimited;
    return std::max<uint64_t>(1, bucket.waitMs(rate));
  }
  // Before login there is no user; afterwards each of their sessions has its share.
  const double share = 1.0 / static_cast<double>(std::max<size_t>(1, session.sessionsOfUser));
  const double userRate = limits_.userCommandRate * share;
  const double userBurst = std::max(1.0, limits_.userCommandBurst * share);
  if (session.user.userId.empty() || session.userCommands.take(1, userRate, userBurst, nowNs())) return 0;
  ++services_.counters.userRateLimited;
  return std::max<uint64_t>(1, session.userCommands.waitMs(userRate));
}

void SessionManager::handleTypedLine(Attachment& attachment, std::string line) {
  Session& session = *attachment.session;
  session.lastInputNs = nowNs();
  session.idleWarned = false;
  if (attachment.login) return attachment.login->onLine(std::move(line));
  if (session.state() != State::kPlaying) return;
  noteTerminalUsed(attachment);
  if (!handleOwnCommand(session, attachment, line)) playLine(session, &attachment, line);
}

// What only the gateway can answer; everything else is the backend's.
bool SessionManager::handleOwnCommand(Session& session, Attachment& attachment, const std::string& line) {
  if (session.echoOff) return false;
  const size_t start = line.find_first_not_of(' ');
  if (start == std::string::npos) return false;
  const size_t end = line.find_last_not_of(' ');
  if (line.compare(start, end - start + 1, "/token") != 0) return false;
  const std::string code = issueTypedCode(attachment);
  plugin::Event event = notice("Your code: " + code + "\nWithin 10 minutes, type \"reconnect " + code +
                               "\" instead of a name on any other connection to continue this session there.");
  event.dataJson = "\"code\":\"" + code + "\"";
  Session::emitPrivate(attachment, std::move(event));
  return true;
}

bool SessionManager::playLine(Session& session, Attachment* from, const std::string& line) {
  ++services_.counters.commands;
  session.lastInputNs = nowNs();
  session.idleWarned = false;
  if (session.echoOff) {
    // Answered under a hidden prompt: never queued, stored or logged.
    session.echoOff = false;
    session.afterCommit([this, id = session.id(), line] {
      if (services_.backend) backend()->privateCommand(id, line);
    });
    return true;
  }
  uint64_t seq = 0;
  if (!session.queueCommand(seq, line)) {
    if (from) Session::emitPrivate(*from, notice("The game is not answering; that line was not taken."));
    return false;
  }
  session.afterCommit([this, id = session.id(), seq, line] { giveToBackend(id, seq, line); });
  return true;
}

void SessionManager::commandsDone(const SessionId& id, uint64_t seq) {
  if (Session* session = find(id)) session->commandsAcknowledged(seq);
}

void SessionManager::giveToBackend(const SessionId& id, uint64_t seq, const std::string& line) {
  if (services_.restoring) return;
  if (services_.backend && services_.backend->isUp()) backend()->command(id, seq, line);
}

Backend* SessionManager::backend() {
  if (services_.backend && !isPushDue_) {
    isPushDue_ = true;
    loop_.atTurnEnd([this] {
      isPushDue_ = false;
      services_.backend->push();
    });
  }
  return services_.backend;
}

gw_status SessionManager::frame(plugin::Stream& stream, std::string_view utf8) {
  if (isPaused_ || isJournalFull(stream)) return GW_E_AGAIN;
  Attachment& attachment = attachmentFor(stream);
  attachment.lastSeenNs = nowNs();
  const size_t limit = attachment.authenticated ? limits_.maxPayloadBytes : limits_.preAuthBytes;
  if (utf8.size() > limit) return GW_E_LIMIT;
  return ClientApi(*this).onFrame(attachment, utf8);
}

void SessionManager::ack(plugin::Stream& stream, uint64_t epoch, uint64_t seq) {
  auto* attachment = dynamic_cast<Attachment*>(stream.context());
  if (attachment && attachment->session) attachment->session->acknowledge(attachment->lineage, {epoch, seq});
}

}  // namespace gw::session
