#pragma once
// Watchdog: finds a plugin callback that never returns. Such a call cannot be rescued, its loop is lost;
// so it says which plugin, generation, account, callback and thread, with that thread's stack, and
// aborts: the supervisor starts the gateway anew and sessions resume.
//
// Time is counted in its own ticks: a process that was stopped (SIGSTOP, a suspended machine) makes no
// ticks, and after a gap above a second every count begins anew. Under --dev nothing is aborted.
// Thread: its own; tick() for tests.

#include <sys/types.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "plugin/callback_guard.h"

namespace gw::health {

struct WatchdogOptions {
  uint32_t tickMs = 100;
  uint32_t stuckMs = 10'000;
  uint32_t forgivenGapMs = 1'000;
  bool mayAbort = true;  // false: --dev
  // Replaced in tests:
  std::function<std::vector<plugin::ActiveCallback>()> active = &plugin::activeCallbacks;
  std::function<std::string(pid_t)> stackOf;  // null: thread_stack.h
  std::function<void()> abortNow;             // null: abort(), within 5 s whatever hangs
};

class Watchdog {
 public:
  explicit Watchdog(WatchdogOptions options = {});
  ~Watchdog();  // stop()
  Watchdog(const Watchdog&) = delete;

  void start();
  void stop();
  /// One tick at this monotonic time.
  void tick(uint64_t nowNs);

  uint64_t stuckCalls() const { return stuckCalls_.load(std::memory_order_relaxed); }  // any thread

 private:
  struct Watched {
    pid_t threadId;
    uint64_t startNs;
    uint32_t ticks;
    bool isReported;
  };
  void work();
  void report(const plugin::ActiveCallback& call, uint64_t stuckMs);

  const WatchdogOptions options_;
  std::vector<Watched> watched_;  // one per thread inside a plugin
  uint64_t lastTickNs_ = 0;
  std::atomic<uint64_t> stuckCalls_{0};
  std::mutex mutex_;
  std::condition_variable wake_;
  bool isStopping_ = false;
  std::thread thread_;
};

}  // namespace gw::health
