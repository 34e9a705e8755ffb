#pragma once
// How a request says who it is: Authorization, the query's attach token, the cookie minted for one.
// Pure functions over header and query text. Views point into what was given.

#include <optional>
#include <string>
#include <string_view>

namespace gw::sse {

/// The token of "Bearer TOKEN" (the scheme in any case, RFC 9110 §11.1); empty if there is none.
std::string_view bearerToken(std::string_view authorization);

/// The first value of a query parameter, percent-decoded; nothing if it is missing or badly encoded.
std::optional<std::string> queryValue(std::string_view query, std::string_view name);

/// "gw_" and the first 16 hex digits of SHA-256(token): two tabs of two users use two cookies.
std::string cookieNameFor(std::string_view attachToken);

/// "name=value" as it stands in a Cookie header; empty if it is not there or has no value.
std::string_view cookiePair(std::string_view cookieHeader, std::string_view name);

}  // namespace gw::sse
