#pragma once
// Probe: a plugin is tried in a process of its own before it comes near live connections. One that crashes or
// hangs while it is loaded, reads its options or opens a connection never reaches the gateway.
//
// The process is `gwhost --probe`, spawned (never forked from a process with threads): no environment, no
// inherited descriptors, no new privileges, limits on time, memory and files. It is told on its standard input
// what to try and says each step on its standard output, so that a crash names the step.
//
// Thread: one that may block; not a loop, not the control thread.

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace gw::plugin {

struct ProbeAccount {
  std::string id;           // "telnet:default"
  std::string optionsJson;  // its `options`
};

struct ProbeOrder {
  std::string program;  // gwhost's own file
  std::string library;  // absolute; the private copy that would be loaded
  std::vector<ProbeAccount> accounts;
  uint64_t timeoutMs = 10'000;
  const std::atomic<bool>* isCancelled = nullptr;  // set: it is given up within a tenth of a second
};

/// Fails kInvalid with a sentence: at which step and how it crashed, hung or refused; kUnavailable if there could
/// be no probe at all.
Result<void> probePlugin(const ProbeOrder& order);

/// The other side: what `gwhost --probe` does. Reads the order from standard input; the exit code.
int runProbe();

}  // namespace gw::plugin
