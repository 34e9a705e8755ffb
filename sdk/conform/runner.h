#pragma once
// Runs a check in a process of its own, which is this program again (--child): no inherited descriptors but its three,
// limits on memory, files and processor time, a deadline. It tells its steps and its verdict on descriptor 3, so that a
// crash names the step.
//
// Thread: one.

#include "conform/command_line.h"
#include "conform/verdict.h"

namespace gw::conform {

Verdict runInChild(const Check& check, const CommandLine& line);

/// The other side: runs the check here, tells descriptor `tellFd`, and returns the exit code.
int runHere(const Check& check, const Order& order, int tellFd);

/// Limits for this process; before runHere in a child.
void restrictOurselves(std::chrono::seconds timeout);

inline constexpr int kTellFd = 3;

}  // namespace gw::conform
