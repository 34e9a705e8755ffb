#pragma once
// WorkQueue: jobs that wait for a thread, in lanes that take turns. A lane has at most mostRunning jobs under way,
// stuck ones included, however many threads are free: what one account does leaves room for the others.
//
// Thread: under its owner's lock.

#include <cstddef>
#include <deque>
#include <map>
#include <string>

#include "plugin/work_job.h"

namespace gw::plugin {

class WorkQueue {
 public:
  explicit WorkQueue(size_t mostRunning) : mostRunning_(mostRunning) {}

  void push(WorkJobPtr job);
  /// The next job of the lane whose turn it is; its lane counts it as running. Null: nothing may run.
  WorkJobPtr pop();
  bool hasNext() const { return !turns_.empty(); }
  /// It waits no longer; nothing happens if it does not wait.
  void remove(const WorkJob& job);
  /// What pop() gave is over.
  void over(const WorkJob& job);
  /// What pop() gave is stuck; until over().
  void stuck(const WorkJob& job) { ++lanes_[job.lane].stuck; }
  /// All that a lane may have under way is stuck.
  bool isBlocked(const std::string& lane) const;
  /// Jobs that could run now if there were threads.
  size_t runnable() const;
  /// All that wait; the queue is empty then.
  std::deque<WorkJobPtr> takeAll();

 private:
  struct Lane {
    std::deque<WorkJobPtr> waiting;
    size_t running = 0;
    size_t stuck = 0;
    bool hasTurn = false;
  };
  using Lanes = std::map<std::string, Lane>;
  void settle(Lanes::iterator lane);

  const size_t mostRunning_;
  Lanes lanes_;
  std::deque<Lanes::iterator> turns_;  // lanes with a job that may run
};

}  // namespace gw::plugin
