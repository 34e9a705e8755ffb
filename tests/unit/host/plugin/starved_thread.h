#pragma once
// StarvedThread: makes the calling thread share one processor with three others that never rest.

#include <sched.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <thread>
#include <vector>

namespace gw::test {

/// What the kernel counts of this thread: ready to run, but without a processor.
inline uint64_t runDelayNs() {
  std::ifstream file("/proc/thread-self/schedstat");
  uint64_t onProcessorNs = 0, delayNs = 0;
  file >> onProcessorNs >> delayNs;
  return delayNs;
}

inline bool countsRunDelay() { return ::access("/proc/thread-self/schedstat", R_OK) == 0; }

class StarvedThread {
 public:
  StarvedThread() {
    sched_getaffinity(0, sizeof before_, &before_);
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    sched_setaffinity(0, sizeof one, &one);  // the others inherit it
    for (int i = 0; i < 3; ++i) {
      others_.emplace_back([this] {
        while (!isOver_.load(std::memory_order_relaxed)) {
        }
      });
    }
  }
  ~StarvedThread() {
    isOver_ = true;
    for (std::thread& other : others_) other.join();
    sched_setaffinity(0, sizeof before_, &before_);
  }
  StarvedThread(const StarvedThread&) = delete;
  StarvedThread& operator=(const StarvedThread&) = delete;

  void spinUntilDelayed(std::chrono::nanoseconds by) const {
    const uint64_t from = runDelayNs();
    while (runDelayNs() - from < static_cast<uint64_t>(by.count())) {
    }
  }

 private:
  cpu_set_t before_;
  std::atomic<bool> isOver_{false};
  std::vector<std::thread> others_;
};

}  // namespace gw::test
