#pragma once
// HealthReport: what the gateway's health is and why; and the rules that say so. Plain values, no
// threads: health_monitor.* runs them, callers render them.
//
// Rules: an account in error, or whose plugin says that it failed → unhealthy; one whose plugin calls
// itself degraded → degraded; an account that should run and does not → degraded; one that
// the operator stopped, or that is not enabled, does not count. Store or backend down → degraded. A
// loop that no longer turns → unhealthy. The report's level is the worst of its problems.

#include <cstdint>
#include <string>
#include <vector>

#include "channel/account_snapshot.h"
#include "net/event_loop.h"
#include "store/store_worker.h"

namespace gw::health {

enum class HealthLevel { kHealthy, kDegraded, kUnhealthy };
const char* toString(HealthLevel level);  // "healthy", "degraded", "unhealthy"

/// "connected" | "disconnected" | "error": an account for outsiders.
const char* accountStatus(const channel::AccountSnapshot& account);

struct HealthInputs {
  std::vector<channel::AccountSnapshot> accounts;
  store::StoreFigures store;
  bool storeIsCongested = false;
  bool isStalled = false;  // strict: what is said waits for the store
  bool isRelaxed = false;  // strict was given up until the store is back
  bool backendIsUp = true;
  std::string backendName;   // "lobby"
  std::string backendState;  // behind the link: connecting, connected, degraded, failed; else empty
  std::string backendWhy;    // degraded, failed
  int64_t backendSinceUs = 0;
  std::vector<net::LoopFigures> loops;
  uint64_t connections = 0;
  uint64_t memoryBytes = 0;  // counted against limits.memory
  uint64_t memoryLimitBytes = 0;
  uint64_t residentBytes = 0;
};

/// One thing that is wrong.
struct Problem {
  std::string key;  // identifies it from check to check
  HealthLevel level = HealthLevel::kDegraded;
  std::string what;         // one sentence without an end
  int64_t sinceUs = 0;      // UTC
  std::string nextCommand;  // what an operator types next
};

struct HealthReport {
  HealthLevel level = HealthLevel::kHealthy;
  std::vector<Problem> problems;  // worst first, then oldest first
  int64_t atUs = 0;
  int64_t levelSinceUs = 0;
  uint64_t uptimeMs = 0;
  uint64_t loopLagMaxNs = 0;  // the worst loop's, over its last second
  HealthInputs inputs;
};

/// A loop publishes at least once a second; without news for this long it does not turn.
inline constexpr uint64_t kLoopSilenceNs = 5'000'000'000;

/// The problems that the inputs show now. sinceUs is set where the inputs know it, else 0.
std::vector<Problem> findProblems(const HealthInputs& inputs, uint64_t nowNs);

/// The liveness question (/healthz): does every loop turn? Account, store and backend errors are no
/// reason to be restarted.
bool doLoopsTurn(const std::vector<net::LoopFigures>& loops, uint64_t nowNs);

/// The readiness question (/readyz): the store works, or at least still queues, and some account
/// accepts clients. Empty if ready, else why not, in one sentence.
std::string whyNotReady(const store::StoreFigures& store, bool storeIsCongested, bool isAnyAccountAccepting);

/// The resident set of this process; 0 if unknown.
uint64_t residentBytes();

}  // namespace gw::health
