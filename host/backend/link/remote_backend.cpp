// RemoteBackend: what sessions tell their backend, and what it has taken of it.

#include "backend/link/remote_backend.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "backend/link/frames.h"

namespace gw::link {
namespace {

constexpr const char* kRetype = "The game is not answering, and such a line is not kept. Please type it again later.";

}  // namespace

const char* toString(LinkState state) {
  switch (state) {
    case LinkState::kConnecting:
      return "connecting";
    case LinkState::kConnected:
      return "connected";
    case LinkState::kDegraded:
      return "degraded";
    case LinkState::kFailed:
      return "failed";
  }
  return "failed";
}

RemoteBackend::RemoteBackend(const LinkOptions& options, session::BackendSink& sink, const Clock& clock,
                             TokenCheck tokens, const std::string& counts, bool isExact)
    : options_(options), sink_(sink), clock_(clock), tokens_(std::move(tokens)), trace_(clock), isExact_(isExact) {
  counts_ = session::parseOutputCounts(counts);
  if (!isExact_) counts_.doubt();
  capabilities_.registration = false;
  figures_.sinceUs = clock_.wallUs();
}

RemoteBackend::~RemoteBackend() { stop(); }

session::BackendCapabilities RemoteBackend::capabilities() const {
  const std::lock_guard lock(mutex_);
  return capabilities_;
}

bool RemoteBackend::isUp() const {
  const std::lock_guard lock(mutex_);
  return !connections_.empty();
}

void RemoteBackend::push() {
  const std::lock_guard lock(mutex_);
  for (const ConnectionPtr& connection : connections_) connection->flush();
}

// --- sessions ---------------------------------------------------------------------------------------

void RemoteBackend::entered(session::PlayingSession session) {
  const std::lock_guard lock(mutex_);
  const SessionId id = session.session;
  Served& served = sessions_[id];
  stopServing(served);
  served.playing = std::move(session);
  const ConnectionPtr connection = pick({});
  if (!connection) return;
  served.connection = connection;
  served.isIntroduced = true;
  ++connection->sessions;
  if (served.playing.resumed) {
    connection->send(eventFrame("session.reconnected",
                                reconnectedJson(served.playing, "restored", lastOf(served.playing, *connection))));
  } else {
    connection->send(eventFrame("session.entered", sessionJson(served.playing)));
  }
}

void RemoteBackend::left(SessionId session, std::string reason) {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(session);
  if (found == sessions_.end()) return;
  Served& served = found->second;
  if (served.connection) {
    const bool mayKnow = served.isIntroduced || served.isIntroducing;
    if (mayKnow) served.connection->send(eventFrame("session.closed", sessionEndJson(session, reason)));
    for (const auto& [n, id] : served.requests) served.connection->send(resultFrame(Json::parse(id), "{}"));
  }
  stopServing(served);
  sessions_.erase(found);
}

void RemoteBackend::disconnected(SessionId session, std::string reason) {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(session);
  if (found == sessions_.end()) return;
  found->second.playing.isAway = true;
  if (found->second.isIntroduced)
    found->second.connection->send(eventFrame("session.disconnected", sessionEndJson(session, reason)));
}

void RemoteBackend::reconnected(SessionId session) {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(session);
  if (found == sessions_.end()) return;
  Served& served = found->second;
  served.playing.isAway = false;
  if (served.isIntroduced)
    served.connection->send(
        eventFrame("session.reconnected", reconnectedJson(served.playing, "player", std::nullopt, false)));
}

void RemoteBackend::command(SessionId session, uint64_t seq, std::string text) {
  const std::string frame = commandFrame(session, seq, text);
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(session);
  // Not told of it yet, or by nobody: it stays with its session, and comes when it is introduced.
  if (found == sessions_.end() || !found->second.isIntroduced) return;
  Served& served = found->second;
  // Behind one that was held: it comes again after that.
  if (served.heldFrom != 0 && seq > served.heldFrom) return;
  if (!served.connection->admitsCommand()) {
    if (served.heldFrom == 0) served.heldFrom = seq;
    ++figures_.commandsHeld;
    return;
  }
  served.heldFrom = 0;
  ++figures_.commands;
  served.connection->send(frame);
}

void RemoteBackend::privateCommand(SessionId session, std::string text) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = sessions_.find(session);
    if (found != sessions_.end() && found->second.isIntroduced) {
      ++figures_.commands;
      return found->second.connection->send(privateCommandFrame(session, text));
    }
    if (isStopped_) return;
  }
  plugin::Event event;
  event.delivery = plugin::Delivery::kDrop;
  event.text = kRetype;
  sink_.output(session, std::move(event), 0);
}

// --- what was taken ---------------------------------------------------------------------------------

void RemoteBackend::taken(const SessionId& session, uint64_t n) {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(session);
  if (found == sessions_.end() || !found->second.connection) return;
  Served& served = found->second;
  ++figures_.outputs;
  served.connection->acknowledge(session, n);
  std::erase_if(served.requests, [&](const auto& request) {
    if (request.first > n) return false;
    served.connection->send(resultFrame(Json::parse(request.second), "{}"));
    return true;
  });
}

void RemoteBackend::notTaken(const SessionId& session, uint64_t n, session::NotTaken why, uint64_t expected) {
  const bool isAhead = why == session::NotTaken::kAhead;
  Error error = isAhead ? fail(ErrorCode::kConflict, "frames before this one are missing")
                        : fail(ErrorCode::kNotFound, "the session is over", kNoSession);
  if (isAhead) error.detail = expectedJson(expected);
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(session);
  if (found == sessions_.end() || !found->second.connection) return;
  Served& served = found->second;
  ++(isAhead ? figures_.conflicts : figures_.refusedFrames);
  const auto request =
      std::find_if(served.requests.begin(), served.requests.end(), [&](const auto& r) { return r.first == n; });
  if (request == served.requests.end()) return served.connection->send(errorFrame("", session.toString(), n, error));
  served.connection->send(refusalFrame(Json::parse(request->second), error));
  served.requests.erase(request);
}

void RemoteBackend::introduced(session::PlayingSession session) {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(session.session);
  if (found == sessions_.end() || !found->second.connection) return;
  Served& served = found->second;
  served.playing = std::move(session);
  served.isIntroduced = true;
  served.heldFrom = 0;
  served.connection->send(eventFrame(
      "session.reconnected", reconnectedJson(served.playing, "link", lastOf(served.playing, *served.connection))));
  introductionDone(served);
}

// A command that was held is given again by its session, and whatever followed it.
void RemoteBackend::hasRoom(LinkConnection& connection) {
  std::vector<std::pair<SessionId, uint64_t>> held;
  {
    const std::lock_guard lock(mutex_);
    if (isStopped_) return;
    for (const auto& [id, served] : sessions_)
      if (served.heldFrom != 0 && served.connection.get() == &connection) held.emplace_back(id, served.heldFrom);
  }
  for (const auto& [id, from] : held) sink_.giveAgain(id, from);
}

RemoteBackend::Served* RemoteBackend::servedBy(const SessionId& session, const LinkConnection& connection) {
  const auto found = sessions_.find(session);
  return found != sessions_.end() && found->second.connection.get() == &connection ? &found->second : nullptr;
}

uint64_t RemoteBackend::lastOf(const session::PlayingSession& playing, const LinkConnection& connection) const {
  for (const session::OutputCount& count : playing.counts)
    if (count.instance == *connection.instance) return count.n;
  return 0;
}

void RemoteBackend::whenUncongested(Task wake) {
  {
    const std::lock_guard lock(mutex_);
    if (isStopped_) return;
  }
  sink_.whenUncongested(std::move(wake));
}

}  // namespace gw::link
