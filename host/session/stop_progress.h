#pragma once
// StopProgress: how far the sessions' last saves are, over all loops. Any thread.

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>

namespace gw::session {

class StopProgress {
 public:
  explicit StopProgress(size_t loops) : loopsLeft_(loops) {}

  /// [loop] Its sessions are counted in `left`.
  void loopCounted();
  /// [loop] One is done with.
  void saved(bool ok);
  /// Everything is done with, within this time?
  bool wait(uint64_t ms);

  std::atomic<uint64_t> left{0};
  std::atomic<uint64_t> failed{0};

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  size_t loopsLeft_;
};

}  // namespace gw::session
