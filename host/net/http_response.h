#pragma once
// Response heads and error bodies as bytes. Pure functions.

#include <string>
#include <string_view>
#include <vector>

#include "net/http_front.h"

namespace gw::net {

struct ResponseShape {
  int status = 200;
  bool isKeptAlive = false;
  bool hasLength = true;  // Content-Length; not for 204, 304 and streams
  size_t contentLength = 0;
  std::string_view corsOrigin{};  // empty: no CORS headers
};

/// The head, blank line included. Headers that the front sets itself, and those with line breaks in
/// them, are left out.
std::string responseHead(const ResponseShape& shape, const std::vector<HttpHeader>& headers);

/// `101 Switching Protocols` with Connection: Upgrade and these headers.
std::string upgradeHead(const std::vector<HttpHeader>& headers);

/// {"code":"NOT_FOUND","message":"..."} for a status; text must need no escapes.
std::string errorBody(int status, std::string_view text);

}  // namespace gw::net
