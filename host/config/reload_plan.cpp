// What `gwctl config reload` can apply to a running gateway. The difference is taken over the JSON
// form, so that a new key takes part without being named here; it then needs a restart until it is
// listed as live.

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <string_view>

#include "config/gateway_config.h"
#include "config/json_document.h"

namespace gw::config {
namespace {

// One "*" stands for one path segment (a listener's name, an account's id).
constexpr std::array<std::string_view, 8> kLive{"/limits",
                                                "/lobby",
                                                "/log",
                                                "/shutdown",
                                                "/http/*/allowedHosts",
                                                "/http/*/allowedOrigins",
                                                "/accounts/*/enabled",
                                                "/accounts/*/options"};
// Below a live path, but given to sockets and queues when the gateway starts.
constexpr std::array<std::string_view, 7> kAtStart{
    "/limits/sessionsPerUser", "/limits/handshakeTimeout", "/limits/stallTimeout", "/limits/softQueue",
    "/limits/hardQueue",       "/limits/sendBuffer",       "/lobby/rooms"};

bool matches(std::string_view path, std::string_view pattern) {
  while (!pattern.empty()) {
    if (path.empty()) return false;
    const size_t patternEnd = std::min(pattern.find('/', 1), pattern.size());
    const size_t pathEnd = std::min(path.find('/', 1), path.size());
    const std::string_view wanted = pattern.substr(0, patternEnd);
    if (wanted != "/*" && wanted != path.substr(0, pathEnd)) return false;
    pattern.remove_prefix(patternEnd);
    path.remove_prefix(pathEnd);
  }
  return true;
}

/// Lists by name instead of by place: an account that moved in the file has not changed.
Json keyed(const GatewayConfig& config) {
  Json document = Json::parse(toJson(withAbsolutePaths(config)));
  Json listeners = Json::object();
  for (Json& listener : document["http"]) listeners[listener["name"].get<std::string>()] = listener;
  document["http"] = std::move(listeners);
  Json accounts = Json::object();
  for (Json& account : document["accounts"]) {
    accounts[account["channel"].get<std::string>() + ":" + account["account"].get<std::string>()] = account;
  }
  document["accounts"] = std::move(accounts);
  return document;
}

void compare(const Json* a, const Json* b, const std::string& path, std::vector<std::string>& changed) {
  if (a != nullptr && b != nullptr && a->is_object() && b->is_object()) {
    for (const auto& item : a->items()) {
      const auto other = b->find(item.key());
      compare(&item.value(), other == b->end() ? nullptr : &*other, path + "/" + item.key(), changed);
    }
    for (const auto& item : b->items()) {
      if (!a->contains(item.key())) changed.push_back(path + "/" + item.key());
    }
    return;
  }
  if (a == nullptr || b == nullptr || *a != *b) changed.push_back(path);
}

}  // namespace

ReloadPlan planReload(const GatewayConfig& current, const GatewayConfig& next) {
  const Json before = keyed(current);
  const Json after = keyed(next);
  std::vector<std::string> changed;
  compare(&before, &after, "", changed);
  ReloadPlan plan;
  for (std::string& path : changed) {
    const auto fits = [&](std::string_view pattern) { return matches(path, pattern); };
    const bool isLive =
        std::any_of(kLive.begin(), kLive.end(), fits) && std::none_of(kAtStart.begin(), kAtStart.end(), fits);
    (isLive ? plan.live : plan.needRestart).push_back(std::move(path));
  }
  return plan;
}

}  // namespace gw::config
