#include "admin/routes.h"
#include "admin/wire.h"

namespace gw::admin {
namespace {

constexpr uint64_t kDrainMs = 30'000;

Json textOrNull(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json connectionJson(const link::ConnectionFigures& connection) {
  return {{"id", connection.id},
          {"instance", connection.instance},
          {"client", textOrNull(connection.client)},
          {"address", textOrNull(connection.address)},
          {"connectedAt", timeJson(connection.connectedAtUs)},
          {"draining", connection.isDraining},
          {"sessions", connection.sessions},
          {"queuedFrames", connection.queuedFrames},
          {"queuedBytes", connection.queuedBytes},
          {"callsUnderWay", connection.calls},
          {"messagesOut", connection.framesOut},
          {"framesIn", connection.framesIn},
          {"bytesIn", connection.bytesIn},
          {"bytesOut", connection.bytesOut},
          {"pauses", connection.pauses}};
}

/// [{"upToMs":1,"calls":7},…,{"upToMs":null,"calls":0}]
Json latencyJson(const link::LinkFigures& link) {
  Json out = Json::array();
  for (size_t i = 0; i < link.latency.size(); ++i) {
    const bool hasBound = i < link::kLatencyBoundsMs.size();
    out.push_back({{"upToMs", hasBound ? Json(link::kLatencyBoundsMs[i]) : Json(nullptr)}, {"calls", link.latency[i]}});
  }
  return out;
}

Json backendJson(const BackendSnapshot& backend) {
  Json out{{"name", backend.name}, {"kind", backend.isLink ? "link" : "lobby"}};
  if (!backend.isLink) {
    out["state"] = "connected";
    return out;
  }
  const link::LinkFigures& link = backend.link;
  out["state"] = link::toString(link.state);
  out["sinceAt"] = timeJson(link.sinceUs);
  out["why"] = textOrNull(link.why);
  out["connects"] = link.connects;
  out["reconnects"] = link.connects > 0 ? link.connects - 1 : 0;
  out["disconnects"] = link.disconnects;
  out["refusedConnects"] = link.refusedConnects;
  out["sessions"] = link.sessions;
  out["waitingSessions"] = link.waitingSessions;
  out["commands"] = link.commands;
  out["commandsHeld"] = link.commandsHeld;
  out["calls"] = link.calls;
  out["callsFailed"] = link.callsFailed;
  out["callsTimedOut"] = link.callsTimedOut;
  out["callsLost"] = link.callsLost;
  out["lateAnswers"] = link.lateAnswers;
  out["latency"] = latencyJson(link);
  out["outputs"] = link.outputs;
  out["conflicts"] = link.conflicts;
  out["refusedFrames"] = link.refusedFrames;
  out["connections"] = Json::array();
  for (const auto& connection : link.connections) out["connections"].push_back(connectionJson(connection));
  return out;
}

Json traceJson(const link::TraceLine& line) {
  return {{"number", line.number},
          {"at", timeJson(line.atUs)},
          {"from", line.isOurs ? "gateway" : "backend"},
          {"connection", line.connection},
          {"what", line.what},
          {"session", textOrNull(line.session)},
          {"count", line.count == 0 ? Json(nullptr) : Json(line.count)},
          {"bytes", line.bytes}};
}

Json tokenJson(const link::BackendToken& token) {  // never its hash
  return {{"name", token.name},
          {"broadcast", token.grant.mayBroadcast},
          {"rawTerminal", token.grant.mayUseRawTerminal},
          {"createdAt", timeJson(token.createdAtUs)}};
}

Reply list(Call& call) { return listReply(call.port.backends(), backendJson); }

Reply show(Call& call) {
  for (const BackendSnapshot& backend : call.port.backends())
    if (backend.name == call.args[0]) return reply(backendJson(backend));
  return errorReply(fail(ErrorCode::kNotFound, "there is no backend \"" + call.args[0] + "\""));
}

Reply disconnect(Call& call) {
  BodyReader body(call.body);
  const std::string connection = body.text("connection", 0, 32);
  if (auto failure = body.failure()) return *failure;
  return doneReply(call.port.disconnectBackend(call.args[0], connection));
}

Reply drain(Call& call) {
  BodyReader body(call.body);
  const std::string connection = body.text("connection", 1, 32);
  const uint64_t graceMs = body.integer("graceMs", kDrainMs, kLongestMs);
  if (auto failure = body.failure()) return *failure;
  return doneReply(call.port.drainBackend(call.args[0], connection, graceMs));
}

Reply trace(Call& call) {
  const std::string after = queryText(call, "after");
  if (after.size() > 18 || after.find_first_not_of("0123456789") != std::string::npos)
    return errorReply(fail(ErrorCode::kInvalid, "after: expected a number"));
  const auto lines = call.port.traceBackend(call.args[0], after.empty() ? 0 : std::stoull(after));
  return lines ? listReply(*lines, traceJson) : errorReply(lines.error());
}

Json simulationJson(const link::SimulationReport& report) {
  return {{"running", report.isRunning},
          {"players", report.players},
          {"entered", report.entered},
          {"refused", report.refused},
          {"refusal", textOrNull(report.refusal)},
          {"lines", report.lines},
          {"held", report.held},
          {"acknowledged", report.acknowledged},
          {"frames", report.frames},
          {"repeated", report.repeated},
          {"ahead", report.ahead},
          {"p50Us", report.p50Us},
          {"p99Us", report.p99Us},
          {"startedAt", timeJson(report.startedAtUs)},
          {"endedAt", timeJson(report.endedAtUs)}};
}

/// lines: one a line of text, so that a script file can be passed as it is.
Reply simulate(Call& call) {
  BodyReader body(call.body);
  link::SimulationOrder order;
  order.players = static_cast<uint32_t>(body.integer("players", 1, link::Simulator::kMaxPlayers));
  order.forMs = body.integer("forMs", order.forMs, link::Simulator::kMaxMs);
  order.linesPerSecond = static_cast<double>(body.integer("linesPerMinute", 60, 60'000)) / 60;
  const std::string lines = body.text("lines", 0, 64 * 1024);
  if (auto failure = body.failure()) return *failure;
  if (!lines.empty()) order.lines.clear();
  for (size_t from = 0; from < lines.size();) {
    const size_t end = std::min(lines.find('\n', from), lines.size());
    if (end > from) order.lines.push_back(lines.substr(from, end - from));
    from = end + 1;
  }
  const auto started = call.port.simulatePlayers(call.args[0], order);
  return started ? itemReply(call.port.simulation(call.args[0]), simulationJson, 202) : errorReply(started.error());
}

Reply simulation(Call& call) { return itemReply(call.port.simulation(call.args[0]), simulationJson); }

Reply tokens(Call& call) {
  const auto all = call.port.backendTokens();
  return all ? listReply(*all, tokenJson) : errorReply(all.error());
}

Reply createToken(Call& call) {
  BodyReader body(call.body);
  const std::string name = body.text("name", 1, 64);
  link::LinkGrant grant;
  grant.mayBroadcast = body.integer("broadcast", 0, 1) == 1;
  grant.mayUseRawTerminal = body.integer("rawTerminal", 0, 1) == 1;
  if (auto failure = body.failure()) return *failure;
  const auto secret = call.port.createBackendToken(name, grant);
  if (!secret) return errorReply(secret.error());
  return reply(
      {{"name", name}, {"broadcast", grant.mayBroadcast}, {"rawTerminal", grant.mayUseRawTerminal}, {"token", *secret}},
      201);
}

Reply revokeToken(Call& call) { return doneReply(call.port.revokeBackendToken(call.args[0])); }

}  // namespace

void addBackendRoutes(std::vector<Route>& routes) {
  routes.push_back({"GET", "/v1/backends", Role::kView, list});
  routes.push_back({"GET", "/v1/backends/{}", Role::kView, show});
  routes.push_back({"GET", "/v1/backends/{}/trace", Role::kOperate, trace});
  routes.push_back({"POST", "/v1/backends/{}/disconnect", Role::kOperate, disconnect});
  routes.push_back({"POST", "/v1/backends/{}/drain", Role::kOperate, drain});
  routes.push_back({"POST", "/v1/backends/{}/simulation", Role::kOperate, simulate});
  routes.push_back({"GET", "/v1/backends/{}/simulation", Role::kView, simulation});
  routes.push_back({"GET", "/v1/backend-tokens", Role::kAdmin, tokens});
  routes.push_back({"POST", "/v1/backend-tokens", Role::kAdmin, createToken});
  routes.push_back({"DELETE", "/v1/backend-tokens/{}", Role::kAdmin, revokeToken});
}

}  // namespace gw::admin
