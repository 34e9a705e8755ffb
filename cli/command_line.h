#pragma once
// The command line, read by CLI11 (which takes seconds to compile, so it is included in one file alone).

#include <chrono>
#include <string>

#include "commands.h"
#include "endpoint.h"

namespace gw::cli {

struct CommandLine {
  Command command = nullptr;  // null: nothing to do (help was printed, or the line is wrong)
  bool isLocal = false;       // the command needs no gateway
  int exitCode = 0;           // if there is nothing to do
  Arguments arguments;
  EndpointOptions endpoint;
  bool json = false;
  std::chrono::milliseconds timeout{10'000};
};

/// Prints help and usage errors itself.
CommandLine parseCommandLine(int argc, const char* const* argv);

}  // namespace gw::cli
