#pragma once
// How gwctl fails: an exit code that scripts can rely on, a sentence, and what to do next. Thrown by
// every command, caught in main.

#include <stdexcept>
#include <string>

namespace gw::cli {

enum ExitCode : int {
  kOk = 0,
  kFailure = 1,
  kUsage = 2,
  kUnreachable = 3,
  kForbidden = 4,
  kNotFound = 5,
  kConflict = 6,
  kInvalidConfig = 7,
  kReloadRefused = 8,
  kRolledBack = 9,
  kPartial = 10,
  kUnhealthy = 11,
  kTimeout = 12,
};

class CliError : public std::runtime_error {
 public:
  CliError(ExitCode exitCode, const std::string& message, std::string hintText = {}, std::string codeText = {})
      : std::runtime_error(message), exit(exitCode), hint(std::move(hintText)), code(std::move(codeText)) {}
  ExitCode exit;
  std::string hint;
  std::string code;  // the admin API's, if it answered
};

}  // namespace gw::cli
