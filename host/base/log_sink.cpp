#include "base/log_sink.h"

#include <Poco/Exception.h>

#include <chrono>
#include <string>

namespace gw::log {

Sink::Sink(Poco::AutoPtr<Poco::Channel> channel, Format format)
    : channel_(std::move(channel)), format_(format), thread_([this] { run(); }) {}

Sink::~Sink() {
  {
    const std::lock_guard lock(mutex_);
    isStopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
  try {
    channel_->close();
  } catch (const Poco::Exception&) {
    // Nobody is left to be told.
  }
}

void Sink::push(Line line) {
  {
    const std::lock_guard lock(mutex_);
    if (queue_.size() >= kQueueLimit) {
      ++dropped_;
      ++droppedUntold_;
      return;
    }
    queue_.push_back(std::move(line));
    ++pushedCount_;
  }
  wake_.notify_one();
}

void Sink::flush(uint64_t limitMs) {
  std::unique_lock lock(mutex_);
  const uint64_t target = pushedCount_;
  written_.wait_for(lock, std::chrono::milliseconds(limitMs), [&] { return writtenCount_ >= target; });
}

uint64_t Sink::dropped() const {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

void Sink::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [&] { return isStopping_ || !queue_.empty(); });
    if (queue_.empty()) return;
    std::deque<Line> batch;
    batch.swap(queue_);
    const uint64_t untold = std::exchange(droppedUntold_, 0);
    lock.unlock();
    for (const auto& line : batch) writeQuietly(line);
    if (untold > 0) {
      writeQuietly(Line("log", std::to_string(untold) + " lines dropped: the log is written too slowly",
                        Poco::Message::PRIO_WARNING));
    }
    lock.lock();
    writtenCount_ += batch.size();
    written_.notify_all();
  }
}

void Sink::writeQuietly(const Line& line) {
  try {
    channel_->log(Poco::Message(line.getSource(), format_(line), line.getPriority()));
  } catch (const std::exception&) {
    // A full disk must not end the gateway, and the log is the only place to say so.
    const std::lock_guard lock(mutex_);
    ++dropped_;
    ++droppedUntold_;
  }
}

}  // namespace gw::log
