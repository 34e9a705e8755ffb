#include "channel/instance_routes.h"

#include <algorithm>

#include "gw/slice.hpp"
#include "plugin/instance.h"
#include "plugin/plugin_call.h"

namespace gw::channel {
namespace {

constexpr size_t kMaxRoutes = 64;
constexpr size_t kMaxPathBytes = 256;

std::string text(gw_slice slice) { return slice.len == 0 ? std::string() : std::string(slice.ptr, slice.len); }

bool isRoute(const InstanceRoute& route) {
  const bool isMethod =
      !route.method.empty() && route.method.size() <= 16 &&
      std::all_of(route.method.begin(), route.method.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
  const bool isPath = !route.path.empty() && route.path.size() <= kMaxPathBytes && route.path.front() == '/' &&
                      std::all_of(route.path.begin(), route.path.end(), [](char c) { return c > ' ' && c < 0x7f; }) &&
                      route.path.find_first_of("?#*") == std::string::npos;
  return isMethod && isPath;
}

/// The sink's add(): called by the plugin, so nothing may leave it as an exception.
gw_status addRoute(void* ctx, const gw_route* route_p) noexcept {
  try {
    auto& routes = *static_cast<std::vector<InstanceRoute>*>(ctx);
    if (route_p == nullptr) return GW_E_INVALID;
    if (routes.size() >= kMaxRoutes) return GW_E_LIMIT;
    const gw_route written = sdk::asWritten(*route_p);
    if ((written.flags & ~uint32_t{GW_ROUTE_CORS}) != 0) return GW_E_UNSUPPORTED;
    InstanceRoute route{text(written.method), text(written.path), written.max_body_bytes,
                        (written.flags & GW_ROUTE_CORS) != 0};
    if (!isRoute(route)) return GW_E_INVALID;
    routes.push_back(std::move(route));
    return GW_OK;
  } catch (...) {
    return GW_E_NOMEM;
  }
}

}  // namespace

Result<std::vector<InstanceRoute>> askRoutes(plugin::Instance& instance) {
  const gw_http_ext* http = instance.generation().http();
  if (http == nullptr) {
    return fail(ErrorCode::kInvalid,
                instance.accountId() + ": its channel does not speak HTTP; give the account a listen address");
  }
  std::vector<InstanceRoute> routes;
  gw_route_sink sink{&routes, &addRoute};
  auto called = plugin::callPlugin(instance.callbackOwner(), "routes",
                                   [&](gw_err&) { return http->routes(instance.raw(), &sink); });
  if (!called) return fail(called.error().code, instance.accountId() + ": " + called.error().message);
  if (routes.empty()) return fail(ErrorCode::kInvalid, instance.accountId() + ": its plugin wants no HTTP route");
  return routes;
}

}  // namespace gw::channel
