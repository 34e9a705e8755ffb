#pragma once
// WorkJob: one function of a plugin that is to run, runs or has run on a thread of BlockingWork; and what accounts
// count of theirs.

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "gw/work.h"

namespace gw::plugin {

/// Of one account, whichever of its instances asked. Read by anyone. What was started is answered, overdue, failed,
/// dropped or pending.
struct WorkTotals {
  std::atomic<uint64_t> started{0};
  std::atomic<uint64_t> answered{0};  // returned in time
  std::atomic<uint64_t> overdue{0};
  std::atomic<uint64_t> failed{0};
  std::atomic<uint64_t> dropped{0};  // there was nobody left to answer
  std::atomic<uint64_t> refused{0};  // at a bound; not started
  std::atomic<uint64_t> pending{0};  // not yet answered
  std::atomic<uint64_t> stuck{0};    // overdue, and still running
};

/// Where the answers for a stream are taken: the StreamHost of its loop.
class WorkHome {
 public:
  /// [any] Has the stream take its answers in a later turn. Called under a lock: may only post.
  virtual void wakeForWork(uint64_t streamId) = 0;

 protected:
  ~WorkHome() = default;
};

struct WorkJob {
  enum class State { kWaiting, kRunning, kOver };

  WorkJob() = default;
  ~WorkJob();  // overwrites input and result: they may hold what a client typed
  WorkJob(const WorkJob&) = delete;
  WorkJob& operator=(const WorkJob&) = delete;

  // Constant once it is queued.
  gw_work_fn run = nullptr;
  uint64_t token = 0;
  uint64_t streamId = 0;
  uint64_t deadlineNs = 0;
  std::string account;  // for logs
  std::string lane;     // jobs of one lane share its part of the threads
  std::string input;
  std::shared_ptr<WorkTotals> totals;

  // The running thread's, until the job is over.
  std::string result;

  std::atomic<bool> isUnwanted{false};

  // Guarded by the pool's mutex.
  State state = State::kWaiting;
  bool isStuck = false;
  uint32_t outcome = 0;  // GW_WORK_*; 0: not answered yet
  gw_status status = GW_OK;
  WorkHome* home = nullptr;         // null: on its way to another, or there is nobody any more
  std::shared_ptr<const void> pin;  // keeps the function loaded until the job is over
};

using WorkJobPtr = std::shared_ptr<WorkJob>;

}  // namespace gw::plugin
