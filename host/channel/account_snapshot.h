#pragma once
// AccountSnapshot: one channel account at one moment, for health, metrics and operators. A plain copy.

#include <cstdint>
#include <string>
#include <vector>

namespace gw::channel {

/// Work that its plugin runs on threads that may block (plugin/work_job.h).
struct AccountWork {
  uint64_t started = 0, answered = 0, overdue = 0, failed = 0, dropped = 0;
  uint64_t refused = 0;  // at a bound
  uint64_t pending = 0;  // not yet answered
  uint64_t stuck = 0;    // overdue, and still running
};

enum class AccountState { kStopped, kStarting, kRunning, kStopping, kError };
const char* toString(AccountState state);  // "stopped", "starting", ...

/// …At are microseconds UTC; 0: never.
struct AccountSnapshot {
  std::string channelId;
  std::string accountId;
  AccountState state = AccountState::kStopped;
  bool enabled = true;             // as configured
  bool running = false;            // state is kRunning
  bool isAccepting = false;        // running, not quarantined, and its listener accepts
  bool stoppedByOperator = false;  // stopped on purpose: no fault
  int64_t lastStartAt = 0;
  int64_t lastStopAt = 0;
  std::string lastError;  // of the present error, or the last one before the last good start
  int64_t lastErrorAt = 0;
  int64_t lastActivity = 0;
  uint64_t connections = 0;
  uint64_t accepted = 0;
  uint64_t slowCallbacks = 0;
  uint64_t encodeCalls = 0;  // bodies that the plugin encoded; one serves a whole class
  AccountWork work;
  bool quarantined = false;
  uint32_t pluginHealth = 0;  // what the plugin says of itself: GW_HEALTH_*
  std::string pluginHealthText;
  uint64_t generation = 0;  // 0: not loaded
  std::string pluginVersion;
  std::vector<std::string> addresses;  // "127.0.0.1:4000", "http://127.0.0.1:18789/ws"
  std::string id() const { return channelId + ":" + accountId; }
};

}  // namespace gw::channel
