#pragma once
// BlockingWork: the threads on which functions of plugins may block (gw/work.h), and what keeps them from harm.
//
// Threads: workers, made when they are needed; and a keeper, made with the first job, which alone makes and joins
// them and watches the deadlines. Nothing is started for plugins that have no such work.
//
// Invariants
//  1. A job's outcome is decided once, under the mutex: by its return, its deadline, or the stop.
//  2. Nobody is called under the mutex but WorkHome::wakeForWork, which only posts; no pin is dropped under it.
//  3. At most options.threads workers are not stuck; at most options.mostStuck more are.
//
// A job that has not returned by its deadline is stuck: its worker is lost until it does, and another takes its
// place up to the bound. A lane whose whole part is stuck gets nothing more to run, so the others keep theirs.
//
// Thread: every function from any thread; none but stop() waits.

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "plugin/work_job.h"
#include "plugin/work_queue.h"

namespace gw::plugin {

struct WorkOptions {
  size_t threads = 4;
  size_t mostStuck = 8;
  size_t mostRunningOfLane = 2;
  size_t mostOfAccount = 128;  // not yet answered
  size_t mostInAll = 512;      // the same
};

struct WorkAnswer {
  uint64_t token = 0;
  uint32_t outcome = 0;  // GW_WORK_*
  gw_status status = GW_OK;
  std::string result{};
};

class BlockingWork : public std::enable_shared_from_this<BlockingWork> {
 public:
  static std::shared_ptr<BlockingWork> create(const WorkOptions& options = {});
  ~BlockingWork();
  BlockingWork(const BlockingWork&) = delete;
  BlockingWork& operator=(const BlockingWork&) = delete;

  /// Queues a job whose constant part is filled in, and its home and pin. GW_E_LIMIT: at a bound; counted.
  /// GW_E_STATE: stopped. What was taken is to be ended by take() or forget().
  gw_status start(const WorkJobPtr& job);
  /// The answer, once there is one; the job is out of the pool's books then, and the caller counts what it was.
  std::optional<WorkAnswer> take(WorkJob& job);
  /// Nobody waits for it any more. If it runs, it runs on.
  void forget(WorkJob& job);
  /// Where to wake from now on; null: nowhere for the moment. An answer that came meanwhile wakes at once.
  void setHome(WorkJob& job, WorkHome* home);

  /// Ends it: what waits is not run, what runs gets limitMs, what is stuck gets nothing. Whoever has not returned by
  /// then is left behind: it keeps what it pins, for ever, and touches nothing else. Not on a worker or a loop.
  void stop(uint64_t limitMs);

 private:
  struct Worker {
    std::thread thread;
    bool isDone = false;
  };
  using Pins = std::vector<std::shared_ptr<const void>>;  // to be dropped outside the mutex
  using Lock = std::unique_lock<std::mutex>;

  explicit BlockingWork(const WorkOptions& options) : options_(options), queue_(options.mostRunningOfLane) {}
  gw_status refusal(const WorkJob& job) const;
  void keep();
  void grow();
  void expire(Lock& lock);
  void joinDone(Lock& lock);
  void work(Worker& self);
  bool isSurplus() const { return workers_.size() - done_ - stuck_ > options_.threads; }
  void runOne(Lock& lock, const WorkJobPtr& job);
  void decide(WorkJob& job, uint32_t outcome, gw_status status);
  void unbook(WorkJob& job);

  const WorkOptions options_;
  std::mutex mutex_;  // for what follows
  WorkQueue queue_;
  std::map<std::pair<uint64_t, const WorkJob*>, WorkJobPtr> deadlines_;  // of what waits or runs and is not stuck
  std::list<Worker> workers_;
  size_t done_ = 0;        // workers to be joined
  size_t idle_ = 0;        // workers that wait for a job, or are about to
  size_t stuck_ = 0;       // workers that are
  size_t unanswered_ = 0;  // jobs between start() and take() or forget()
  bool isStopping_ = false;
  bool isLeft_ = false;  // stop() has given up on who still runs
  std::thread keeper_;
  std::condition_variable jobCame_, keeperCall_, workerEnded_;
};

}  // namespace gw::plugin
