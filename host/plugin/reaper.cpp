#include "plugin/reaper.h"

#include <memory>
#include <mutex>
#include <shared_mutex>

namespace gw::plugin {
namespace {

std::shared_mutex& mutex() {
  static auto* instance = new std::shared_mutex;
  return *instance;
}

ReaperFn& installed() {
  static auto* instance = new ReaperFn;
  return *instance;
}

// A reaper that runs the task at once may reap again from inside it (an instance's end drops its
// generation): that second call already holds the shared lock.
thread_local bool isReaping = false;

}  // namespace

void installReaper(ReaperFn run) {
  std::unique_lock lock(mutex());
  installed() = std::move(run);
}

void reap(Task task) {
  if (isReaping) {
    task();
    return;
  }
  {
    std::shared_lock lock(mutex());
    if (installed()) {
      isReaping = true;
      task = installed()(std::move(task));
      isReaping = false;
    }
  }
  if (task) task();
}

}  // namespace gw::plugin
