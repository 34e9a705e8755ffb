#include "net/timer_queue.h"

#include <algorithm>

namespace gw::net {

void Timer::setAfterMs(uint64_t delayMs) { queue_->set(*this, queue_->nowNs() + delayMs * 1'000'000); }

void Timer::setAtNs(uint64_t deadlineNs) { queue_->set(*this, deadlineNs); }

void Timer::cancel() {
  if (isSet()) queue_->cancel(*this);
}

void Timer::rebind(TimerQueue& queue) {
  const bool wasSet = isSet();
  cancel();
  queue_ = &queue;
  if (wasSet) queue_->set(*this, deadlineNs_);
}

TimerQueue::~TimerQueue() {
  for (Entry& entry : heap_) entry.timer->slot_ = Timer::kNone;
}

void TimerQueue::place(size_t slot, const Entry& entry) {
  heap_[slot] = entry;
  entry.timer->slot_ = slot;
}

void TimerQueue::siftUp(size_t slot) {
  const Entry moving = heap_[slot];
  while (slot > 0) {
    const size_t parent = (slot - 1) / 4;
    if (!moving.isBefore(heap_[parent])) break;
    place(slot, heap_[parent]);
    slot = parent;
  }
  place(slot, moving);
}

void TimerQueue::siftDown(size_t slot) {
  const Entry moving = heap_[slot];
  for (;;) {
    const size_t firstChild = slot * 4 + 1;
    if (firstChild >= heap_.size()) break;
    const size_t lastChild = std::min(firstChild + 4, heap_.size());
    size_t best = firstChild;
    for (size_t child = firstChild + 1; child < lastChild; ++child) {
      if (heap_[child].isBefore(heap_[best])) best = child;
    }
    if (!heap_[best].isBefore(moving)) break;
    place(slot, heap_[best]);
    slot = best;
  }
  place(slot, moving);
}

void TimerQueue::set(Timer& timer, uint64_t deadlineNs) {
  timer.deadlineNs_ = deadlineNs;
  const uint64_t order = nextOrder_++;
  if (!timer.isSet()) {
    heap_.push_back({deadlineNs, order, &timer});
    siftUp(heap_.size() - 1);
    return;
  }
  const size_t slot = timer.slot_;
  heap_[slot].deadlineNs = deadlineNs;
  heap_[slot].order = order;
  siftUp(slot);
  siftDown(timer.slot_);
}

void TimerQueue::removeAt(size_t slot) {
  heap_[slot].timer->slot_ = Timer::kNone;
  const Entry last = heap_.back();
  heap_.pop_back();
  if (slot == heap_.size()) return;
  place(slot, last);
  siftUp(slot);
  siftDown(last.timer->slot_);
}

void TimerQueue::cancel(Timer& timer) { removeAt(timer.slot_); }

size_t TimerQueue::fireDue() {
  const uint64_t bornLater = nextOrder_;
  size_t fired = 0;
  while (!heap_.empty() && heap_.front().deadlineNs <= *now_ && heap_.front().order < bornLater) {
    Timer* timer = heap_.front().timer;
    removeAt(0);
    ++fired;
    timer->callback_(timer->owner_);  // may destroy the timer
  }
  return fired;
}

}  // namespace gw::net
