#include <array>

#include "admin/routes.h"
#include "admin/wire.h"

namespace gw::admin {
namespace {

constexpr size_t kLongestText = 4096;

Json sessionJson(const SessionSnapshot& s) {
  return {{"id", s.id},
          {"state", s.state},
          {"userId", s.userId},
          {"userName", s.userName},
          {"entityId", s.entityId},
          {"entityName", s.entityName},
          {"backend", s.backend},
          {"protocol", s.protocol},
          {"clientAddress", s.clientAddress},
          {"loop", s.loop < 0 ? Json(nullptr) : Json(s.loop)},
          {"createdAt", timeJson(s.createdAt)},
          {"lastActivityAt", timeJson(s.lastActivity)},
          {"expiresAt", timeJson(s.expiresAt)},
          {"epoch", s.epoch},
          {"lastSeq", s.lastSeq},
          {"logEvents", s.logEvents},
          {"logBytes", s.logBytes},
          {"connectionCount", s.connectionCount}};
}

Json sessionDetailJson(const SessionSnapshot& s) {
  Json json = sessionJson(s);
  Json connections = Json::array();
  for (const ConnectionSnapshot& connection : s.connections) connections.push_back(connectionJson(connection));
  json["connections"] = std::move(connections);
  json["rooms"] = s.rooms;
  return json;
}

bool isState(const std::string& text) {
  constexpr std::array<std::string_view, 5> kStates{"connecting", "authenticating", "characterSelection", "playing",
                                                    "disconnected"};
  return text.empty() || std::find(kStates.begin(), kStates.end(), text) != kStates.end();
}

Reply list(Call& call) {
  SessionQuery query{queryText(call, "state"), queryText(call, "user"), queryText(call, "protocol"), 0};
  const auto limit = limitOf(call);
  if (!limit) return errorReply(fail(ErrorCode::kInvalid, "limit: expected 1..10000"));
  if (!isState(query.state)) {
    return errorReply(fail(ErrorCode::kInvalid,
                           "state: expected connecting, authenticating, characterSelection, "
                           "playing or disconnected"));
  }
  query.limit = *limit;
  return listReply(call.port.sessions(query), sessionJson);
}

Reply show(Call& call) { return itemReply(call.port.session(call.args[0]), sessionDetailJson); }

Reply send(Call& call) {
  BodyReader body(call.body);
  const std::string text = body.text("text", 1, kLongestText);
  if (auto failure = body.failure()) return *failure;
  return doneReply(call.port.sendToSession(call.args[0], text));
}

Reply closeWith(Call& call, Result<void> (GatewayPort::*verb)(const std::string&, const CloseRequest&)) {
  BodyReader body(call.body);
  const CloseRequest request{body.text("reason", 0, kLongestReason)};
  if (auto failure = body.failure()) return *failure;
  return doneReply((call.port.*verb)(call.args[0], request));
}

Reply disconnect(Call& call) { return closeWith(call, &GatewayPort::disconnectSession); }
Reply close(Call& call) { return closeWith(call, &GatewayPort::closeSession); }

}  // namespace

void addSessionRoutes(std::vector<Route>& routes) {
  routes.push_back({"GET", "/v1/sessions", Role::kView, list});
  routes.push_back({"GET", "/v1/sessions/{}", Role::kView, show});
  routes.push_back({"POST", "/v1/sessions/{}/send", Role::kOperate, send});
  routes.push_back({"POST", "/v1/sessions/{}/disconnect", Role::kOperate, disconnect});
  routes.push_back({"POST", "/v1/sessions/{}/close", Role::kOperate, close});
}

}  // namespace gw::admin
