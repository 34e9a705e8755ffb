#include "plugin/callback_guard.h"

#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <mutex>

#include "base/log.h"
#include "plugin/instance.h"

namespace gw::plugin {
namespace {

std::atomic<uint64_t> budgetNs{CallbackPolicy{}.budgetNs};
std::atomic<uint64_t> windowNs{CallbackPolicy{}.windowNs};
std::atomic<bool> mayQuarantine{CallbackPolicy{}.quarantine};
std::atomic<uint64_t> lastWatchdogTickNs{0};
std::atomic<uint64_t> watchdogPeriodNs{0};
std::atomic<uint64_t> stalledUntilNs{0};

uint64_t monotonicNs() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000u + static_cast<uint64_t>(now.tv_nsec);
}

struct SlotRegistry {
  std::mutex mutex;
  std::vector<CallbackSlot*> slots;
};
// Never destroyed: threads may end after static destruction has begun.
SlotRegistry& registry() {
  static auto* instance = new SlotRegistry;
  return *instance;
}

struct ThreadSlot {
  CallbackSlot slot;
  ThreadSlot() {
    slot.threadId = gettid();
    std::lock_guard lock(registry().mutex);
    registry().slots.push_back(&slot);
  }
  ~ThreadSlot() {
    std::lock_guard lock(registry().mutex);
    std::erase(registry().slots, &slot);
  }
};

CallbackSlot& slotOfThisThread() {
  thread_local ThreadSlot holder;
  return holder.slot;
}

bool isMachineStalled(uint64_t nowNs) {
  const uint64_t tick = lastWatchdogTickNs.load(std::memory_order_relaxed);
  if (tick == 0) return false;
  const uint64_t late = watchdogPeriodNs.load(std::memory_order_relaxed) * 3 / 2;
  return nowNs < stalledUntilNs.load(std::memory_order_relaxed) || (nowNs > tick && nowNs - tick > late);
}

void noteSlow(Instance& instance, const CallbackOwner& owner, const char* callback, uint64_t nowNs,
              uint64_t elapsedNs) {
  InstanceCounters& counters = instance.counters();
  counters.slowCallbacks.fetch_add(1, std::memory_order_relaxed);
  const bool excused = isMachineStalled(nowNs);
  log::warn("channel." + owner.account, excused ? "slow plugin callback on a stalled machine" : "slow plugin callback",
            {{"callback", callback}, {"ms", elapsedNs / 1'000'000}, {"generation", owner.generation}});
  if (excused) return;
  // The ring holds the four slow calls before this one: is the oldest within the window, this is the fifth.
  const uint32_t at = counters.slowCount.fetch_add(1, std::memory_order_relaxed);
  const uint64_t fourBefore = counters.slowStampsNs[at % counters.slowStampsNs.size()].exchange(nowNs);
  const bool repeated = fourBefore != 0 && nowNs - fourBefore <= windowNs.load(std::memory_order_relaxed);
  if (!repeated || !mayQuarantine.load(std::memory_order_relaxed)) return;
  if (!counters.quarantined.exchange(true)) {
    log::error("channel." + owner.account, "quarantined: repeated slow callbacks; accepts are refused until restarted",
               {{"plugin", owner.channel}, {"version", owner.version}, {"generation", owner.generation}});
  }
}

}  // namespace

const CallbackOwner& internCallbackOwner(const CallbackOwner& owner) {
  static std::mutex mutex;
  static auto* owners = new std::deque<CallbackOwner>;
  std::lock_guard lock(mutex);
  for (const CallbackOwner& known : *owners) {
    if (known.generation == owner.generation && known.account == owner.account && known.channel == owner.channel &&
        known.version == owner.version) {
      return known;
    }
  }
  return owners->emplace_back(owner);
}

void setCallbackPolicy(const CallbackPolicy& policy) {
  budgetNs = policy.budgetNs;
  windowNs = policy.windowNs;
  mayQuarantine = policy.quarantine;
}

CallbackPolicy callbackPolicy() { return {budgetNs, windowNs, mayQuarantine}; }

CallbackGuard::CallbackGuard(Instance& instance, const char* callback) : instance_(&instance) {
  enter(instance.callbackOwner(), callback);
}

CallbackGuard::CallbackGuard(const CallbackOwner& owner, const char* callback) : instance_(nullptr) {
  enter(owner, callback);
}

void CallbackGuard::enter(const CallbackOwner& owner, const char* callback) {
  slot_ = &slotOfThisThread();
  outerStartNs_ = slot_->startNs.load(std::memory_order_relaxed);
  outerCallback_ = slot_->callback.load(std::memory_order_relaxed);
  outerOwner_ = slot_->owner.load(std::memory_order_relaxed);
  startNs_ = monotonicNs();
  delayBefore_ = slot_->runDelay.begin(startNs_);
  slot_->owner.store(&owner, std::memory_order_relaxed);
  slot_->callback.store(callback, std::memory_order_relaxed);
  // Release: who sees this start sees the names that belong to it.
  slot_->startNs.store(startNs_, std::memory_order_release);
}

CallbackGuard::~CallbackGuard() {
  const uint64_t nowNs = monotonicNs();
  if (nowNs - startNs_ > budgetNs.load(std::memory_order_relaxed) && instance_ != nullptr) judge(nowNs);
  slot_->startNs.store(0, std::memory_order_relaxed);
  if (outerStartNs_ == 0) return;
  slot_->owner.store(outerOwner_, std::memory_order_relaxed);
  slot_->callback.store(outerCallback_, std::memory_order_relaxed);
  slot_->startNs.store(outerStartNs_, std::memory_order_release);
}

void CallbackGuard::judge(uint64_t nowNs) {
  const uint64_t elapsedNs = nowNs - startNs_;
  const uint64_t waitedNs = std::min(elapsedNs, slot_->runDelay.waitedNs(delayBefore_, startNs_));
  if (elapsedNs - waitedNs <= budgetNs.load(std::memory_order_relaxed)) return;
  noteSlow(*instance_, *slot_->owner.load(std::memory_order_relaxed), slot_->callback.load(std::memory_order_relaxed),
           nowNs, elapsedNs - waitedNs);
}

std::vector<ActiveCallback> activeCallbacks() {
  std::vector<ActiveCallback> active;
  std::lock_guard lock(registry().mutex);
  for (const CallbackSlot* slot : registry().slots) {
    ActiveCallback call;
    call.threadId = slot->threadId;
    call.startNs = slot->startNs.load(std::memory_order_acquire);
    if (call.startNs == 0) continue;
    call.callback = slot->callback.load(std::memory_order_relaxed);
    call.owner = slot->owner.load(std::memory_order_relaxed);
    // A call that ended meanwhile may have left the names of the next one.
    if (slot->startNs.load(std::memory_order_acquire) == call.startNs) active.push_back(call);
  }
  return active;
}

void noteWatchdogTick(uint64_t nowNs, uint64_t periodNs) {
  const uint64_t before = lastWatchdogTickNs.exchange(nowNs);
  watchdogPeriodNs = periodNs;
  const bool wasLate = before != 0 && nowNs > before && nowNs - before > periodNs * 3 / 2;
  // A starved machine's next slices are no better: excuse what ends within the next second too.
  if (wasLate) stalledUntilNs = nowNs + 1'000'000'000u;
}

}  // namespace gw::plugin
