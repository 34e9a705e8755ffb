// RemoteBackend: its connections: who is let in, which session each of them serves, what happens when one ends.

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "backend/link/frames.h"
#include "backend/link/remote_backend.h"
#include "base/log.h"
#include "base/words.h"
#include "session/caller.h"
#include "session/text/sanitize.h"

namespace gw::link {
namespace {

using session::jsonString;

constexpr uint64_t kProtocol = 1;
constexpr size_t kMaxInstance = 64;
constexpr size_t kMaxToken = 256;
constexpr size_t kMaxWelcome = 4096;
constexpr uint64_t kLongAwayNs = 10'000'000'000;
constexpr const char* kAway = "The game is not answering at the moment. What you type is kept until it is back.";
constexpr const char* kBack = "The game is back.";

std::string capabilityNames(const LinkGrant& grant) {
  std::string out = grant.mayBroadcast ? "\"broadcast\"" : "";
  if (grant.mayUseRawTerminal) out += out.empty() ? "\"rawTerminal\"" : ",\"rawTerminal\"";
  return out;
}

const Json& objectOf(const Json& object, const char* name) {
  static const Json empty = Json::object();
  const auto it = object.find(name);
  return it != object.end() && it->is_object() ? *it : empty;
}

/// A line for everyone who plays; programs read the state.
plugin::Event newsOfBackend(const char* text, const char* state) {
  plugin::Event event;
  event.delivery = plugin::Delivery::kDrop;
  event.text = text;
  event.dataJson = std::string("\"backend\":\"") + state + "\"";
  return event;
}

session::BackendCapabilities readCapabilities(const Json& json) {
  session::BackendCapabilities out;
  out.characters = flagOf(json, "characters", true);
  out.registration = flagOf(json, "registration", false);
  out.guests = flagOf(json, "guests", false);
  out.welcome = session::sanitizeInput(textOf(json, "welcome", kMaxWelcome));
  return out;
}

}  // namespace

RemoteBackend::ConnectionPtr RemoteBackend::open(std::unique_ptr<LinkSocket> socket, std::string address) {
  const std::lock_guard lock(mutex_);
  auto connection = std::make_shared<LinkConnection>(options_, *this, clock_, std::move(socket),
                                                     "b" + std::to_string(++lastConnection_), std::move(address));
  if (isStopped_) connection->end(close_code::kGoingAway, "the gateway is stopping");
  opened_.push_back(connection);
  return connection;
}

void RemoteBackend::stop(uint64_t limitMs) {
  std::unique_lock lock(mutex_);
  isStopped_ = true;
  for (const auto* list : {&opened_, &connections_})
    for (const ConnectionPtr& connection : *list) connection->end(close_code::kGoingAway, "the gateway is stopping");
  becameFewer_.wait_for(lock, std::chrono::milliseconds(limitMs),
                        [this] { return opened_.empty() && connections_.empty(); });
}

void RemoteBackend::noteTurnedAway() {
  const std::lock_guard lock(mutex_);
  ++figures_.refusedConnects;
}

void RemoteBackend::noteRefusedConnect(const std::string& why) {
  const std::lock_guard lock(mutex_);
  ++figures_.refusedConnects;
  if (connections_.empty()) figures_.why = why;
}

Result<std::string> RemoteBackend::admit(LinkConnection& connection, const Json& params) {
  const Json& protocol = objectOf(params, "protocol");
  const auto least = countOf(protocol, "min"), most = countOf(protocol, "max");
  if (!least || !most || least->value_or(kProtocol) > kProtocol || most->value_or(kProtocol) < kProtocol)
    return invalid("this gateway speaks protocol 1");
  if (textOf(params, "role", 32) != "backend") return invalid("expected \"role\": \"backend\"");
  const std::string name = textOf(params, "name", 64);
  const std::string instance = textOf(params, "instance", kMaxInstance);
  if (!isWord(instance, kMaxInstance, "_-")) return invalid("expected \"instance\", 1 to 64 of A-Z a-z 0-9 _ -");
  const auto granted = tokens_(name, textOf(objectOf(params, "auth"), "token", kMaxToken), connection.address());
  if (!granted) return granted.error();
  if (name != options_.name)
    return fail(ErrorCode::kForbidden, "this gateway waits for the backend \"" + options_.name + "\"",
                "permissionDenied");
  connection.instance = std::make_shared<const std::string>(instance);
  const Json& client = objectOf(params, "client");
  connection.client = session::sanitizeInput(textOf(client, "id", 64) + " " + textOf(client, "version", 32));
  connection.grant = *granted;
  connection.connectedAtUs = clock_.wallUs();
  const uint64_t last = lastShared(instance);
  const std::lock_guard lock(mutex_);
  if (connections_.size() >= options_.maxConnections)
    return fail(ErrorCode::kConflict, "this backend has " + std::to_string(connections_.size()) + " connections");
  capabilities_ = readCapabilities(objectOf(params, "capabilities"));
  return "{\"protocol\":1,\"server\":{\"version\":" + jsonString(options_.version) +
         ",\"gatewayId\":" + jsonString(options_.gatewayId) + ",\"connId\":\"" + connection.id() +
         "\"},\"auth\":{\"role\":\"backend\",\"capabilities\":[" + capabilityNames(*granted) +
         "]},\"link\":{\"n\":" + std::to_string(last) +
         "},\"policy\":{\"maxPayload\":" + std::to_string(kMaxMessageBytes) +
         ",\"heartbeatMs\":" + std::to_string(options_.heartbeatMs) +
         ",\"callTimeoutMs\":" + std::to_string(options_.callTimeoutMs) +
         ",\"maxQueued\":" + std::to_string(options_.maxQueued) + "}}";
}

// hello-ok waits to be written. Now whoever waited for this backend is served by it.
void RemoteBackend::admitted(LinkConnection& connection) {
  std::vector<SessionId> introduce;
  bool wasLongAway = false;
  {
    const std::lock_guard lock(mutex_);
    const auto opened =
        std::find_if(opened_.begin(), opened_.end(), [&](const auto& c) { return c.get() == &connection; });
    if (opened == opened_.end()) return;
    const ConnectionPtr mine = *opened;
    opened_.erase(opened);
    connections_.push_back(mine);
    connection.noteAdmitted();
    connection.isReadyDue = true;
    ++figures_.connects;
    for (auto& [id, served] : sessions_)
      if (!served.connection) serve(served, mine, introduce);
    if (connection.introductionsLeft == 0) {
      connection.isReadyDue = false;
      connection.send(eventFrame("link.ready", "{\"sessions\":0}"));
    }
    wasLongAway = awaySinceNs_ != 0 && clock_.nowNs() - awaySinceNs_ > kLongAwayNs;
    awaySinceNs_ = 0;
    figures_.state = LinkState::kConnected;
    figures_.sinceUs = clock_.wallUs();
  }
  log::info("link", "a backend is connected",
            {{"backend", options_.name},
             {"connection", connection.id()},
             {"instance", *connection.instance},
             {"client", connection.client},
             {"sessions", static_cast<uint64_t>(introduce.size())}});
  if (wasLongAway) sink_.broadcast(newsOfBackend(kBack, "back"));
  for (const SessionId& id : introduce) sink_.introduce(id);
  if (onChange_) onChange_();
}

// The fewest sessions; of the instance, if it is named and there is one.
RemoteBackend::ConnectionPtr RemoteBackend::pick(const std::string& instance) const {
  ConnectionPtr best;
  bool bestIsSame = false;
  for (const ConnectionPtr& connection : connections_) {
    if (connection->isDraining) continue;
    const bool isSame = *connection->instance == instance;
    if (best && (bestIsSame > isSame || (bestIsSame == isSame && best->sessions <= connection->sessions))) continue;
    best = connection;
    bestIsSame = isSame;
  }
  return best;
}

void RemoteBackend::serve(Served& served, const ConnectionPtr& connection, std::vector<SessionId>& toIntroduce) {
  served.connection = connection;
  served.isIntroducing = true;
  ++connection->sessions;
  ++connection->introductionsLeft;
  toIntroduce.push_back(served.playing.session);
}

void RemoteBackend::stopServing(Served& served) {
  introductionDone(served);
  if (served.connection) --served.connection->sessions;
  served.connection.reset();
  served.isIntroduced = false;
  served.heldFrom = 0;
  served.requests.clear();
}

void RemoteBackend::introductionDone(Served& served) {
  if (!served.isIntroducing) return;
  served.isIntroducing = false;
  LinkConnection& connection = *served.connection;
  if (--connection.introductionsLeft > 0 || !connection.isReadyDue) return;
  connection.isReadyDue = false;
  connection.send(eventFrame("link.ready", "{\"sessions\":" + std::to_string(connection.sessions) + "}"));
}

void RemoteBackend::gone(LinkConnection& connection, const std::string& why) {
  std::vector<SessionId> introduce;
  bool isAway = false;
  bool wasAdmitted = false;
  {
    const std::lock_guard lock(mutex_);
    const auto isIt = [&](const ConnectionPtr& c) { return c.get() == &connection; };
    std::erase_if(opened_, isIt);
    wasAdmitted = std::erase_if(connections_, isIt) > 0;
    becameFewer_.notify_all();
    if (!wasAdmitted) return;
    ++figures_.disconnects;
    connection.isReadyDue = false;
    figures_.callsTimedOut += connection.timedOut();
    figures_.callsLost += connection.lost();
    figures_.refusedFrames += connection.refused();
    for (auto& [id, served] : sessions_) {
      if (served.connection.get() != &connection) continue;
      stopServing(served);
      if (const ConnectionPtr other = pick(*connection.instance)) serve(served, other, introduce);
    }
    isAway = connections_.empty() && !isStopped_;
    if (connections_.empty()) {
      awaySinceNs_ = clock_.nowNs();
      figures_.state = LinkState::kFailed;
      figures_.sinceUs = clock_.wallUs();
      figures_.why = why;
    }
  }
  log::warn("link", "a backend's connection ended",
            {{"backend", options_.name}, {"connection", connection.id()}, {"why", why}});
  if (isAway) sink_.broadcast(newsOfBackend(kAway, "away"));
  for (const SessionId& id : introduce) sink_.introduce(id);
  if (onChange_) onChange_();
}

RemoteBackend::ConnectionPtr RemoteBackend::byId(const std::string& connectionId) const {
  for (const ConnectionPtr& connection : connections_)
    if (connection->id() == connectionId) return connection;
  return {};
}

bool RemoteBackend::isOldestOfInstance(const LinkConnection& connection) const {
  const std::lock_guard lock(mutex_);
  const auto first = std::find_if(connections_.begin(), connections_.end(),
                                  [&](const auto& c) { return *c->instance == *connection.instance; });
  return first != connections_.end() && first->get() == &connection;
}

Result<void> RemoteBackend::disconnect(const std::string& connectionId) {
  const std::lock_guard lock(mutex_);
  if (connectionId.empty()) {
    for (const ConnectionPtr& connection : connections_)
      connection->end(close_code::kGoingAway, "an operator ended it");
    return {};
  }
  const ConnectionPtr connection = byId(connectionId);
  if (!connection) return fail(ErrorCode::kNotFound, "there is no connection \"" + connectionId + "\" of a backend");
  connection->end(close_code::kGoingAway, "an operator ended it");
  return {};
}

Result<void> RemoteBackend::drain(const std::string& connectionId, uint64_t graceMs) {
  std::vector<SessionId> introduce;
  {
    const std::lock_guard lock(mutex_);
    const ConnectionPtr connection = byId(connectionId);
    if (!connection) return fail(ErrorCode::kNotFound, "there is no connection \"" + connectionId + "\" of a backend");
    connection->isDraining = true;
    connection->send(eventFrame("link.drain", "{\"graceMs\":" + std::to_string(graceMs) + "}"));
    // Sessions go where they can; if this is the last connection, they wait for its end with it.
    for (auto& [id, served] : sessions_) {
      if (served.connection != connection) continue;
      const ConnectionPtr other = pick(*connection->instance);
      if (!other) continue;
      stopServing(served);
      serve(served, other, introduce);
    }
    connection->wake();
  }
  for (const SessionId& id : introduce) sink_.introduce(id);
  return {};
}

LinkFigures RemoteBackend::figures() const {
  const std::lock_guard lock(mutex_);
  LinkFigures out = figures_;
  out.sessions = sessions_.size();
  for (const auto& [id, served] : sessions_)
    if (!served.isIntroduced) ++out.waitingSessions;
  for (const ConnectionPtr& connection : connections_) {
    ConnectionFigures figures = connection->figures();
    figures.sessions = connection->sessions;
    figures.isDraining = connection->isDraining;
    out.callsTimedOut += connection->timedOut();
    out.refusedFrames += connection->refused();
    if (figures.queuedFrames >= options_.maxQueued && out.state == LinkState::kConnected) {
      out.state = LinkState::kDegraded;
      out.why = "it does not keep up: " + std::to_string(figures.queuedFrames) + " frames wait for it";
    }
    out.connections.push_back(std::move(figures));
  }
  return out;
}

}  // namespace gw::link
