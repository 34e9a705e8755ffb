#pragma once
// Operations: verbs that go on after the gateway has answered.

#include "client.h"

namespace gw::cli {

/// The finished operation. The server holds each look for up to 1 s. Throws CliError kTimeout after the client's
/// timeout: it goes on; `next` says what to do.
Json waitForOperation(const Client& client, const Json& begun, const std::string& next);

}  // namespace gw::cli
