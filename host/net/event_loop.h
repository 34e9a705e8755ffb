#pragma once
// EventLoop: one thread, one epoll, everything of its connections and sessions.
//
// Thread rule: only post(), stop(), isInLoop() and figures() may be called from elsewhere.
// Order within a turn: ready fds, due timers, posted tasks (in batches), then the turn-end hooks, the
// flushes and last the graveyard; so that everything a turn produced leaves in one write per connection.
//
// Connections, timers and listeners of a loop must be gone (or their loop stopped and joined) before
// the EventLoop object is destroyed; timers alone may outlive it.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/unique_function.h"

namespace gw::net {

/// Receives readiness of one fd. Must outlive its watch.
class FdHandler {
 public:
  virtual void onFdReady(uint32_t epollEvents) = 0;
  /// Follows requestFlush(), once, at the end of the turn.
  virtual void onTurnEnd() {}
  /// Follows requestHold(), once; may only request a flush.
  virtual void onHoldEnd() {}

 protected:
  ~FdHandler() = default;
};

class TimerQueue;
class IoScratch;  // net/io_scratch.h: the loop's read buffer and recycled output chunks

/// A one-shot timer, embedded in its owner; destroying or cancelling it is always safe.
/// About 48 bytes; setting it again moves it. The callback must not destroy the loop.
class Timer {
 public:
  using Callback = void (*)(void* owner);
  Timer(TimerQueue& queue, Callback callback, void* owner) : queue_(&queue), callback_(callback), owner_(owner) {}
  ~Timer() { cancel(); }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  void setAfterMs(uint64_t delayMs);
  void setAtNs(uint64_t deadlineNs);
  void cancel();
  bool isSet() const { return slot_ != kNone; }
  uint64_t deadlineNs() const { return deadlineNs_; }
  /// Moves an owner to another loop: keeps the deadline, changes the queue.
  void rebind(TimerQueue& queue);

 private:
  friend class TimerQueue;
  static constexpr size_t kNone = static_cast<size_t>(-1);
  TimerQueue* queue_;
  Callback callback_;
  void* owner_;
  uint64_t deadlineNs_ = 0;
  size_t slot_ = kNone;
};

/// What a loop publishes each second, for health, metrics and admin; read from any thread.
struct LoopFigures {
  uint64_t turns = 0;
  uint64_t lagMaxNs = 0;  // longest turn in the last second
  uint64_t inboxBytes = 0;
  uint64_t inboxTasks = 0;
  uint64_t connections = 0;
  uint64_t lastTurnNs = 0;  // monotonic time of the last published turn
};

class EventLoop {
 public:
  /// clock: read once per turn, for timers and everything else on this loop; must outlive it.
  explicit EventLoop(int index = 0, const Clock& clock = systemClock());
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  int index() const { return index_; }
  void start();  // runs the loop in a thread of its own
  void run();    // runs it here (tests)
  /// One turn here, waiting at most timeoutMs (-1: until something happens). For tests and benches.
  void runOnce(int timeoutMs);
  /// Any thread; returns at once. What was posted before is still run.
  void stop();
  void join();

  /// Any thread. FIFO per sender. bytes: what the task carries, counted against the inbox bound.
  /// Never refuses; over the bound isCongested() is true and producers hold back.
  void post(Task task, size_t bytes = 0);
  bool isCongested() const;  // any thread
  void setInboxLimit(size_t bytes);

  bool isInLoop() const { return std::this_thread::get_id() == threadId_.load(std::memory_order_relaxed); }
  uint64_t nowNs() const { return nowNs_; }  // [loop] read once per turn
  TimerQueue& timers() { return *timers_; }

  void watch(int fd, uint32_t epollEvents, FdHandler& handler);
  void rewatch(int fd, uint32_t epollEvents, FdHandler& handler);
  void unwatch(int fd, FdHandler& handler);  // safe from within onFdReady of any handler

  /// [loop] Calls hook once at the end of this turn, then forgets it. Hooks may add hooks.
  void atTurnEnd(Task hook);
  /// [loop] Calls handler.onTurnEnd() once after the turn-end hooks. Returns a ticket that
  /// cancelFlush() takes as long as onTurnEnd() was not called. Costs one vector slot.
  size_t requestFlush(FdHandler& handler);
  void cancelFlush(size_t ticket) { flushes_[ticket] = nullptr; }
  /// [loop] Calls handler.onHoldEnd() within kHoldMs: for output that may wait for company. The ticket as
  /// with requestFlush().
  size_t requestHold(FdHandler& handler);
  void cancelHold(size_t ticket) { held_[ticket] = nullptr; }
  IoScratch& scratch() { return *scratch_; }  // [loop]
  /// [loop] Destroys an object after this turn, when nobody on the stack can still touch it.
  template <typename T>
  void deleteLater(std::unique_ptr<T> object) {
    graveyard_.emplace_back(std::shared_ptr<void>(object.release(), [](void* p) { delete static_cast<T*>(p); }));
  }
  void countConnections(int delta) { connections_ += delta; }  // [loop]

  LoopFigures figures() const;  // any thread

 private:
  struct Inbox;
  void enterLoop();
  void turn(int timeoutMs);
  int waitMs(int timeoutMs);
  void dispatchReady(int count);
  void drainInbox(size_t limit);
  void runTurnEnd();
  void endHolds();
  void buryTheDead();
  void publishFigures(uint64_t endNs);

  const int index_;
  const Clock& clock_;
  int epollFd_ = -1;
  int wakeFd_ = -1;
  std::atomic<bool> stopping_{false};
  std::atomic<std::thread::id> threadId_{};
  std::thread thread_;
  uint64_t nowNs_ = 0;
  int64_t connections_ = 0;
  std::unique_ptr<TimerQueue> timers_;
  std::unique_ptr<Inbox> inbox_;
  std::unique_ptr<IoScratch> scratch_;
  std::vector<Task> turnEnd_;
  std::vector<FdHandler*> flushes_;
  size_t nextFlush_ = 0;          // emptied as a whole, so that tickets stay valid
  std::vector<FdHandler*> held_;  // emptied as a whole too
  uint64_t holdEndNs_ = 0;
  std::vector<FdHandler*> ready_;  // of this turn; unwatch() blanks what is still to come
  std::vector<uint32_t> readyEvents_;
  std::vector<std::shared_ptr<void>> graveyard_;
  struct Figures;
  std::unique_ptr<Figures> figures_;
};

}  // namespace gw::net
