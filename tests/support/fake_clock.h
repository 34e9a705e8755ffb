#pragma once
// FakeClock: time that moves when the test says so. Thread-safe.

#include <atomic>
#include <chrono>

#include "base/clock.h"

namespace gw {

class FakeClock final : public Clock {
 public:
  explicit FakeClock(int64_t wallUs = 1'772'366'400'000'000) : wallUs_(wallUs) {}  // 2026-03-01T12:00:00Z

  uint64_t nowNs() const override { return nowNs_.load(); }
  int64_t wallUs() const override { return wallUs_.load(); }

  void advance(std::chrono::nanoseconds by) {
    nowNs_ += static_cast<uint64_t>(by.count());
    wallUs_ += std::chrono::duration_cast<std::chrono::microseconds>(by).count();
  }
  /// The administrator sets the date; monotonic time is not touched.
  void setWall(int64_t wallUs) { wallUs_ = wallUs; }

 private:
  std::atomic<uint64_t> nowNs_{1'000'000'000};
  std::atomic<int64_t> wallUs_;
};

}  // namespace gw
