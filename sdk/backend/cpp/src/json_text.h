#pragma once
// Writing JSON by hand: output is the hot path, and one frame with bad UTF-8 would end the connection, and be sent
// again after each reconnect.

#include <string>
#include <string_view>

namespace gw::backend {

/// With quotes. Ill-formed UTF-8 becomes U+FFFD.
void appendJsonString(std::string& out, std::string_view text);

/// `"name":"value"`, with a comma before it unless out ends with '{'.
void appendMember(std::string& out, std::string_view name, std::string_view value);
/// The same with JSON that is known to be right.
void appendRawMember(std::string& out, std::string_view name, std::string_view json);

/// Throws std::invalid_argument unless it is JSON of at most 60 levels; answers it on one line, with good UTF-8.
std::string checkedJson(std::string_view json);

/// More opening brackets than levels, outside of strings?
bool isDeeperThan(std::string_view json, int levels);

}  // namespace gw::backend
