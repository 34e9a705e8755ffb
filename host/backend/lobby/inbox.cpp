#include "backend/lobby/inbox.h"

#include <chrono>
#include <utility>

namespace gw::lobby {

void Inbox::command(SessionId session, uint64_t seq, std::string text) {
  const std::lock_guard lock(mutex_);
  if (isClosed_) return;
  // Once refused, a session stays refused until the consumer has come by: lines keep their order.
  const bool isFull = commands_ >= commandLimit_ || bytes_ + text.size() > byteLimit_;
  if (isFull || queued_.refused.contains(session)) {
    RefusedLines& lines = queued_.refused[session];
    lines.lastSeq = seq;
    ++lines.count;
    ++refusedCommands_;
    return;
  }
  ++commands_;
  bytes_ += text.size();
  queued_.calls.push_back(Call{Call::Kind::kCommand, session, seq, std::move(text), {}});
}

void Inbox::privateCommand(SessionId session, std::string text) {
  const std::lock_guard lock(mutex_);
  if (isClosed_ || commands_ >= commandLimit_) return;
  ++commands_;
  queued_.calls.push_back(Call{Call::Kind::kPrivateCommand, session, 0, std::move(text), {}});
}

void Inbox::enqueue(Task task) {
  const std::lock_guard lock(mutex_);
  if (!isClosed_) queued_.calls.push_back(Call{Call::Kind::kTask, {}, 0, {}, std::move(task)});
}

void Inbox::post(Task task) {
  enqueue(std::move(task));
  wakeConsumer();
}

void Inbox::wakeConsumer() {
  bool isAsleep = false;
  {
    const std::lock_guard lock(mutex_);  // who holds it and sees isWaiting_ knows that the wait has begun
    isAsleep = std::exchange(isWaiting_, false);
  }
  // Outside the lock: the consumer would wake up only to wait for it.
  if (isAsleep) wake_.notify_one();
}

bool Inbox::admitLogin() {
  const std::lock_guard lock(mutex_);
  if (logins_ >= loginLimit_) {
    ++refusedLogins_;
    return false;
  }
  ++logins_;
  return true;
}

void Inbox::loginDone() {
  const std::lock_guard lock(mutex_);
  --logins_;
}

void Inbox::close() {
  Batch dropped;
  {
    const std::lock_guard lock(mutex_);
    isClosed_ = true;
    std::swap(dropped, queued_);  // destroyed outside the lock: closures may own much
    wake_.notify_all();
  }
}

bool Inbox::waitForCalls(std::unique_lock<std::mutex>& lock, uint64_t waitNs) {
  const auto isReady = [&] { return isClosed_ || !queued_.calls.empty() || !queued_.refused.empty(); };
  if (!isReady()) {
    // An hour at most, so that the sum with "now" cannot overflow; an early return is harmless.
    constexpr uint64_t kHourNs = 3'600'000'000'000;
    const auto until = std::chrono::steady_clock::now() + std::chrono::nanoseconds(waitNs < kHourNs ? waitNs : kHourNs);
    do {
      isWaiting_ = true;  // again each time: a wake-up may find that its calls were taken before
    } while (wake_.wait_until(lock, until) == std::cv_status::no_timeout && !isReady());
    isWaiting_ = false;
  }
  return !isClosed_;
}

bool Inbox::take(Batch& batch, uint64_t waitNs) {
  batch.calls.clear();
  batch.refused.clear();
  std::unique_lock lock(mutex_);
  if (!waitForCalls(lock, waitNs)) return false;
  std::swap(batch.calls, queued_.calls);  // both keep their capacity
  std::swap(batch.refused, queued_.refused);
  commands_ = 0;
  bytes_ = 0;
  return true;
}

void Inbox::giveCredit() {
  const std::lock_guard lock(mutex_);
  hasCredit_ = true;
  wake_.notify_one();
}

bool Inbox::awaitCredit() {
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [this] { return isClosed_ || hasCredit_; });
  hasCredit_ = false;
  return !isClosed_;
}

uint64_t Inbox::refusedCommands() const {
  const std::lock_guard lock(mutex_);
  return refusedCommands_;
}

uint64_t Inbox::refusedLogins() const {
  const std::lock_guard lock(mutex_);
  return refusedLogins_;
}

}  // namespace gw::lobby
