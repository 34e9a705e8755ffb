#pragma once
// The command line of gw-conform.

#include <chrono>
#include <string>
#include <vector>

#include "conform/check.h"

namespace gw::conform {

enum Exit { kPassed = 0, kFailed = 1, kUsage = 2 };

struct CommandLine {
  enum class What { kRun, kList, kHelp, kVersion, kChild };
  What what = What::kRun;
  Order order;
  std::vector<const Check*> checks;  // what is run; all if none was named
  std::chrono::seconds timeout{30};  // of one check
  std::string junit;                 // file; empty: none
  bool isVerbose = false;
  bool isInProcess = false;  // for a debugger
  /// For a child, or for a person: all but --check, --junit and --verbose; the seed is among them.
  std::vector<std::string> repeated;
};

struct UsageError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Throws UsageError and ConversationError. Draws a seed if none was given.
CommandLine readCommandLine(int argc, char** argv);
std::string helpText();

}  // namespace gw::conform
