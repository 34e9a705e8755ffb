#pragma once
// CallbackGuard: wraps calls into a plugin, so that the watchdog can name a call that does not
// return and slow ones are counted. All but wrap and deliver: those are made for each connection and event, and two
// looks at the clock would cost more than they do. Slow is what the plugin took: computing, sleeping, blocking. What
// the thread waited for a processor meanwhile (run_delay.h) is the machine's.
//
// Thread: one slot per thread, made at the thread's first guard and removed when the thread ends; a
// guard touches only its own thread's slot (relaxed stores, two clock reads). activeCallbacks() may be
// called from any thread. Guards nest; the inner one is what the watchdog sees until it ends.

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "plugin/run_delay.h"

namespace gw::plugin {

class Instance;

/// Who is being called. Interned and never freed, so that the watchdog may read it at any time; equal
/// values share one object (their number is bounded by accounts × generations).
struct CallbackOwner {
  std::string channel;
  std::string version;
  std::string account;  // empty while a library is being loaded
  uint64_t generation = 0;
};
const CallbackOwner& internCallbackOwner(const CallbackOwner& owner);

/// What counts as slow, and what follows. Process-wide; set before the first connection.
struct CallbackPolicy {
  uint64_t budgetNs = 50'000'000;
  uint64_t windowNs = 60'000'000'000;  // five slow calls of an instance within it: quarantined
  bool quarantine = true;              // false under --dev: a breakpoint is no fault of the plugin
};
void setCallbackPolicy(const CallbackPolicy& policy);
CallbackPolicy callbackPolicy();

struct CallbackSlot {
  std::atomic<uint64_t> startNs{0};  // 0: not in a plugin
  std::atomic<const char*> callback{nullptr};
  std::atomic<const CallbackOwner*> owner{nullptr};
  pid_t threadId = 0;
  RunDelay runDelay;  // the thread's own
};

class CallbackGuard {
 public:
  /// callback: a string literal of the host ("stream.data").
  CallbackGuard(Instance& instance, const char* callback);
  /// For calls without an instance (entry, init).
  CallbackGuard(const CallbackOwner& owner, const char* callback);
  ~CallbackGuard();
  CallbackGuard(const CallbackGuard&) = delete;
  CallbackGuard& operator=(const CallbackGuard&) = delete;

 private:
  void enter(const CallbackOwner& owner, const char* callback);
  void judge(uint64_t nowNs);

  CallbackSlot* slot_;
  Instance* instance_;
  uint64_t startNs_;
  RunDelay::Sample delayBefore_;
  uint64_t outerStartNs_;
  const char* outerCallback_;
  const CallbackOwner* outerOwner_;
};

/// A call under way, as seen at one moment.
struct ActiveCallback {
  pid_t threadId = 0;
  const char* callback = nullptr;
  const CallbackOwner* owner = nullptr;
  uint64_t startNs = 0;  // with threadId: identifies the call
};
std::vector<ActiveCallback> activeCallbacks();

/// The watchdog says at each tick that it ran. A slow call that ends while the watchdog's own ticks
/// come late is counted but quarantines nobody: the machine was slow, not the plugin.
void noteWatchdogTick(uint64_t nowNs, uint64_t periodNs);

}  // namespace gw::plugin
