#pragma once
// Verdict: how a check ended.

#include <chrono>
#include <string>
#include <vector>

#include "conform/check.h"

namespace gw::conform {

struct Verdict {
  enum class Outcome { kPassed, kFailed, kSkipped };
  const Check* check = nullptr;
  Outcome outcome = Outcome::kFailed;
  std::string why;   // failed, skipped
  std::string said;  // the last of what the process wrote there, if it failed
  std::chrono::milliseconds took{0};
};

/// What the command line is to repeat the check alone.
std::string commandFor(const Verdict& verdict, const std::vector<std::string>& repeated);

}  // namespace gw::conform
