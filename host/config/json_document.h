#pragma once
// From text to a JSON tree that is safe to walk: size and depth are capped first, and what JSON leaves
// open (duplicate keys, comments) is refused.

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace gw::config {

using Json = nlohmann::ordered_json;

inline constexpr size_t kMaxDocumentBytes = 1 << 20;
inline constexpr int kMaxDocumentDepth = 64;

/// Throws ConfigError "source:line:column: …".
Json parseDocument(const std::string& text, const std::string& source);

/// A JSON value as it is shown in messages: compact, at most 64 bytes.
std::string excerpt(const Json& value);

}  // namespace gw::config
