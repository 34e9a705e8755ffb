#include "admin/metrics_text.h"
#include "admin/routes.h"
#include "admin/wire.h"

namespace gw::admin {
namespace {

constexpr uint64_t kLongestNoticeMs = 7ULL * 24 * 3600 * 1000;
constexpr size_t kLongestMessage = 1024;

Json versionJson(const VersionFacts& version) {
  return {{"version", version.version},   {"commit", version.commit},       {"buildType", version.buildType},
          {"compiler", version.compiler}, {"pluginAbi", version.pluginAbi}, {"apiVersion", 1}};
}

Json shutdownJson(const ShutdownPlan& plan) {
  return {{"pending", plan.pending}, {"startsAt", timeJson(plan.at)}, {"message", plan.message}};
}

Json refusedJson(const StatusSnapshot& status) {
  Json out = Json::object();
  for (const auto& [limit, count] : status.refused) out[limit] = count;
  return out;
}

Reply status(Call& call) {
  const StatusSnapshot status = call.port.status();
  return reply({{"gatewayId", status.gatewayId},
                {"version", versionJson(status.version)},
                {"pid", status.pid},
                {"startedAt", timeJson(status.startedAt)},
                {"configFile", status.configFile},
                {"durability", status.durability},
                {"sessions",
                 {{"playing", status.sessionsPlaying},
                  {"disconnected", status.sessionsDisconnected},
                  {"other", status.sessionsOther}}},
                {"usersOnline", status.usersOnline},
                {"refused", refusedJson(status)},
                {"shutdown", shutdownJson(status.shutdown)},
                {"health", healthJson(status.health)}});
}

Reply health(Call& call) { return reply(healthJson(call.port.health())); }

Reply metrics(Call& call) {
  Reply out;
  out.body = metricsText({call.port.status(), call.port.backends(), call.port.pluginMetrics()});
  out.contentType = kMetricsType;
  return out;
}

Reply version(Call& call) { return reply(versionJson(call.port.version())); }

Reply shutdown(Call& call) {
  BodyReader body(call.body);
  const uint64_t inMs = body.integer("inMs", 0, kLongestNoticeMs);
  const std::string message = body.text("message", 0, kLongestMessage);
  if (auto failure = body.failure()) return *failure;
  return itemReply(call.port.shutdown(inMs, message), shutdownJson, 202);
}

Reply cancelShutdown(Call& call) { return doneReply(call.port.cancelShutdown()); }

}  // namespace

void addGatewayRoutes(std::vector<Route>& routes) {
  routes.push_back({"GET", "/v1/status", Role::kView, status});
  routes.push_back({"GET", "/v1/health", Role::kView, health});
  routes.push_back({"GET", "/v1/metrics", Role::kView, metrics});
  routes.push_back({"GET", "/v1/version", Role::kView, version});
  routes.push_back({"POST", "/v1/shutdown", Role::kAdmin, shutdown});
  routes.push_back({"DELETE", "/v1/shutdown", Role::kAdmin, cancelShutdown});
}

}  // namespace gw::admin
