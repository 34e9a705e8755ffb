// How long one may stay: before login, idle, in all; and how long a session waits without connections.

#include <strings.h>

#include <algorithm>

#include "session/login_flow.h"
#include "session/session_manager.h"

namespace gw::session {
namespace {

constexpr uint64_t kMs = 1'000'000;
constexpr uint64_t kNever = UINT64_MAX;

uint64_t earlier(uint64_t atNs, uint64_t byNs) { return atNs == kNever ? kNever : atNs - std::min(atNs, byNs); }

void warn(Session& session, std::string text, const char* what) {
  plugin::Event warning;
  warning.delivery = plugin::Delivery::kDrop;
  warning.text = std::move(text);
  warning.dataJson = std::string("\"") + what + "\":true";
  session.emit(*plugin::makeLoopEvent(std::move(warning)));
}

}  // namespace

bool SessionManager::isExempt(const Identity& user) const {
  return std::any_of(limits_.exemptUsers.begin(), limits_.exemptUsers.end(), [&](const std::string& exempt) {
    return exempt == user.userId || strcasecmp(exempt.c_str(), user.userName.c_str()) == 0;
  });
}

// Only user input counts: pings and acknowledgements come from programs.
uint64_t SessionManager::idleEndNs(const Session& session) const {
  if (session.state() != State::kPlaying || limits_.idleMs == 0 || isExempt(session.user)) return kNever;
  return session.lastInputNs + limits_.idleMs * kMs;
}

// From the session's making, restarts of the host included.
uint64_t SessionManager::lifetimeEndNs(const Session& session) const {
  if (session.state() != State::kPlaying || limits_.lifetimeMs == 0 || isExempt(session.user)) return kNever;
  const int64_t leftUs = session.createdAtUs + static_cast<int64_t>(limits_.lifetimeMs) * 1000 - nowUs();
  return nowNs() + static_cast<uint64_t>(std::max<int64_t>(leftUs, 0)) * 1000;
}

void SessionManager::onSessionTimer(void* owner) {
  auto& session = *static_cast<Session*>(owner);
  session.manager->sessionTimer(session);
}

void SessionManager::armTimer(Session& session) {
  if (session.state() == State::kDisconnected) return session.timer.setAfterMs(limits_.inMemoryMs);
  if (session.attachments().empty()) return session.timer.setAtNs(session.leaseUntilNs);
  const uint64_t warnNs = limits_.idleWarnMs * kMs;
  const uint64_t idleAt = earlier(idleEndNs(session), session.idleWarned ? 0 : warnNs);
  const uint64_t lifetimeAt = earlier(lifetimeEndNs(session), session.lifetimeWarned ? 0 : warnNs);
  const uint64_t next = std::min(idleAt, lifetimeAt);
  if (next == kNever) return session.timer.cancel();
  session.timer.setAtNs(next);
}

void SessionManager::sessionTimer(Session& session) {
  if (session.state() == State::kDisconnected) return unload(session);
  if (session.attachments().empty()) {
    if (nowNs() >= session.leaseUntilNs) return lastConnectionGone(session, GW_CLOSE_LOST);
    return armTimer(session);
  }
  const uint64_t idleEnd = idleEndNs(session);
  const uint64_t lifetimeEnd = lifetimeEndNs(session);
  if (nowNs() >= lifetimeEnd) {
    ++services_.counters.lifetimesEnded;
    return close(session, GW_CLOSE_POLICY, "Your session has lasted as long as one may here. Log in again to go on.");
  }
  if (nowNs() >= idleEnd) {
    ++services_.counters.idleEnded;
    disconnectAll(session, GW_CLOSE_IDLE, "You were away for too long.");
    return lastConnectionGone(session, GW_CLOSE_IDLE);
  }
  const uint64_t warnNs = limits_.idleWarnMs * kMs;
  const std::string seconds = std::to_string(limits_.idleWarnMs / 1000);
  const std::string inTime = "in " + seconds + (seconds == "1" ? " second" : " seconds");
  if (!session.lifetimeWarned && nowNs() >= earlier(lifetimeEnd, warnNs)) {
    session.lifetimeWarned = true;
    warn(session, "Your session ends " + inTime + ": it has lasted as long as one may here.", "lifetime");
  }
  if (!session.idleWarned && nowNs() >= earlier(idleEnd, warnNs)) {
    session.idleWarned = true;
    warn(session, "You will be disconnected " + inTime + " unless you type something.", "idle");
  }
  armTimer(session);
}

void SessionManager::checkLoginDeadline(Attachment& attachment) {
  const uint64_t age = (nowNs() - attachment.stream.openedAtNs()) / kMs;
  const bool answering = nowNs() - attachment.lastSeenNs < limits_.loginMs * kMs;
  const uint64_t limit = answering ? limits_.loginAnsweringMs : limits_.loginMs;
  if (age < limit) return;
  plugin::CloseInfo info;
  info.code = GW_CLOSE_POLICY;
  info.text = "You took too long to log in.";
  attachment.stream.beginClose(info);
}

}  // namespace gw::session
