#include "gateway_sink.h"

#include "broadcast/bus.h"
#include "gateway_congestion.h"
#include "session/journal.h"
#include "session/session_manager.h"
#include "session/text/sanitize.h"

namespace gw {
namespace {

/// A backend's text may carry SGR; it becomes spans. A text that brings spans has been rendered before.
plugin::Event cleaned(plugin::Event event) {
  if (event.kind == plugin::EventKind::kData || !event.spans.empty()) return event;
  if (event.text.find('\x1b') == std::string::npos) {
    event.text = session::sanitizeInput(event.text);
    return event;
  }
  session::Styled styled = session::renderSgr(event.text);
  event.text = std::move(styled.text);
  event.spans = std::move(styled.spans);
  return event;
}

}  // namespace

template <typename F>
void GatewaySink::atHome(const SessionId& id, size_t bytes, F&& then) {
  session::SessionManager& home = *services_.managers[homeLoop(id, services_.managers.size())];
  home.loop().post([&home, then = std::forward<F>(then)]() mutable { then(home); }, bytes);
}

void GatewaySink::output(SessionId session, plugin::Event event, uint64_t) {
  const size_t bytes = plugin::sizeOf(event);
  auto shared = std::make_shared<const plugin::Event>(cleaned(std::move(event)));
  atHome(session, bytes,
         [session, shared = std::move(shared)](auto& home) mutable { home.output(session, std::move(shared)); });
}

void GatewaySink::prompt(SessionId session, std::string text, bool echo) {
  atHome(session, text.size(), [session, text = session::sanitizeInput(text), echo](auto& home) mutable {
    home.prompt(session, std::move(text), echo);
  });
}

void GatewaySink::acknowledge(SessionId session, uint64_t seq) {
  atHome(session, 0, [session, seq](auto& home) { home.commandsDone(session, seq); });
}

void GatewaySink::disconnect(SessionId session, std::string reason, std::string text) {
  atHome(session, 0, [session, reason = std::move(reason), text = std::move(text)](auto& home) {
    home.backendDisconnect(session, reason, text);
  });
}

void GatewaySink::broadcastToRoom(std::string room, plugin::Event event, std::vector<SessionId> exclude,
                                  std::vector<std::string> excludeUsers) {
  broadcast::Filter filter;
  filter.room = std::move(room);
  filter.exclude = std::move(exclude);
  filter.excludeUsers = std::move(excludeUsers);
  bus_.publish(cleaned(std::move(event)), std::move(filter));
}

void GatewaySink::broadcast(plugin::Event event) { bus_.publish(cleaned(std::move(event)), {}); }

void GatewaySink::joinRoom(SessionId session, std::string room) {
  atHome(session, 0, [session, room = std::move(room)](auto& home) { home.joinRoom(session, room); });
}

void GatewaySink::leaveRoom(SessionId session, std::string room) {
  atHome(session, 0, [session, room = std::move(room)](auto& home) { home.leaveRoom(session, room); });
}

void GatewaySink::setPlain(SessionId session, bool plain) {
  atHome(session, 0, [session, plain](auto& home) {
    if (auto* found = home.find(session)) found->user.plain = plain;
  });
}

void GatewaySink::broadcastTo(plugin::Event event, std::vector<SessionId> include, std::vector<SessionId> exclude) {
  broadcast::Filter filter;
  filter.include = std::move(include);
  filter.exclude = std::move(exclude);
  bus_.publish(cleaned(std::move(event)), std::move(filter));
}

void GatewaySink::frame(const SessionId& session, session::SessionFrame frame) {
  size_t bytes = sizeof frame + frame.text.size();
  if (frame.event) bytes += plugin::sizeOf(*frame.event);
  if (frame.kind == session::SessionFrame::Kind::kPrompt || frame.kind == session::SessionFrame::Kind::kDisconnect)
    frame.text = session::sanitizeInput(frame.text);
  atHome(session, bytes, [session, frame = std::move(frame)](auto& home) { home.frame(session, frame); });
}

void GatewaySink::introduce(const SessionId& session) {
  atHome(session, 0, [session](auto& home) { home.introduce(session); });
}

void GatewaySink::giveAgain(const SessionId& session, uint64_t fromSeq) {
  atHome(session, 0, [session, fromSeq](auto& home) { home.giveAgain(session, fromSeq); });
}

void GatewaySink::describe(const SessionId& session, session::Reply<session::SessionFacts> reply) {
  atHome(session, 0, [session, reply = std::move(reply)](auto& home) mutable { reply(home.describe(session)); });
}

void GatewaySink::keep(std::string key, std::string value, UniqueFunction<void(Result<void>)> done) {
  session::SessionManager& first = *services_.managers.front();
  first.loop().post([&first, key = std::move(key), value = std::move(value), done = std::move(done)]() mutable {
    first.keepSetting(std::move(key), std::move(value), std::move(done));
  });
}

bool GatewaySink::isCongested() const {
  return bus_.isCongested() || (services_.journal && services_.journal->isFull());
}

void GatewaySink::whenUncongested(Task wake) {
  if (!services_.journal) return gw::whenUncongested(loops_, std::move(wake));
  services_.journal->whenRoom(
      [this, wake = std::move(wake)]() mutable { gw::whenUncongested(loops_, std::move(wake)); });
}

void GatewaySink::beginUnit() {
  if (services_.journal) services_.journal->beginUnit();
}

void GatewaySink::endUnit() {
  if (services_.journal) services_.journal->endUnit();
}

}  // namespace gw
