#pragma once
// Reading a message of the gateway.

#include <string>
#include <string_view>
#include <vector>

#include "inbox.h"

namespace gw::backend {

/// Appends its frames. False: it is not a message of the protocol; nothing was appended. Frames of a type that is
/// not known are skipped.
bool parseMessage(std::string_view message, std::vector<Item>& into);

/// Members of JSON that may be anything. Missing or of another type: the default.
std::string textOf(const nlohmann::json& object, const char* name);
int64_t numberOf(const nlohmann::json& object, const char* name, int64_t otherwise = 0);
bool truthOf(const nlohmann::json& object, const char* name, bool otherwise);
/// Never fails: an empty object if there is none.
const nlohmann::json& objectOf(const nlohmann::json& object, const char* name);

}  // namespace gw::backend
