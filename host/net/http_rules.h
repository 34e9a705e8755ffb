#pragma once
// Host and Origin decisions (against DNS rebinding and cross-site requests). Pure functions.

#include <string_view>

#include "net/http_front.h"

namespace gw::net {

/// The Host header's name is one of the allowed ones; its port is not looked at.
bool isHostAllowed(const HttpRules& rules, std::string_view hostHeader);

/// On the allow-list, or one of the listener's own origins. "null" never is. An absent Origin (a
/// native client) is the caller's to accept. hostHeader must have been found allowed.
bool isOriginAllowed(const HttpRules& rules, std::string_view origin, std::string_view hostHeader, bool isTls);

}  // namespace gw::net
