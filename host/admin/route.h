#pragma once
// Routes: method and path to a function that asks the GatewayPort and answers JSON. Nothing here knows
// sockets or Poco, so that a route is a plain function.
//
// Thread: any admin thread; the table is immutable after construction.

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "admin/role.h"
#include "base/result.h"

namespace gw::admin {

class GatewayPort;
class TokenGate;

using Json = nlohmann::ordered_json;

/// One authenticated request.
struct Call {
  GatewayPort& port;
  TokenGate& tokens;
  std::vector<std::string> args;  // what the pattern's {} stood for, percent-decoded
  std::map<std::string, std::string> query;
  const Json& body;  // an object; empty if there was none
};

struct Reply {
  int status = 200;
  std::string body;
  std::string allow;  // 405: the methods that the path has
  long long retryAfterMs = -1;
  const char* contentType = "application/json";
};

Reply reply(const Json& json, int status = 200);
/// The one error object: {code, message, hint?, details?, retryAfterMs?} with the status that fits.
Reply errorReply(const Error& error, const std::string& hint = {});
/// The same with a code and a status of its own.
Reply errorReply(int status, const std::string& code, const std::string& message, const std::string& hint = {});

using Handler = Reply (*)(Call& call);

struct Route {
  std::string_view method;
  std::string_view pattern;  // "/v1/channels/{}/start"
  Role needs;
  Handler handler;
  bool needsSocket = false;  // never over TCP: it loads code
};

/// Every route of the API.
const std::vector<Route>& allRoutes();

struct Match {
  const Route* route = nullptr;
  std::vector<std::string> args;
  std::string allow;  // without a route: the path exists with these methods
};
/// segments: the path split at '/', percent-decoded.
Match findRoute(std::string_view method, const std::vector<std::string>& segments);

}  // namespace gw::admin
