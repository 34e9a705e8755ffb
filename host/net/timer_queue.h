#pragma once
// TimerQueue: a loop's timers as a 4-ary heap; each Timer knows its slot, so that moving or cancelling
// one costs O(log n) and no search.
//
// Thread: its loop only. Invariant: heap_[t->slot_].timer == t for every set timer, and only for those.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "net/event_loop.h"

namespace gw::net {

class TimerQueue {
 public:
  static constexpr uint64_t kNever = UINT64_MAX;

  /// now: where the owner keeps the turn's time; must outlive the queue.
  explicit TimerQueue(const uint64_t& now) : now_(&now) {}
  ~TimerQueue();  // unsets what is left, so that timers may outlive their queue
  TimerQueue(const TimerQueue&) = delete;
  TimerQueue& operator=(const TimerQueue&) = delete;

  uint64_t nowNs() const { return *now_; }
  uint64_t nextNs() const { return heap_.empty() ? kNever : heap_.front().deadlineNs; }
  size_t size() const { return heap_.size(); }
  /// Fires what is due. A timer that sets itself again for now waits for the next call.
  size_t fireDue();

  void set(Timer& timer, uint64_t deadlineNs);
  void cancel(Timer& timer);

 private:
  struct Entry {
    uint64_t deadlineNs;
    uint64_t order;  // equal deadlines fire in the order in which they were set
    Timer* timer;
    bool isBefore(const Entry& other) const {
      return deadlineNs != other.deadlineNs ? deadlineNs < other.deadlineNs : order < other.order;
    }
  };
  void siftUp(size_t slot);
  void siftDown(size_t slot);
  void place(size_t slot, const Entry& entry);
  void removeAt(size_t slot);

  const uint64_t* now_;
  uint64_t nextOrder_ = 0;
  std::vector<Entry> heap_;
};

}  // namespace gw::net
