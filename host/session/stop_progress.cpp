#include "session/stop_progress.h"

#include <chrono>

namespace gw::session {

void StopProgress::loopCounted() {
  const std::lock_guard lock(mutex_);
  --loopsLeft_;
  changed_.notify_all();
}

void StopProgress::saved(bool ok) {
  if (!ok) ++failed;
  if (--left > 0) return;
  const std::lock_guard lock(mutex_);
  changed_.notify_all();
}

bool StopProgress::wait(uint64_t ms) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, std::chrono::milliseconds(ms), [&] { return loopsLeft_ == 0 && left == 0; });
}

}  // namespace gw::session
