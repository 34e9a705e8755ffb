#include "send_queue.h"

#include <algorithm>
#include <utility>

namespace gw::backend {

void Batches::append(std::string_view frame) {
  // '[' or ',' before it, ']' behind it.
  if (messages_.empty() || messages_.back().size() + frame.size() + 2 > limit_) {
    messages_.emplace_back("[");
  } else {
    messages_.back() += ',';
  }
  messages_.back() += frame;
  bytes_ += frame.size();
}

void Batches::append(Batches&& later) {
  // A last message that is nearly empty would be sent as it is, however many more such come.
  if (!messages_.empty() && !later.messages_.empty() &&
      messages_.back().size() + later.messages_.front().size() + 1 <= limit_) {
    later.messages_.front()[0] = ',';
    messages_.back() += later.messages_.front();
    later.messages_.pop_front();
  }
  for (auto& message : later.messages_) messages_.push_back(std::move(message));
  bytes_ += later.bytes_;
  later.messages_.clear();
  later.bytes_ = 0;
}

std::string Batches::take() {
  std::string message = std::move(messages_.front());
  messages_.pop_front();
  bytes_ = messages_.empty() ? 0 : bytes_ - std::min(bytes_, message.size());
  message += ']';
  return message;
}

void SendQueue::open(int64_t generation) {
  const std::lock_guard lock(mutex_);
  generation_ = generation;
  isFinishing_ = false;
  batches_ = Batches(limit_);
}

void SendQueue::close() {
  const std::lock_guard lock(mutex_);
  generation_ = 0;
  batches_ = Batches(limit_);
  changed_.notify_all();
  room_.notify_all();
}

void SendQueue::finish() {
  const std::lock_guard lock(mutex_);
  isFinishing_ = true;
  changed_.notify_all();
  room_.notify_all();
}

void SendQueue::push(int64_t generation, std::string_view frame) {
  const std::lock_guard lock(mutex_);
  if (generation != generation_ || generation_ == 0 || isFinishing_) return;
  batches_.append(frame);
  changed_.notify_one();
}

void SendQueue::push(int64_t generation, Batches&& batches) {
  const std::lock_guard lock(mutex_);
  if (generation != generation_ || generation_ == 0 || isFinishing_ || batches.isEmpty()) return;
  batches_.append(std::move(batches));
  changed_.notify_one();
}

void SendQueue::waitForRoom() {
  std::unique_lock lock(mutex_);
  room_.wait(lock, [this] { return generation_ == 0 || isFinishing_ || batches_.bytes() <= highWater_; });
}

std::optional<std::string> SendQueue::next(int64_t generation) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return generation_ != generation || isFinishing_ || !batches_.isEmpty(); });
  if (generation_ != generation || batches_.isEmpty()) return std::nullopt;
  std::string message = batches_.take();
  if (batches_.bytes() <= highWater_) room_.notify_all();
  return message;
}

}  // namespace gw::backend
