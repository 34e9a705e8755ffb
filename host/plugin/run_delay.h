#pragma once
// RunDelay: how much of a span of time this thread was ready to run but had no processor. What a busy
// machine took must not be blamed on the code that it interrupted; time spent asleep or blocked is not
// excused.
//
// The kernel counts the delay per thread (/proc/thread-self/schedstat), which costs a system call of two
// microseconds. So it is read at most every 10 ms, and waitedNs() answers a lower bound: up to 10 ms of
// delay may go unseen, none is invented. Where the kernel does not count, nothing is excused.
// Thread: its own only.

#include <cstdint>

namespace gw::plugin {

class RunDelay {
 public:
  struct Sample {
    uint64_t atNs = 0;     // monotonic
    uint64_t delayNs = 0;  // since the thread began
  };

  RunDelay() = default;
  ~RunDelay();
  RunDelay(const RunDelay&) = delete;
  RunDelay& operator=(const RunDelay&) = delete;

  /// When a span begins: a sample that is at most 10 ms old.
  Sample begin(uint64_t nowNs) {
    if (nowNs - latest_.atNs > kSampleAgeNs) latest_ = {nowNs, readNs()};
    return latest_;
  }
  /// When it ends: how long the thread waited since startNs, at least.
  uint64_t waitedNs(const Sample& before, uint64_t startNs);

 private:
  static constexpr uint64_t kSampleAgeNs = 10'000'000;
  uint64_t readNs();

  int file_ = -1;
  Sample latest_;
};

}  // namespace gw::plugin
