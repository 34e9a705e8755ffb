#pragma once
// A request's target: percent-decoding, dot segments, the query. RFC 9112 §3.2, RFC 3986 §5.2.4.

#include <optional>
#include <string>
#include <string_view>

namespace gw::net {

struct HttpTarget {
  std::string path;            // decoded, dot segments resolved; starts with '/', or is "*"
  std::string_view query;      // raw, without '?'
  std::string_view authority;  // of an absolute-form target; else empty
};

/// None for what no honest client sends: bad or NUL escapes, control bytes, a fragment, a path that
/// leaves the root.
std::optional<HttpTarget> parseTarget(std::string_view target);

}  // namespace gw::net
