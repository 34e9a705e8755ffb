#include "session/client_api.h"

#include <array>
#include <nlohmann/json.hpp>

#include "gw/host.h"
#include "plugin/request.h"
#include "plugin/stream.h"
#include "session/session_manager.h"
#include "session/text/sanitize.h"

namespace gw::session {
namespace {

constexpr size_t kMaxFrames = 256;
constexpr size_t kMaxIdBytes = 128;

Error invalid(std::string message) { return fail(ErrorCode::kInvalid, std::move(message)); }

uint64_t numberMember(const nlohmann::json& object, const char* name) {
  const auto it = object.is_object() ? object.find(name) : object.end();
  return it != object.end() && it->is_number_unsigned() ? it->get<uint64_t>() : 0;
}

/// The frame's id as it is echoed: a string or a number, bounded.
std::string frameIdOf(const nlohmann::json& frame) {
  const auto it = frame.find("id");
  if (it == frame.end() || !(it->is_string() || it->is_number())) return {};
  std::string id = it->dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  return id.size() <= kMaxIdBytes ? id : std::string();
}

}  // namespace

gw_status ClientApi::onFrame(Attachment& attachment, std::string_view utf8) {
  Json parsed;
  std::string reason;
  const Caller nobody{static_cast<size_t>(manager_.loop().index()), attachment.stream.id(), 0, 0, "null"};
  if (!parseClientJson(utf8, parsed, reason)) {
    manager_.reply(nobody, invalid(reason));
    return GW_E_PROTO;
  }
  if (parsed.is_object()) return handle(attachment, parsed);
  if (!parsed.is_array() || parsed.size() > kMaxFrames) {
    manager_.reply(nobody, invalid("expected one frame, or an array of at most 256 frames"));
    return GW_E_PROTO;
  }
  gw_status worst = GW_OK;
  for (const Json& frame : parsed) {
    const bool isHeld = attachment.stream.isHelloPending();
    if (const gw_status status = handle(attachment, frame); status != GW_OK) worst = status;
    if (isHeld) attachment.stream.setHelloPending(true);  // this answer was not the one that is waited for
  }
  return worst;
}

gw_status ClientApi::handle(Attachment& attachment, const Json& frame) {
  plugin::Stream& stream = attachment.stream;
  Call call;
  call.caller = Caller{static_cast<size_t>(manager_.loop().index()), stream.id(), 0, 0, "null"};
  call.attachment = &attachment;
  call.session = attachment.session;
  call.lineage = attachment.session ? attachment.session->lineage(attachment.lineage) : nullptr;
  call.device = attachment.device;
  call.address = stream.peer().ip;
  call.limitKey = stream.peer().limitKey();
  call.channel = stream.channelId();
  call.roles = &stream.traits().roles;
  if (!frame.is_object() || stringMember(frame, "type") != "req") {
    refuse(call, invalid("expected a frame of type \"req\""));
    return GW_E_PROTO;
  }
  const std::string id = frameIdOf(frame);
  const std::string method = stringMember(frame, "method", 64);
  if (id.empty() || method.empty()) {
    refuse(call, invalid("a req frame needs an id (a string or a number) and a method"));
    return GW_E_PROTO;
  }
  call.caller.frameId = id;
  if (manager_.charge(stream, 1) != GW_OK) {
    refuse(call, fail(ErrorCode::kRateLimited, "too many requests; slow down"));
    return GW_E_LIMIT;
  }
  static const Json noParams = Json::object();
  const auto params = frame.find("params");
  dispatch(call, method, params != frame.end() && params->is_object() ? *params : noParams);
  return GW_OK;
}

gw_status ClientApi::onRequest(plugin::Request& request, std::string_view bearer, std::string_view utf8,
                               uint64_t token) {
  Call call;
  call.caller = Caller{static_cast<size_t>(manager_.loop().index()), 0, request.id(), token, "null"};
  call.address = request.peer().ip;
  call.limitKey = request.peer().limitKey();
  call.channel = request.channelId();
  call.roles = &request.traits().roles;
  Json frame;
  std::string reason;
  if (!parseClientJson(utf8, frame, reason)) return refuse(call, invalid(reason)), GW_OK;
  const std::string method = stringMember(frame, "method", 64);
  const std::string id = frame.is_object() ? frameIdOf(frame) : std::string();
  if (!frame.is_object() || stringMember(frame, "type") != "req" || id.empty() || method.empty())
    return refuse(call, invalid("expected one req frame with id and method")), GW_OK;
  call.caller.frameId = id;
  Json params = frame.contains("params") && frame["params"].is_object() ? frame["params"] : Json::object();
  if (method == "connect") {
    // It runs in a later turn, as every answer must.
    manager_.loop().post([&manager = manager_, call, params]() mutable { ClientApi(manager).connect(call, params); });
    return GW_OK;
  }
  const auto credential = SessionToken::decode(bearer);
  if (!credential)
    return refuse(call, fail(ErrorCode::kUnauthorized, "send the accessToken as a Bearer token; connect first")), GW_OK;
  SessionManager& target = manager_.home(credential->session);
  target.loop().post([&target, call, params, method, credential = *credential]() mutable {
    target.load(credential.session, [&target, call, params, method, credential](Result<Session*> session) mutable {
      if (!session) return ClientApi(target).refuse(call, session.error());
      call.session = *session;
      ClientApi(target).rpcHere(call, credential.secret, method, params);
    });
  });
  return GW_OK;
}

void ClientApi::rpcHere(Call call, std::string_view secret, const std::string& method, const Json& params) {
  const Hash presented = hashOf(secret);
  if (call.session) {
    for (Lineage& lineage : call.session->lineages()) {
      const bool isCurrent = sameHash(presented, lineage.access) && !isEmpty(lineage.access);
      if (!isCurrent && !lineage.previousAccess.matches(presented)) continue;
      // A request with the new access token proves that hello-ok arrived.
      if (isCurrent) {
        lineage.tokens.confirm();
        lineage.previousAccess.clear();
      }
      call.lineage = &lineage;
    }
  }
  if (!call.lineage)
    return refuse(call,
                  fail(ErrorCode::kUnauthorized, "this accessToken is not valid any more; resume or connect again"));
  call.device = call.lineage->device;
  if (call.session->attachments().empty())
    call.session->leaseUntilNs = manager_.nowNs() + manager_.limits().leaseMs * 1'000'000;
  dispatch(call, method, params);
}

void ClientApi::dispatch(Call& call, const std::string& method, const Json& params) {
  struct Entry {
    const char* name;
    Method method;
    enum { kBeforeConnect, kAnyRole, kPlayers, kLogin } who;
  };
  static constexpr std::array<Entry, 17> kMethods{{
      {"command", &ClientApi::command, Entry::kPlayers},
      {"ack", &ClientApi::ack, Entry::kPlayers},
      {"ping", &ClientApi::ping, Entry::kAnyRole},
      {"connect", &ClientApi::connect, Entry::kBeforeConnect},
      {"authenticate", &ClientApi::authenticate, Entry::kLogin},
      {"register", &ClientApi::registerUser, Entry::kLogin},
      {"characters.list", &ClientApi::charactersList, Entry::kLogin},
      {"characters.create", &ClientApi::charactersCreate, Entry::kLogin},
      {"characters.select", &ClientApi::charactersSelect, Entry::kLogin},
      {"attach.token", &ClientApi::attachToken, Entry::kPlayers},
      {"rooms.join", &ClientApi::roomsJoin, Entry::kPlayers},
      {"rooms.leave", &ClientApi::roomsLeave, Entry::kPlayers},
      {"rooms.list", &ClientApi::roomsList, Entry::kPlayers},
      {"presence.get", &ClientApi::presenceGet, Entry::kAnyRole},
      {"events.subscribe", &ClientApi::subscribe, Entry::kAnyRole},
      {"logout", &ClientApi::logout, Entry::kAnyRole},
      {"quit", &ClientApi::logout, Entry::kAnyRole},
  }};
  for (const Entry& entry : kMethods) {
    if (method != entry.name) continue;
    const bool connected = call.session || (call.attachment && call.attachment->role != Role::kPlayer);
    if (entry.who != Entry::kBeforeConnect && !connected)
      return refuse(call, fail(ErrorCode::kNotConnected, "the first request must be connect"));
    if (entry.who >= Entry::kPlayers && !call.session)
      return refuse(call, fail(ErrorCode::kForbidden, "operators and nodes have no session", "permissionDenied"));
    if (entry.who == Entry::kLogin && !holdInput(call))
      return refuse(call, fail(ErrorCode::kConflict, "wait for the answer to the request before this one"));
    return (this->*entry.method)(call, params);
  }
  refuse(call, fail(ErrorCode::kMethodNotFound, "there is no method \"" + sanitizeInput(method) + "\""));
}

// What follows may count on the answer, and the session may be taken over: the stream moves to another loop then, and
// answers that are still on their way would not find it there. The answer lets go. False: it is held already, and this
// came in the same message.
bool ClientApi::holdInput(const Call& call) {
  if (!call.attachment || call.session->state() == State::kPlaying) return true;
  if (call.attachment->stream.isHelloPending()) return false;
  call.attachment->stream.setHelloPending(true);
  return true;
}

void ClientApi::answer(const Call& call, const Result<std::string>& payload) { manager_.reply(call.caller, payload); }

bool ClientApi::mustPlay(const Call& call) {
  const bool plays = call.session && (call.session->state() == State::kPlaying ||
                                      (!call.attachment && call.session->state() == State::kDisconnected));
  if (!plays) refuse(call, fail(ErrorCode::kConflict, "select a character first", "noCharacterSelected"));
  return plays;
}

// --- characters -------------------------------------------------------------------------------------

namespace {

nlohmann::json toJson(const Character& character) {
  return {{"id", character.id}, {"name", character.name}, {"summary", character.summary}};
}

std::string dump(const nlohmann::json& json) {
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

void ClientApi::charactersList(Call& call, const Json&) {
  manager_.listCharacters(*call.session, [&manager = manager_, caller = call.caller](Session*, auto result) {
    if (!result) return manager.reply(caller, result.error());
    Json list = Json::array();
    for (const Character& character : *result) list.push_back(toJson(character));
    manager.reply(caller, dump({{"characters", std::move(list)}}));
  });
}

void ClientApi::charactersCreate(Call& call, const Json& params) {
  if (call.session->user.userId.empty())
    return refuse(call, fail(ErrorCode::kConflict, "log in first", "notAuthenticated"));
  NewCharacter wanted{stringMember(params, "name", 256), dump(params)};
  manager_.createCharacter(*call.session, std::move(wanted),
                           [&manager = manager_, caller = call.caller](Session*, Result<Character> result) {
                             if (!result) return manager.reply(caller, result.error());
                             manager.reply(caller, dump({{"character", toJson(*result)}}));
                           });
}

void ClientApi::charactersSelect(Call& call, const Json& params) {
  EnterRequest request;
  request.session = call.session->id();
  request.character = stringMember(params, "id", 256);
  if (request.character.empty()) request.character = stringMember(params, "name", 256);
  request.device = call.device;
  request.lineage = call.lineage ? call.lineage->id : 0;
  request.gameSession = call.attachment ? call.attachment->gameSession : call.session->gameSession;
  request.caller = call.caller;
  request.kind = EnterRequest::Kind::kSelect;
  manager_.enter(std::move(request));
}

// --- playing ----------------------------------------------------------------------------------------

void ClientApi::command(Call& call, const Json& params) {
  if (!mustPlay(call)) return;
  const auto text = params.find("text");
  if (text == params.end() || !text->is_string()) return refuse(call, invalid("command needs a text"));
  Session& session = *call.session;
  if (const uint64_t waitMs = manager_.refusedForMs(session, call.attachment)) {
    Error limited = fail(ErrorCode::kRateLimited, "too many commands; slow down");
    limited.retryAfterMs = static_cast<long long>(waitMs);
    return refuse(call, std::move(limited));
  }
  manager_.takeCommand(session, {call.caller, call.attachment, call.device, numberMember(params, "clientSeq")},
                       text->get_ref<const std::string&>());
}

void ClientApi::ack(Call& call, const Json& params) {
  if (!call.session || !call.lineage) return refuse(call, fail(ErrorCode::kConflict, "nothing to acknowledge yet"));
  const std::string connId = stringMember(params, "connId", 64);
  if (!connId.empty() && connId == call.lineage->helloConnection) call.lineage->tokens.confirm();
  const Position to{numberMember(params, "epoch"), numberMember(params, "seq")};
  call.session->acknowledge(call.lineage->id, to);
  ok(call, "{}");
}

void ClientApi::attachToken(Call& call, const Json&) {
  if (!mustPlay(call) || !call.lineage) return;
  ok(call, "{\"attachToken\":\"" + manager_.issueAttachToken(*call.session, *call.lineage) + "\"}");
}

void ClientApi::playAsLine(Call& call, const std::string& line) {
  if (!mustPlay(call)) return;
  if (!manager_.playLine(*call.session, nullptr, line))
    return refuse(call, fail(ErrorCode::kUnavailable, "the game is not answering; the command was not taken"));
  manager_.replyOnceCommitted(*call.session, call.caller, "{}");
}

void ClientApi::roomsJoin(Call& call, const Json& params) {
  playAsLine(call, "/join " + sanitizeInput(stringMember(params, "room", 64)));
}

void ClientApi::roomsLeave(Call& call, const Json& params) {
  playAsLine(call, "/leave " + sanitizeInput(stringMember(params, "room", 64)));
}

void ClientApi::roomsList(Call& call, const Json&) {
  if (mustPlay(call)) ok(call, manager_.broadcast().roomsJson(*call.session));
}

void ClientApi::presenceGet(Call& call, const Json&) { ok(call, manager_.broadcast().snapshotJson(call.session)); }

void ClientApi::subscribe(Call& call, const Json& params) {
  if (!call.attachment) return refuse(call, invalid("only a stream can subscribe"));
  uint32_t families = 0;
  const auto list = params.find("families");
  if (list == params.end() || !list->is_array()) return refuse(call, invalid("expected families, an array of names"));
  for (const Json& name : *list) {
    if (name == "presence")
      families |= kFamilyPresence;
    else if (name == "room")
      families |= kFamilyRoom;
    else if (name == "health")
      families |= kFamilyHealth;
    else if (name == "tick")
      families |= kFamilyTick;
    else
      return refuse(call,
                    fail(ErrorCode::kNotFound, "there is no event family of that name (presence, room, health, tick)"));
  }
  call.attachment->families = families;
  if (families != 0 || call.attachment->role != Role::kPlayer)
    manager_.broadcast().listenerJoined(*call.attachment);
  else
    manager_.broadcast().listenerLeft(*call.attachment);
  ok(call, "{}");
}

void ClientApi::ping(Call& call, const Json&) { ok(call, "{\"now\":" + std::to_string(manager_.nowUs() / 1000) + "}"); }

void ClientApi::logout(Call& call, const Json&) {
  ok(call, "{}");
  if (call.session)
    manager_.close(*call.session, GW_CLOSE_NORMAL, "Goodbye.");
  else if (call.attachment)
    call.attachment->stream.beginClose({GW_CLOSE_NORMAL, "Goodbye.", false, 0, 1000});
}

}  // namespace gw::session
