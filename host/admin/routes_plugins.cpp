#include <charconv>

#include "admin/routes.h"
#include "admin/wire.h"

namespace gw::admin {
namespace {

/// Meanwhile no reload can begin.
constexpr uint64_t kLongestRetireMs = 3'600'000;
constexpr uint64_t kLongestProbeMs = 60'000;

/// Empty: no number.
std::optional<uint64_t> numberOf(const std::string& text) {
  uint64_t number = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  if (text.empty() || parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
  return number;
}

Json orNull(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json generationJson(const GenerationSnapshot& generation) {
  Json holders = Json::array();
  for (const GenerationHolder& holder : generation.holders)
    holders.push_back({{"account", holder.account}, {"connections", holder.connections}, {"serves", holder.isServed}});
  return {{"plugin", generation.plugin},  {"generation", generation.generation},       {"version", generation.version},
          {"state", generation.state},    {"connections", generation.connections},     {"work", generation.work},
          {"heldBy", std::move(holders)}, {"loadedAt", timeJson(generation.loadedAt)}, {"sha256", generation.sha256},
          {"file", generation.file}};
}

Json stateJson(const PluginStateVersions& state) {
  if (state.id.empty()) return nullptr;
  return {{"id", state.id},
          {"version", state.version},
          {"oldestImport", state.oldestImport},
          {"oldestExport", state.oldestExport}};
}

Json totalsJson(const PluginReloadTotals& totals) {
  return {{"committed", totals.committed},   {"partial", totals.partial}, {"refused", totals.refused},
          {"rolledBack", totals.rolledBack}, {"moved", totals.moved},     {"stayed", totals.stayed},
          {"failed", totals.failed}};
}

Json pluginJson(const PluginSnapshot& plugin) {
  Json generations = Json::array();
  for (const GenerationSnapshot& generation : plugin.generations) generations.push_back(generationJson(generation));
  return {{"id", plugin.id},
          {"name", plugin.name},
          {"vendor", plugin.vendor},
          {"version", plugin.version},
          {"license", plugin.license},
          {"file", plugin.file},
          {"sha256", orNull(plugin.sha256)},
          {"state", plugin.state},
          {"reason", orNull(plugin.reason)},
          {"generation", plugin.generation},
          {"loadedAt", timeJson(plugin.loadedAt)},
          {"connections", plugin.connections},
          {"accounts", plugin.accounts},
          {"quarantined", plugin.quarantined},
          {"extensions", plugin.extensions},
          {"stateVersions", stateJson(plugin.stateVersions)},
          {"generations", std::move(generations)},
          {"leaked", plugin.leaked},
          {"reloads", totalsJson(plugin.reloads)}};
}

Reply list(Call& call) { return listReply(call.port.plugins(), pluginJson); }
Reply show(Call& call) { return itemReply(call.port.plugin(call.args[0]), pluginJson); }

Json reloadJson(const PluginReload& reload) {
  Json reasons = Json::object();
  for (const auto& [why, count] : reload.reasons) reasons[why] = count;
  return {{"id", reload.id},
          {"verb", reload.verb},
          {"plugin", orNull(reload.plugin)},
          {"file", orNull(reload.file)},
          {"step", reload.step},
          {"outcome", orNull(reload.outcome)},
          {"why", orNull(reload.why)},
          {"from", {{"generation", reload.fromGeneration}, {"version", orNull(reload.fromVersion)}}},
          {"to", {{"generation", reload.toGeneration}, {"version", orNull(reload.toVersion)}}},
          {"connections", reload.connections},
          {"moved", reload.moved},
          {"stayed", reload.stayed},
          {"failed", reload.failed},
          {"gone", reload.gone},
          {"cutOff", reload.cutOff},
          {"started", reload.started},
          {"reasons", std::move(reasons)},
          {"pauseP99Us", reload.pauseP99Us},
          {"pauseMaxUs", reload.pauseMaxUs},
          {"former", orNull(reload.former)},
          {"startedAt", timeJson(reload.startedAt)},
          {"tookMs", reload.tookMs}};
}

Reply inspect(Call& call) {
  BodyReader body(call.body);
  const std::string file = body.text("file", 1, 4096);
  if (auto failure = body.failure()) return *failure;
  return itemReply(call.port.inspectPlugin(file), [](const PluginFileFacts& facts) {
    return Json{{"file", facts.file},
                {"plugin", facts.plugin},
                {"version", facts.version},
                {"sdkVersion", facts.sdkVersion},
                {"abi", facts.abi}};
  });
}

Reply generations(Call& call) { return listReply(call.port.generations(), generationJson); }

/// What reload and rollback have in common.
std::optional<Reply> readOrder(BodyReader& body, PluginReloadRequest& request) {
  request.canary = static_cast<uint32_t>(body.integer("canary", 0, 1'000'000));
  request.canaryMs = body.integer("canaryMs", request.canaryMs, kLongestMs);
  request.drainOldestMs = body.integer("drainOldestMs", 0, kLongestMs);
  request.probeMs = body.integer("probeMs", request.probeMs, kLongestProbeMs);
  request.timeoutMs = body.integer("timeoutMs", request.timeoutMs, kLongestMs);
  return body.failure();
}

Reply reload(Call& call) {
  PluginReloadRequest request;
  request.plugin = call.args[0];
  BodyReader body(call.body);
  request.file = body.text("file", 0, 4096);
  request.isDryRun = body.integer("dryRun", 0, 1) == 1;
  if (auto failure = readOrder(body, request)) return *failure;
  return itemReply(call.port.reloadPlugin(request), reloadJson, 202);
}

Reply rollback(Call& call) {
  PluginReloadRequest request;
  request.plugin = call.args[0];
  request.toPrevious = true;
  BodyReader body(call.body);
  if (auto failure = readOrder(body, request)) return *failure;
  return itemReply(call.port.reloadPlugin(request), reloadJson, 202);
}

Reply load(Call& call) {
  BodyReader body(call.body);
  const std::string file = body.text("file", 1, 4096);
  if (auto failure = body.failure()) return *failure;
  return itemReply(call.port.loadPlugin(file), reloadJson, 202);
}

Reply unload(Call& call) {
  BodyReader body(call.body);
  const uint64_t limitMs = body.integer("timeoutMs", 30'000, kLongestRetireMs);
  if (auto failure = body.failure()) return *failure;
  return itemReply(call.port.unloadPlugin(call.args[0], limitMs), reloadJson, 202);
}

Reply drain(Call& call) {
  const auto generation = numberOf(call.args[1]);
  BodyReader body(call.body);
  const uint64_t graceMs = body.integer("graceMs", 30'000, kLongestRetireMs);
  if (auto failure = body.failure()) return *failure;
  if (!generation) return errorReply(fail(ErrorCode::kNotFound, "a generation is a number"));
  return itemReply(call.port.drainGeneration(call.args[0], *generation, graceMs), reloadJson, 202);
}

Reply showReload(Call& call) {
  const auto id = numberOf(call.args[0]);
  const auto waitMs = numberOf(queryText(call, "waitMs"));
  if (!id) return errorReply(fail(ErrorCode::kNotFound, "a reload's id is a number"));
  return itemReply(call.port.pluginReload(*id, waitMs.value_or(0)), reloadJson);
}

}  // namespace

void addPluginRoutes(std::vector<Route>& routes) {
  routes.push_back({"GET", "/v1/plugins", Role::kView, list});
  routes.push_back({"POST", "/v1/plugins", Role::kAdmin, load, true});
  routes.push_back({"GET", "/v1/plugins/{}", Role::kView, show});
  routes.push_back({"POST", "/v1/plugins/{}/reload", Role::kAdmin, reload, true});
  routes.push_back({"POST", "/v1/plugins/{}/rollback", Role::kAdmin, rollback, true});
  routes.push_back({"POST", "/v1/plugins/{}/unload", Role::kAdmin, unload});
  routes.push_back({"POST", "/v1/plugins/{}/generations/{}/drain", Role::kOperate, drain});
  routes.push_back({"POST", "/v1/plugin-files", Role::kAdmin, inspect, true});
  routes.push_back({"GET", "/v1/generations", Role::kView, generations});
  routes.push_back({"GET", "/v1/reloads/{}", Role::kView, showReload});
}

}  // namespace gw::admin
