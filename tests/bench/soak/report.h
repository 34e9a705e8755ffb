#pragma once
// The table of a soak, in markdown, and whether it passed.

#include <cstdint>
#include <vector>

#include "soak/mix.h"
#include "soak/reloads.h"
#include "soak/traffic.h"

namespace gw::bench {

struct SoakReport {
  SoakMix mix;
  uint32_t loops = 0;
  double seconds = 0;
  const SoakFigures& traffic;
  const std::vector<ReloadResult>& reloads;
  size_t planned = 0;
  size_t leaked = 0;
  bool looksAtLibraries = true;  // not under ThreadSanitizer, whose runtime may keep them
  bool expectsLeak = false;
  bool comparesMemory = true;  // sanitizers keep freed memory for a while
  int exitCode = 0;            // of the gateway
};

/// Prints to standard output; what failed to standard error. True: passed.
bool print(const SoakReport& report);

}  // namespace gw::bench
