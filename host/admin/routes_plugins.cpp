#include "admin/routes.h"
#include "admin/wire.h"

namespace gw::admin {
namespace {

Json pluginJson(const PluginSnapshot& plugin) {
  return {{"id", plugin.id},
          {"name", plugin.name},
          {"vendor", plugin.vendor},
          {"version", plugin.version},
          {"license", plugin.license},
          {"file", plugin.file},
          {"sha256", plugin.sha256.empty() ? Json(nullptr) : Json(plugin.sha256)},
          {"state", plugin.state},
          {"reason", plugin.reason.empty() ? Json(nullptr) : Json(plugin.reason)},
          {"generation", plugin.generation},
          {"loadedAt", timeJson(plugin.loadedAt)},
          {"connections", plugin.connections},
          {"accounts", plugin.accounts},
          {"extensions", plugin.extensions}};
}

Reply list(Call& call) { return listReply(call.port.plugins(), pluginJson); }
Reply show(Call& call) { return itemReply(call.port.plugin(call.args[0]), pluginJson); }

}  // namespace

void addPluginRoutes(std::vector<Route>& routes) {
  routes.push_back({"GET", "/v1/plugins", Role::kView, list});
  routes.push_back({"GET", "/v1/plugins/{}", Role::kView, show});
}

}  // namespace gw::admin
