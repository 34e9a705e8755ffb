#pragma once
// What all loops' session managers share. Members are set before the loops start and are thread-safe
// or immutable from then on.

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "base/unique_function.h"
#include "session/code_guesses.h"
#include "session/event_log.h"
#include "session/rate_limit.h"

namespace gw {
class Clock;
}
namespace gw::store {
class StoreWorkers;
}

namespace gw::session {

class Backend;
class Journal;
class SessionManager;

struct SessionLimits {
  uint32_t sessions = 20'000;
  uint32_t sessionsPerUser = 1;
  uint32_t connectionsPerChannel = 4;  // of one session on one channel
  double commandRate = 20;
  uint32_t commandBurst = 40;
  double userCommandRate = 40;  // of all connections of a user, shared out to their sessions
  uint32_t userCommandBurst = 80;
  uint32_t disconnectedPerUser = 3;  // put away in the store
  double unitRate = 200;
  uint32_t unitBurst = 400;
  uint64_t loginMs = 60'000;
  uint64_t loginAnsweringMs = 180'000;  // while the client keeps answering
  uint64_t idleMs = 600'000;
  uint64_t idleWarnMs = 60'000;
  uint64_t lifetimeMs = 0;               // 0: for ever
  std::vector<std::string> exemptUsers;  // names or ids: no idle, lifetime, connection limit
  uint64_t resumeWindowMs = 3'600'000;
  uint64_t inMemoryMs = 60'000;
  uint64_t leaseMs = 60'000;
  uint64_t saveDelayMs = 1'000;
  uint32_t preAuthBytes = 64 * 1024;
  uint32_t maxPayloadBytes = 1 << 20;
  uint64_t softBytes = 1 << 20;
  uint32_t unauthenticatedPerAddress = 32;
  uint64_t memoryBytes = 0;  // logs and queues of all loops; 0: no limit
  EventLog::Bounds log;
};

/// Strict, when the store does not answer: wait for it, or give strictness up after a while.
struct OutagePolicy {
  bool relaxes = false;
  uint64_t afterMs = 5'000;
};

/// Checks an operator's token; answers on any thread with the role ("view", "operate", "admin") or "".
using TokenVerifier =
    UniqueFunction<void(std::string token, std::string limitKey, UniqueFunction<void(std::string role)>)>;

/// Counted over all loops; read by status and metrics.
struct SessionCounters {
  std::atomic<uint64_t> sessions{0};
  std::atomic<uint64_t> created{0};
  std::atomic<uint64_t> resumed{0};
  std::atomic<uint64_t> resumeRefused{0};
  std::atomic<uint64_t> commands{0};
  std::atomic<uint64_t> rateLimited{0};
  std::atomic<uint64_t> userRateLimited{0};
  std::atomic<uint64_t> codesThrottled{0};
  std::atomic<uint64_t> sessionsRefused{0};
  std::atomic<uint64_t> saveFailures{0};
  std::atomic<uint64_t> idleEnded{0};
  std::atomic<uint64_t> lifetimesEnded{0};
  std::atomic<uint64_t> connectionsEvicted{0};  // by a newer one of the same session and channel
  // Strict, now: loops on which what was said waits for the store, and those that have given that up.
  std::atomic<uint32_t> loopsStalled{0};
  std::atomic<uint32_t> loopsRelaxed{0};
};

struct Services {
  Services(const Clock& c, Admission& a, SessionLimits l, std::string v)
      : clock(c), admission(a), limits(l), version(std::move(v)) {}
  const Clock& clock;
  Admission& admission;
  CodeGuesses codeGuesses;
  const SessionLimits limits;  // at the start; each manager has its own copy
  std::string gatewayId;       // before the loops take clients
  std::string version;
  Backend* backend = nullptr;
  std::string backendName = "lobby";  // whose sessions these are
  bool keepsRooms = false;            // a session's rooms come back with it; else the backend joins them again
  store::StoreWorkers* store = nullptr;
  Journal* journal = nullptr;  // null: relaxed
  OutagePolicy outage;
  UniqueFunction<void()> onHealthChange;  // any loop: something that health tells of has changed
  TokenVerifier verifyToken;
  std::vector<SessionManager*> managers;  // by loop
  SessionCounters counters;
  std::atomic<bool> stopping{false};
  std::atomic<bool> restoring{false};  // sessions of the last run come in: nothing reaches the backend yet
};

}  // namespace gw::session
