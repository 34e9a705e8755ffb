#include "backend/link/inbound.h"

#include <array>
#include <nlohmann/json.hpp>

#include "backend/link/frames.h"
#include "backend/link/output.h"
#include "backend/link/remote_backend.h"
#include "base/log.h"
#include "session/caller.h"
#include "session/text/sanitize.h"

namespace gw::link {
namespace {

constexpr size_t kMaxName = 64;
constexpr size_t kMaxId = 128;
constexpr size_t kMaxPrompt = 4096;
constexpr size_t kMaxNamed = 1000;

/// One line, clean.
bool isRoom(const std::string& name) {
  return !name.empty() && session::sanitizeInput(name) == name && name.find_first_of("\n\t") == std::string::npos;
}

Result<void> readDelivery(const Json& payload, plugin::Event& event) {
  const auto delivery = optionalText(payload, "delivery", 2 * kMaxName);
  return delivery ? setDelivery(event, *delivery) : Result<void>(delivery.error());
}

Result<std::vector<SessionId>> readSessions(const Json& object, const char* name) {
  std::vector<SessionId> out;
  const auto list = object.find(name);
  if (list == object.end()) return out;
  const Error wrong = invalid(std::string("expected \"") + name + "\", an array of at most 1000 sessions");
  if (!list->is_array() || list->size() > kMaxNamed) return wrong;
  for (const Json& json : *list) {
    const auto id = json.is_string() ? SessionId::parse(json.get_ref<const std::string&>()) : std::nullopt;
    if (!id) return wrong;
    out.push_back(*id);
  }
  return out;
}

}  // namespace

struct Inbound::Frame : session::SessionFrame {};

/// Who gets it, and what.
struct Inbound::Shared {
  plugin::Event event;
  std::vector<std::string> rooms;  // empty and no sessions: everybody
  std::vector<SessionId> sessions;
  std::vector<SessionId> exclude;
  bool isForNobody = false;
};

void Inbound::handle() {
  const std::string type = textOf(frame_, "type", kMaxName);
  if (type == "res") return response();
  const bool isRequest = type == "req";
  const bool hasId = isRequest && frame_.contains("id") && (frame_["id"].is_string() || frame_["id"].is_number());
  if ((!isRequest && type != "event") || (isRequest && (!hasId || dump(frame_["id"]).size() > kMaxId)))
    return refuse({}, frame_, invalid("expected a frame {\"type\": \"req\" with an id, \"res\" or \"event\", ...}"));
  const std::string name = textOf(frame_, isRequest ? "method" : "event", kMaxName);
  const auto payload = frame_.find(isRequest ? "params" : "payload");
  static const Json empty = Json::object();
  const Json& object = payload != frame_.end() && payload->is_object() ? *payload : empty;
  if (isRequest && name == "connect") return connect(object);
  if (from_.isAdmitted()) return dispatch(name, object);
  refuse(name, object, fail(ErrorCode::kNotConnected, "the first frame must be connect"));
  from_.end(close_code::kPolicy, "the first frame must be connect");
}

void Inbound::connect(const Json& params) {
  if (from_.isAdmitted()) return refuse("connect", params, fail(ErrorCode::kConflict, "this connection is connected"));
  const auto hello = backend_.admit(from_, params);
  if (hello) {
    from_.send(resultFrame(frame_["id"], *hello));
    return backend_.admitted(from_);
  }
  const bool isToken = hello.error().code == ErrorCode::kUnauthorized;
  log::warn("link", "a backend was refused", {{"why", hello.error().message}, {"address", from_.address()}});
  backend_.noteRefusedConnect(hello.error().message);
  refuse("connect", params, hello.error());
  from_.end(isToken ? close_code::kNotAuthenticated : close_code::kPolicy, hello.error().message);
}

void Inbound::response() {
  const std::string id = textOf(frame_, "id", kMaxId);
  uint64_t tookMs = 0;
  const bool isOk = flagOf(frame_, "ok", false);
  const auto found = frame_.find(isOk ? "payload" : "error");
  const Json body = found != frame_.end() && found->is_object() ? *found : Json::object();
  using Answered = LinkConnection::Answered;
  const Answered answered = from_.answer(id, isOk ? Result<Json>(body) : Result<Json>(readError(body)), tookMs);
  if (answered != Answered::kHeartbeat) backend_.noteAnswer(answered == Answered::kCall, isOk, tookMs);
}

void Inbound::dispatch(const std::string& name, const Json& payload) {
  static constexpr std::array<std::pair<std::string_view, Method>, 12> kMethods{
      {{"session.output", &Inbound::output},
       {"command.ack", &Inbound::commandAck},
       {"session.prompt", &Inbound::prompt},
       {"entity.changed", &Inbound::entityChanged},
       {"room.output", &Inbound::roomOutput},
       {"room.join", &Inbound::roomJoin},
       {"room.leave", &Inbound::roomLeave},
       {"broadcast", &Inbound::broadcast},
       {"session.disconnect", &Inbound::disconnect},
       {"session.plain", &Inbound::plain},
       {"session.get", &Inbound::sessionGet},
       {"heartbeat", &Inbound::heartbeat}}};
  for (const auto& [known, method] : kMethods) {
    if (name != known) continue;
    const Outcome outcome = (this->*method)(payload);
    if (!outcome) {
      const std::string& reason = outcome.error().detail;
      const bool isMisplaced = reason == kNoSession || reason == kOtherConnection;
      const ErrorCode code = outcome.error().code;
      const bool comesAgain = code == ErrorCode::kConflict || code == ErrorCode::kRateLimited;
      if (!isMisplaced && !comesAgain) spend(payload);
      return refuse(name, payload, outcome.error());
    }
    if (!outcome->empty() && textOf(frame_, "type", kMaxName) == "req") from_.send(resultFrame(frame_["id"], *outcome));
    return;
  }
  // Events that are not known are ignored, so that a newer library may send them; those behind them go on.
  spend(payload);
  if (textOf(frame_, "type", kMaxName) == "req")
    refuse(name, payload,
           fail(ErrorCode::kMethodNotFound, "there is no method \"" + session::sanitizeInput(name) + "\""));
}

// Else what follows would wait for it for ever.
void Inbound::spend(const Json& payload) {
  const auto n = countOf(frame_, "n");
  if (!n || n->value_or(0) == 0) return;
  if (!payload.contains("session")) {
    if (backend_.isOldestOfInstance(from_)) (void)backend_.takeShared(from_, **n, [] {});
    return;
  }
  const auto id = SessionId::parse(textOf(payload, "session", kMaxId));
  if (!id || !backend_.mayActOn(*id, from_, 0, {})) return;
  session::SessionFrame nothing;
  nothing.kind = session::SessionFrame::Kind::kNothing;
  nothing.n = **n;
  nothing.instance = from_.instance;
  backend_.sink_.frame(*id, std::move(nothing));
}

void Inbound::refuse(const std::string& name, const Json& payload, const Error& error) {
  from_.refuseFrame();
  if (textOf(frame_, "type", kMaxName) == "req" && frame_.contains("id"))
    return from_.send(refusalFrame(frame_["id"], error));
  const auto n = countOf(frame_, "n");
  from_.send(errorFrame(session::sanitizeInput(name), session::sanitizeInput(textOf(payload, "session", kMaxId)),
                        n ? n->value_or(0) : 0, error));
}

// --- of one session ---------------------------------------------------------------------------------

Inbound::Outcome Inbound::toSession(const Json& payload, Frame frame) {
  const auto id = SessionId::parse(textOf(payload, "session", kMaxId));
  if (!id) return invalid("expected \"session\", the id of a session");
  const auto n = countOf(frame_, "n");
  if (!n) return n.error();
  frame.n = n->value_or(0);
  frame.instance = from_.instance;
  const bool isRequest = textOf(frame_, "type", kMaxName) == "req";
  const auto allowed = backend_.mayActOn(*id, from_, isRequest ? frame.n : 0, isRequest ? dump(frame_["id"]) : "");
  if (!allowed) return allowed.error();
  const bool isCounted = frame.n != 0;
  backend_.sink_.frame(*id, std::move(frame));
  return std::string(isCounted ? "" : "{}");
}

Inbound::Outcome Inbound::output(const Json& payload) {
  const auto found = payload.find("output");
  if (found == payload.end()) return invalid("expected \"output\", an object");
  auto event = readOutput(*found, from_.grant);
  if (!event) return event.error();
  if (auto set = readDelivery(payload, *event); !set) return set.error();
  Frame frame;
  frame.event = std::make_shared<const plugin::Event>(std::move(*event));
  return toSession(payload, std::move(frame));
}

Inbound::Outcome Inbound::prompt(const Json& payload) {
  auto text = optionalText(payload, "text", kMaxPrompt);
  if (!text) return text.error();
  Frame frame;
  frame.kind = session::SessionFrame::Kind::kPrompt;
  frame.text = std::move(*text);
  frame.flag = flagOf(payload, "echo", true);
  return toSession(payload, std::move(frame));
}

Inbound::Outcome Inbound::entityChanged(const Json& payload) {
  auto event = readEntityChange(payload);
  if (!event) return event.error();
  Frame frame;
  frame.event = std::make_shared<const plugin::Event>(std::move(*event));
  return toSession(payload, std::move(frame));
}

Inbound::Outcome Inbound::disconnect(const Json& payload) {
  auto reason = optionalText(payload, "reason", kMaxName), text = optionalText(payload, "text", kMaxPrompt);
  if (!reason) return reason.error();
  if (!text) return text.error();
  Frame frame;
  frame.kind = session::SessionFrame::Kind::kDisconnect;
  frame.reason = reason->empty() ? "kicked" : std::move(*reason);
  frame.text = std::move(*text);
  return toSession(payload, std::move(frame));
}

Inbound::Outcome Inbound::plain(const Json& payload) {
  Frame frame;
  frame.kind = session::SessionFrame::Kind::kPlain;
  frame.flag = flagOf(payload, "plain", false);
  return toSession(payload, std::move(frame));
}

Inbound::Outcome Inbound::changeRoom(const Json& payload, bool joins) {
  Frame frame;
  frame.kind = joins ? session::SessionFrame::Kind::kJoinRoom : session::SessionFrame::Kind::kLeaveRoom;
  frame.text = textOf(payload, "room", kMaxName);
  if (!isRoom(frame.text)) return invalid("expected \"room\", 1 to 64 bytes");
  return toSession(payload, std::move(frame));
}

Inbound::Outcome Inbound::roomJoin(const Json& payload) { return changeRoom(payload, true); }
Inbound::Outcome Inbound::roomLeave(const Json& payload) { return changeRoom(payload, false); }

Inbound::Outcome Inbound::commandAck(const Json& payload) {
  const auto id = SessionId::parse(textOf(payload, "session", kMaxId));
  if (!id) return invalid("expected \"session\", the id of a session");
  const auto seq = countOf(payload, "seq");
  if (!seq) return seq.error();
  if (!*seq) return invalid("expected \"seq\"");
  if (const auto allowed = backend_.mayActOn(*id, from_, 0, {}); !allowed) return allowed.error();
  backend_.sink_.acknowledge(*id, **seq);
  return std::string("{}");
}

Inbound::Outcome Inbound::sessionGet(const Json& payload) {
  const auto id = SessionId::parse(textOf(payload, "session", kMaxId));
  if (!id) return invalid("expected \"session\", the id of a session");
  if (const auto allowed = backend_.mayActOn(*id, from_, 0, {}); !allowed) return allowed.error();
  if (textOf(frame_, "type", kMaxName) != "req") return std::string();
  backend_.sink_.describe(*id, [from = from_.weak_from_this(), frameId = frame_["id"]](auto facts) {
    const auto connection = from.lock();
    if (!connection) return;
    if (!facts) {
      connection->send(refusalFrame(frameId, facts.error()));
    } else {
      const session::PlayingSession& playing = facts->playing;
      std::string rooms;
      for (const std::string& room : playing.rooms) rooms += (rooms.empty() ? "" : ",") + session::jsonString(room);
      connection->send(resultFrame(frameId, "{\"session\":{\"id\":\"" + playing.session.toString() + "\",\"state\":\"" +
                                                (playing.isAway ? "disconnected" : "playing") +
                                                "\",\"user\":" + userJson(playing.user) +
                                                ",\"character\":" + characterJson(playing.character) + ",\"rooms\":[" +
                                                rooms + "],\"connections\":" + std::to_string(facts->connections) +
                                                ",\"protocol\":" + session::jsonString(facts->channel) + "}}"));
    }
    connection->wake();
  });
  return std::string();
}

Inbound::Outcome Inbound::heartbeat(const Json&) { return std::string("{}"); }

// --- of many ----------------------------------------------------------------------------------------

Inbound::Outcome Inbound::toMany(Shared shared) {
  const auto n = countOf(frame_, "n");
  if (!n) return n.error();
  if (!backend_.isOldestOfInstance(from_))
    return fail(ErrorCode::kForbidden, "frames without a session go on the instance's oldest connection",
                kOtherConnection);
  return backend_.takeShared(from_, n->value_or(0), [this, &shared] {
    session::BackendSink& sink = backend_.sink_;
    if (shared.isForNobody) return;
    if (shared.rooms.empty()) return sink.broadcastTo(std::move(shared.event), shared.sessions, shared.exclude);
    for (const std::string& room : shared.rooms) sink.broadcastToRoom(room, shared.event, shared.exclude, {});
  });
}

Inbound::Outcome Inbound::roomOutput(const Json& payload) {
  const auto found = payload.find("output");
  if (found == payload.end()) return invalid("expected \"output\", an object");
  auto event = readOutput(*found, from_.grant);
  if (!event) return event.error();
  if (auto set = readDelivery(payload, *event); !set) return set.error();
  Shared shared;
  shared.rooms = {textOf(payload, "room", kMaxName)};
  if (!isRoom(shared.rooms.front())) return invalid("expected \"room\", 1 to 64 bytes");
  auto exclude = readSessions(payload, "exclude");
  if (!exclude) return exclude.error();
  shared.event = std::move(*event);
  shared.exclude = std::move(*exclude);
  return toMany(std::move(shared));
}

Inbound::Outcome Inbound::broadcast(const Json& payload) {
  Shared shared;
  const std::string name = textOf(payload, "event", kMaxName);
  if (payload.contains("event") && (!session::isEventName(name) || isReservedEvent(name)))
    return invalid("expected \"event\", a name such as \"world.weather\" that is not one of the gateway's own");
  if (payload.contains("output")) {
    auto event = readOutput(payload["output"], from_.grant);
    if (!event) return event.error();
    shared.event = std::move(*event);
  } else if (const auto data = payload.find("payload"); data != payload.end() && data->is_object() && !name.empty()) {
    shared.event.kind = plugin::EventKind::kData;
    shared.event.dataJson = dump(*data);
  } else {
    return invalid("expected \"output\", or \"event\" and \"payload\", an object");
  }
  if (!name.empty()) shared.event.name = name;
  if (auto set = readDelivery(payload, shared.event); !set) return set.error();
  static const Json nobody = Json::object();
  const auto found = payload.find("filter");
  const Json& filter = found != payload.end() && found->is_object() ? *found : nobody;
  auto sessions = readSessions(filter, "sessions"), exclude = readSessions(filter, "exclude");
  if (!sessions) return sessions.error();
  if (!exclude) return exclude.error();
  if (const auto rooms = filter.find("rooms"); rooms != filter.end()) {
    if (!rooms->is_array() || rooms->size() > kMaxName)
      return invalid("expected \"rooms\", an array of at most 64 names");
    for (const Json& room : *rooms) {
      if (!room.is_string() || !isRoom(room.get_ref<const std::string&>()) ||
          room.get_ref<const std::string&>().size() > kMaxName)
        return invalid("expected \"rooms\", names of 1 to 64 bytes");
      shared.rooms.push_back(room.get<std::string>());
    }
  }
  if (shared.rooms.empty() && sessions->empty() && !from_.grant.mayBroadcast)
    return fail(ErrorCode::kForbidden, "this token does not allow a broadcast to everybody", "permissionDenied");
  for (const SessionId& session : *sessions) {
    const auto allowed = backend_.mayActOn(session, from_, 0, {});
    if (allowed) shared.sessions.push_back(session);
    if (!allowed && allowed.error().detail != kNoSession) return allowed.error();
  }
  // Those it was for are all gone. That is not everybody.
  shared.isForNobody = shared.sessions.empty() && !sessions->empty();
  shared.exclude = std::move(*exclude);
  return toMany(std::move(shared));
}

}  // namespace gw::link
