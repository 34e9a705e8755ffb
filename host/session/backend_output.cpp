// What backends send, on the session's loop: output, prompts, disconnects.

#include "session/session_manager.h"

namespace gw::session {

void SessionManager::output(const SessionId& id, plugin::EventPtr event) {
  Session* session = find(id);
  if (!session || (session->state() != State::kPlaying && session->state() != State::kDisconnected)) return;
  const auto shared = plugin::makeLoopEvent(std::move(event));
  session->emit(*shared);
  // Nobody else will ask for this event's bodies; the log keeps the event alone.
  session->afterCommit([shared] { shared->dropBodies(); });
}

void SessionManager::prompt(const SessionId& id, std::string text, bool echo) {
  Session* session = find(id);
  if (!session || session->state() != State::kPlaying) return;
  session->echoOff = !echo;
  plugin::Event event;
  event.delivery = plugin::Delivery::kLatest;
  event.latestKey = "prompt";
  event.kind = plugin::EventKind::kPrompt;
  event.name = "prompt";
  event.flags = echo ? GW_EVENT_ECHO_ON : GW_EVENT_ECHO_OFF;
  event.text = std::move(text);
  session->emit(*plugin::makeLoopEvent(std::move(event)));
}

void SessionManager::backendDisconnect(const SessionId& id, const std::string& reason, const std::string& text) {
  Session* session = find(id);
  if (!session) return;
  // The player's own goodbye ends as one; a kick must not be followed by a resume either.
  const uint32_t code = reason == "clientDisconnect" ? GW_CLOSE_NORMAL : GW_CLOSE_POLICY;
  session->afterCommit([this, id, code, text] {
    if (Session* leaving = find(id)) close(*leaving, code, text);
  });
}

void SessionManager::joinRoom(const SessionId& id, const std::string& room) {
  Session* session = find(id);
  if (!session) return;
  broadcast_.joinRoom(*session, room);
  if (session->journal) session->journal->rooms(session->rooms);
}

void SessionManager::leaveRoom(const SessionId& id, const std::string& room) {
  Session* session = find(id);
  if (!session) return;
  broadcast_.leaveRoom(*session, room);
  if (session->journal) session->journal->rooms(session->rooms);
}

}  // namespace gw::session
