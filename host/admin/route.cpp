#include "admin/route.h"

#include <nlohmann/json.hpp>

#include "admin/routes.h"

namespace gw::admin {
namespace {

int statusOf(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalid:
      return 400;
    case ErrorCode::kUnauthorized:
      return 401;
    case ErrorCode::kForbidden:
      return 403;
    case ErrorCode::kNotFound:
    case ErrorCode::kMethodNotFound:
      return 404;
    case ErrorCode::kConflict:
    case ErrorCode::kNotConnected:
      return 409;
    case ErrorCode::kTooLarge:
      return 413;
    case ErrorCode::kRateLimited:
      return 429;
    case ErrorCode::kUnavailable:
    case ErrorCode::kBusy:
      return 503;
    case ErrorCode::kTimeout:
      return 504;
    case ErrorCode::kInternal:
      break;
  }
  return 500;
}

std::string dump(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

bool matchPattern(std::string_view pattern, const std::vector<std::string>& segments, std::vector<std::string>& args) {
  args.clear();
  for (const std::string& segment : segments) {
    if (pattern.empty()) return false;
    pattern.remove_prefix(1);  // '/'
    const size_t end = std::min(pattern.find('/'), pattern.size());
    if (pattern.substr(0, end) == "{}") {
      if (segment.empty()) return false;
      args.push_back(segment);
    } else if (pattern.substr(0, end) != segment) {
      return false;
    }
    pattern.remove_prefix(end);
  }
  return pattern.empty();
}

}  // namespace

Reply reply(const Json& json, int status) { return {status, dump(json), {}, -1}; }

Reply errorReply(const Error& error, const std::string& hint) {
  Json body{{"code", toString(error.code)}, {"message", error.message}};
  if (!hint.empty()) body["hint"] = hint;
  if (!error.detail.empty()) body["details"] = {{"reason", error.detail}};
  if (error.retryAfterMs >= 0) body["retryAfterMs"] = error.retryAfterMs;
  return {statusOf(error.code), dump(Json{{"error", body}}), {}, error.retryAfterMs};
}

Reply errorReply(int status, const std::string& code, const std::string& message, const std::string& hint) {
  Json body{{"code", code}, {"message", message}};
  if (!hint.empty()) body["hint"] = hint;
  return {status, dump(Json{{"error", body}}), {}, -1};
}

const std::vector<Route>& allRoutes() {
  static const std::vector<Route> routes = [] {
    std::vector<Route> all;
    for (const auto add :
         {addGatewayRoutes, addChannelRoutes, addPluginRoutes, addSessionRoutes, addConnectionRoutes, addUserRoutes,
          addBanRoutes, addBroadcastRoutes, addBackendRoutes, addStoreRoutes, addTokenRoutes, addConfigRoutes}) {
      add(all);
    }
    return all;
  }();
  return routes;
}

Match findRoute(std::string_view method, const std::vector<std::string>& segments) {
  Match match;
  std::vector<std::string> args;
  for (const Route& route : allRoutes()) {
    if (!matchPattern(route.pattern, segments, args)) continue;
    if (route.method == method) {
      match.route = &route;
      match.args = std::move(args);
      return match;
    }
    match.allow += (match.allow.empty() ? "" : ", ") + std::string(route.method);
  }
  return match;
}

}  // namespace gw::admin
