#pragma once
// Timers: tasks for later, on the lobby's thread. The owner asks when the next is due and sleeps until
// then. Not thread-safe.

#include <cstdint>
#include <map>
#include <utility>

#include "base/unique_function.h"

namespace gw::lobby {

class Timers {
 public:
  static constexpr uint64_t kNever = UINT64_MAX;

  void at(uint64_t dueNs, Task task) { tasks_.emplace(dueNs, std::move(task)); }
  uint64_t nextDueNs() const { return tasks_.empty() ? kNever : tasks_.begin()->first; }
  size_t size() const { return tasks_.size(); }

  /// Runs what is due, in order of time.
  void runDue(uint64_t nowNs) {
    while (!tasks_.empty() && tasks_.begin()->first <= nowNs) {
      Task task = std::move(tasks_.begin()->second);
      tasks_.erase(tasks_.begin());  // before it runs: it may add timers
      task();
    }
  }

 private:
  std::multimap<uint64_t, Task> tasks_;
};

}  // namespace gw::lobby
