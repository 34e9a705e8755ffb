#pragma once
// Clients' JSON, not trusted: depth is checked before it is parsed, types when it is read.

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace gw::telnet {

inline constexpr int kMaxGmcpDepth = 64;

/// Discarded (nlohmann's word) unless it is well-formed JSON in UTF-8 within the depth.
nlohmann::json parseGmcpJson(std::string_view json);

/// Empties a document of at most kMaxGmcpDepth when it goes out of scope. nlohmann's destructor allocates for what has
/// children, and where it can't it ends the process: a client's message is no reason for that.
class Dismantled {
 public:
  explicit Dismantled(nlohmann::json& document) : document_(document) {}
  ~Dismantled();
  Dismantled(const Dismantled&) = delete;
  Dismantled& operator=(const Dismantled&) = delete;

 private:
  nlohmann::json& document_;
};

/// The member if it is a string, else empty.
std::string gmcpText(const nlohmann::json& object, const char* name);

/// true, "true" and 1; some drivers have no booleans. None: absent, or none of these.
std::optional<bool> gmcpBool(const nlohmann::json& object, const char* name);

}  // namespace gw::telnet
