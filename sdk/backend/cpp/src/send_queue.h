#pragma once
// SendQueue: frames on their way to one connection, gathered into messages of at most 64 KiB.
//
// Thread-safe. A connection has a generation: frames made for an older one are dropped here, because the outbox
// sends them again in the order that the new one needs.

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace gw::backend {

/// Frames as arrays: "[a,b" until it is closed. Not thread-safe.
class Batches {
 public:
  explicit Batches(size_t limit) : limit_(limit) {}
  /// frame: at most limit - 2 bytes.
  void append(std::string_view frame);
  void append(Batches&& later);
  bool isEmpty() const { return messages_.empty(); }
  size_t bytes() const { return bytes_; }
  /// The oldest message, whole; needs one.
  std::string take();

 private:
  size_t limit_;
  size_t bytes_ = 0;
  std::deque<std::string> messages_;  // each begins with '[' and lacks its ']'
};

class SendQueue {
 public:
  explicit SendQueue(size_t limit, size_t highWater = size_t{4} << 20U)
      : limit_(limit), highWater_(highWater), batches_(limit) {}

  void open(int64_t generation);
  /// Drops what waits; wakes both sides.
  void close();
  /// No new frames; next() ends when the rest is taken. For a goodbye.
  void finish();

  void push(int64_t generation, std::string_view frame);
  void push(int64_t generation, Batches&& batches);
  /// Waits while more than the high water waits for an open connection.
  void waitForRoom();
  /// The next message of this connection; nothing once it is closed or finished and empty.
  std::optional<std::string> next(int64_t generation);

 private:
  const size_t limit_;
  const size_t highWater_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::condition_variable room_;
  Batches batches_;
  int64_t generation_ = 0;  // 0: closed
  bool isFinishing_ = false;
};

}  // namespace gw::backend
