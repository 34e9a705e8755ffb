#pragma once
// One worker's queue and its figures. Internal to host/store/store_worker.cpp.
//
// Thread: push() and the queries from anywhere; takeGroup(), settle() and pause() on the worker.

#include <condition_variable>
#include <deque>
#include <mutex>
#include <vector>

#include "store/store_worker.h"

namespace gw::store {

struct Job {
  StoreWorkers::Work work;
  StoreWorkers::Done done;
};

class JobQueue {
 public:
  /// False if the queue holds `limit` jobs or was stopped; then job is left to the caller.
  bool push(Job& job, size_t limit);
  /// Waits for jobs and takes up to `most`. Empty: stopped.
  std::vector<Job> takeGroup(size_t most);
  /// The taken group is done with.
  void settle(size_t jobs);
  /// Waits before a retry; false if stop() came.
  bool pause(std::chrono::milliseconds time);
  /// Waits until nothing is queued or taken; false at the deadline.
  bool waitEmpty(std::chrono::steady_clock::time_point deadline);
  /// Wakes the worker and lets nothing in any more; returns what was not taken.
  std::vector<Job> stop();
  /// Queued and taken.
  size_t size() const;

  void noteCommit(size_t jobs, size_t failed);
  void noteRetry(const Error& why, int64_t nowUs);
  void noteFailures(size_t failed, const Error& why);
  StoreFigures figures() const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::condition_variable empty_;
  std::deque<Job> jobs_;
  size_t taken_ = 0;
  bool isStopped_ = false;
  StoreFigures figures_;
};

}  // namespace gw::store
