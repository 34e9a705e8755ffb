// gateway.v1: connect in its four forms (new, resume, attach, operator), authenticate and register.

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "plugin/stream.h"
#include "session/backend_port.h"
#include "session/client_api.h"
#include "session/session_manager.h"
#include "session/text/sanitize.h"

namespace gw::session {
namespace {

constexpr uint64_t kProtocol = 1;

Error invalid(std::string message) { return fail(ErrorCode::kInvalid, std::move(message)); }

const nlohmann::json& objectMember(const nlohmann::json& object, const char* name) {
  static const nlohmann::json empty = nlohmann::json::object();
  const auto it = object.find(name);
  return it != object.end() && it->is_object() ? *it : empty;
}

uint64_t number(const nlohmann::json& object, const char* name, uint64_t otherwise = 0) {
  const auto it = object.find(name);
  return it != object.end() && it->is_number_unsigned() ? it->get<uint64_t>() : otherwise;
}

Credentials credentialsFrom(const nlohmann::json& auth, const std::string& address, const std::string& limitKey) {
  return {stringMember(auth, "username", 256), stringMember(auth, "password", 1024), address, limitKey};
}

}  // namespace

void ClientApi::connect(Call& call, const Json& params) {
  if (call.session || (call.attachment && call.attachment->introduced))
    return refuse(call, fail(ErrorCode::kConflict, "this connection is connected already", "alreadyAuthenticated"));
  const Json& protocol = objectMember(params, "protocol");
  if (number(protocol, "min", kProtocol) > kProtocol || number(protocol, "max", kProtocol) < kProtocol)
    return refuse(call, invalid("this gateway speaks protocol 1"));
  const Json& client = objectMember(params, "client");
  call.device = sanitizeInput(stringMember(objectMember(params, "device"), "id", 64));
  if (call.attachment) {
    call.attachment->device = call.device;
    call.attachment->gameSession = stringMember(params, "gameSession", 64);
    call.attachment->client = sanitizeInput(stringMember(client, "id", 64) + " " + stringMember(client, "version", 32));
  }
  std::string role = stringMember(params, "role", 16);
  if (role.empty()) role = "player";
  if (std::find(call.roles->begin(), call.roles->end(), role) == call.roles->end())
    return refuse(call, fail(ErrorCode::kForbidden,
                             "this channel account does not admit the role \"" + sanitizeInput(role) + "\""));
  if (role != "player") return connectOperator(call, params, role);
  if (params.contains("resume")) {
    const Json& resume = objectMember(params, "resume");
    const auto token = SessionToken::decode(stringMember(resume, "token", 256));
    ResumeRequest request;
    request.caller = call.caller;
    request.device = call.device;
    request.attempt = stringMember(resume, "attempt", 128);
    request.from = {number(resume, "epoch"), number(resume, "lastSeq")};
    if (request.attempt.empty())
      return refuse(call, invalid("resume needs an attempt: a random id, kept until hello-ok is in hand"));
    if (!token) return refuse(call, fail(ErrorCode::kUnauthorized, "this token is not one of ours", "sessionNotFound"));
    request.session = token->session;
    request.secret = token->secret;
    if (call.attachment) call.attachment->introduced = true;
    return manager_.resume(std::move(request));
  }
  connectNew(call, params);
}

void ClientApi::connectNew(Call& call, const Json& params) {
  Session* session = manager_.create(call.channel, call.address);
  if (!session) {
    Error full = fail(ErrorCode::kUnavailable, "the gateway is full; try again later");
    full.retryAfterMs = 5000;
    return refuse(call, std::move(full));
  }
  (void)session->setState(State::kAuthenticating);
  session->gameSession = stringMember(params, "gameSession", 64);
  if (call.attachment) {
    call.attachment->introduced = true;
    session->attach(*call.attachment, 0);
  } else {
    if (!manager_.countStranger(*session, call.limitKey)) {
      manager_.close(*session, GW_CLOSE_POLICY, {});
      return refuse(call, fail(ErrorCode::kRateLimited, "too many sessions from this address that have not logged in"));
    }
    session->leaseUntilNs = manager_.nowNs() + manager_.limits().leaseMs * 1'000'000;
    manager_.armTimer(*session);
  }
  const Json& auth = objectMember(params, "auth");
  const std::string character = stringMember(params, "character", 256);
  const bool isGuest = auth.value("guest", Json(false)) == Json(true);
  if (!isGuest && !auth.contains("username")) {
    // Not logged in yet: the client goes on with authenticate or register.
    Lineage& lineage = session->newLineage(call.device, {});
    if (call.attachment) call.attachment->lineage = lineage.id;
    const std::string connId = call.attachment ? call.attachment->connectionId() : std::string("r0");
    return ok(call, manager_.helloOkJson(session, &lineage, call.attachment, connId, false));
  }
  const bool wantsRegister = auth.value("register", Json(false)) == Json(true);
  const LoginKind kind = isGuest ? LoginKind::kGuest : wantsRegister ? LoginKind::kRegister : LoginKind::kPassword;
  if (call.attachment) call.attachment->stream.setHelloPending(true);
  manager_.login(*session, kind, credentialsFrom(auth, call.address, call.limitKey),
                 [&manager = manager_, call, character, isGuest,
                  create = params.value("createCharacter", Json(false)) == Json(true)](
                     Session* back, Result<Identity> result) mutable {
                   ClientApi api(manager);
                   if (!result) {
                     manager.reply(call.caller, result.error());
                     return back ? manager.close(*back, GW_CLOSE_AUTH_FAILED, result.error().message) : void();
                   }
                   api.afterConnectLogin(*back, call, isGuest && character.empty() ? result->userName : character,
                                         create);
                 });
}

void ClientApi::afterConnectLogin(Session& session, Call call, std::string character, bool create) {
  // The attachment may have gone while the backend thought; only the caller's ids are safe.
  call.attachment = call.caller.streamId ? manager_.attachmentOf(call.caller.streamId) : nullptr;
  if (call.caller.streamId && !call.attachment) return;
  if (character.empty()) {
    Lineage& lineage = session.newLineage(call.device, {});
    if (call.attachment) call.attachment->lineage = lineage.id;
    const std::string connId =
        call.attachment ? call.attachment->connectionId() : "r" + std::to_string(call.caller.requestId);
    return manager_.reply(call.caller, manager_.helloOkJson(&session, &lineage, call.attachment, connId, false));
  }
  EnterRequest request;
  request.session = session.id();
  request.character = character;
  request.device = call.device;
  request.gameSession = session.gameSession;
  request.caller = call.caller;
  request.kind = EnterRequest::Kind::kConnect;
  if (!create) return manager_.enter(std::move(request));
  // createCharacter: true makes it on the first visit; on later ones it is simply there.
  manager_.createCharacter(
      session, {character, "{}"},
      [&manager = manager_, request = std::move(request)](Session* back, Result<Character> made) mutable {
        if (!back || (!made && made.error().code != ErrorCode::kConflict))
          return manager.reply(request.caller, made.error());
        manager.enter(std::move(request));
      });
}

void ClientApi::connectOperator(Call& call, const Json& params, const std::string& role) {
  if (!call.attachment) return refuse(call, invalid("operators and nodes connect by a stream"));
  const std::string token = stringMember(objectMember(params, "auth"), "token", 256);
  std::vector<std::string> wanted;
  if (const auto scopes = params.find("scopes"); scopes != params.end() && scopes->is_array())
    for (const Json& scope : *scopes)
      if (scope.is_string() && wanted.size() < 16) wanted.push_back(scope.get<std::string>());
  if (token.empty() || !manager_.services().verifyToken)
    return refuse(call, fail(ErrorCode::kUnauthorized, "operators need a token", "invalidCredentials"));
  call.attachment->stream.setHelloPending(true);
  manager_.services().verifyToken(
      token, call.limitKey, [&manager = manager_, caller = call.caller, wanted, role](std::string granted) {
        manager.loop().post([&manager, caller, wanted, role, granted] {
          Attachment* attachment = manager.attachmentOf(caller.streamId);
          if (!attachment) return;
          if (granted.empty())
            return manager.reply(caller,
                                 fail(ErrorCode::kUnauthorized, "this token is not valid", "invalidCredentials"));
          // Granted scopes are those asked for that the token carries: every role may read.
          attachment->scopes.clear();
          for (const std::string& scope : wanted)
            if (scope == "operator.read") attachment->scopes.push_back(scope);
          attachment->role = role == "node" ? Role::kNode : Role::kOperator;
          attachment->introduced = attachment->authenticated = true;
          manager.services().admission.authenticated(attachment->stream.peer());
          manager.reply(caller, manager.helloOkJson(nullptr, nullptr, attachment, attachment->connectionId(), false));
          manager.broadcast().listenerJoined(*attachment);
        });
      });
}

void ClientApi::authenticate(Call& call, const Json& params) {
  const bool isGuest = params.value("guest", Json(false)) == Json(true);
  manager_.login(*call.session, isGuest ? LoginKind::kGuest : LoginKind::kPassword,
                 credentialsFrom(params, call.address, call.limitKey),
                 [&manager = manager_, caller = call.caller](Session*, Result<Identity> result) {
                   if (!result) return manager.reply(caller, result.error());
                   manager.reply(caller, "{\"user\":{\"id\":" + jsonString(result->userId) +
                                             ",\"name\":" + jsonString(result->userName) + "}}");
                 });
}

void ClientApi::registerUser(Call& call, const Json& params) {
  manager_.login(*call.session, LoginKind::kRegister, credentialsFrom(params, call.address, call.limitKey),
                 [&manager = manager_, caller = call.caller](Session*, Result<Identity> result) {
                   if (!result) return manager.reply(caller, result.error());
                   manager.reply(caller, "{\"user\":{\"id\":" + jsonString(result->userId) +
                                             ",\"name\":" + jsonString(result->userName) + "}}");
                 });
}

std::string SessionManager::helloOkJson(Session* session, Lineage* lineage, const Attachment* attachment,
                                        const std::string& connId, bool resumed, const std::string& reconnectToken) {
  static const std::string features =
      "{\"methods\":[\"authenticate\",\"register\",\"characters.list\",\"characters.create\",\"characters.select\","
      "\"command\",\"ack\",\"attach.token\",\"rooms.join\",\"rooms.leave\",\"rooms.list\",\"presence.get\","
      "\"events.subscribe\",\"ping\",\"logout\"],\"events\":[\"output\",\"prompt\",\"presence\",\"room\",\"gap\","
      "\"session\",\"session.replaced\",\"health\",\"shutdown\",\"tick\",\"closed\"]}";
  if (lineage) lineage->helloConnection = connId;
  std::string json = "{\"protocol\":1,\"server\":{\"version\":\"" + services_.version + "\",\"connId\":\"" + connId +
                     "\",\"gatewayId\":\"" + services_.gatewayId + "\"}";
  if (session && lineage) json += ",\"session\":" + sessionBlockJson(*session, *lineage, resumed, reconnectToken);
  const bool isOperator = attachment && attachment->role != Role::kPlayer;
  json += std::string(",\"auth\":{\"role\":\"") +
          (!isOperator                       ? "player"
           : attachment->role == Role::kNode ? "node"
                                             : "operator") +
          "\",\"scopes\":[";
  if (attachment)
    for (size_t i = 0; i < attachment->scopes.size(); ++i) json += (i ? "," : "") + jsonString(attachment->scopes[i]);
  json += "]},\"features\":" + features + ",\"snapshot\":" + broadcast_.snapshotJson(session);
  json += ",\"policy\":{\"maxPayload\":" + std::to_string(limits_.maxPayloadBytes) +
          ",\"maxBufferedBytes\":" + std::to_string(limits_.softBytes) + ",\"tickIntervalMs\":30000}}";
  return json;
}

}  // namespace gw::session
