// SessionManager: after a restart, before clients are let in, whoever was here comes back.

#include "plugin/event.h"
#include "session/backend_port.h"
#include "session/session_manager.h"
#include "session/session_metadata.h"
#include "store/records.h"

namespace gw::session {
namespace {

constexpr size_t kRestoresUnderWay = 64;
constexpr size_t kMostRestoredEvents = 100'000;

}  // namespace

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
    load(id, [this](Result<Session*> session) {
      --restoresUnderWay_;
      if (session && *session && services_.backend) backend()->disconnected((*session)->id(), "networkError");
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

}  // namespace gw::session
