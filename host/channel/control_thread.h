#pragma once
// ControlThread: the one serial management context. Lifecycle calls of plugins, accounts and
// configuration run here, one after the other; they may block, loops may not.
//
// post, run and the queries: any thread. The queue is bounded; over the bound post() refuses (counted)
// and the caller answers "busy". What must not be lost (the end of an instance) uses postRequired().

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <thread>

#include "base/unique_function.h"

namespace gw::channel {

class ControlThread {
 public:
  explicit ControlThread(std::string name = "control", size_t queueLimit = 1024);
  ~ControlThread();  // stop()
  ControlThread(const ControlThread&) = delete;

  void start();
  /// Runs what is queued, then ends the thread. Not from the control thread itself.
  void stop();

  /// False: the queue is full or the thread has been stopped; the task is gone.
  [[nodiscard]] bool post(Task task);
  /// Beyond the bound too. Gives the task back if the thread has been stopped.
  Task postRequired(Task task);
  /// Runs the task there and waits for it; at once if this is the control thread. False as post().
  [[nodiscard]] bool run(Task task);
  /// Waits until everything posted before has run.
  void drain();

  bool isInThread() const { return std::this_thread::get_id() == threadId_.load(std::memory_order_relaxed); }
  uint64_t refused() const { return refused_.load(std::memory_order_relaxed); }

 private:
  void work();

  const std::string name_;
  const size_t queueLimit_;
  std::atomic<std::thread::id> threadId_{};
  std::atomic<uint64_t> refused_{0};
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Task> queue_;
  bool isStopping_ = true;  // until start()
  std::thread thread_;
};

}  // namespace gw::channel
