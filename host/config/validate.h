#pragma once
// The rules that span several keys, and those that a type cannot say. Each throws ConfigError.

#include <string>

#include "config/gateway_config.h"
#include "config/json_document.h"

namespace gw::config {

/// An inline secret anywhere in the file, also inside plugins' options.
void refuseInlineSecrets(const Json& document, const std::string& source);

/// Everything else. registrationIsSet: the file names lobby.registration itself, rather than taking the default.
void validate(const GatewayConfig& config, bool registrationIsSet, const std::string& source);

}  // namespace gw::config
