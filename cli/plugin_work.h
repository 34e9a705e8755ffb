#pragma once
// What the verbs that change a plugin's code have in common: the gateway does it, gwctl tells how far it is.

#include <string>

#include "cli_error.h"
#include "client.h"
#include "output.h"

namespace gw::cli {

/// How long the gateway may take for what waits: --timeout, but at least the usual 30 s.
uint64_t patienceMs(const Client& client);
/// The gateway may run in another folder than this shell.
std::string absoluteFile(const std::string& file);
/// Looks at it until it is done, with a line for each step.
Json waitForWork(const Client& client, Output& output, Json work);
/// "3: it is busy; 1: it is closing"
std::string reasonsOf(const Json& work);
ExitCode exitOf(const std::string& outcome);

}  // namespace gw::cli
