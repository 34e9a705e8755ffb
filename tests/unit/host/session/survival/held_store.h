#pragma once
// HeldStore: store workers without threads. What is submitted waits until the test commits it, a group at
// a time, so that a run is the same each time; what is still held when it is destroyed was never written,
// as after a crash.

#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "store/store_worker.h"
#include "support/memory_session_store.h"

namespace gw::test {

class HeldStore final : public store::StoreWorkers {
 public:
  HeldStore(std::shared_ptr<store::MemoryDatabase> database, size_t workers)
      : store_(std::move(database)), queues_(workers) {}

  size_t workers() const { return queues_.size(); }
  bool isIdle() const {
    return std::all_of(queues_.begin(), queues_.end(), [](const auto& queue) { return queue.empty(); });
  }
  /// Runs and commits a worker's oldest jobs, then answers them.
  void commit(size_t worker, size_t most) {
    std::vector<std::pair<Job, Result<void>>> done;
    std::deque<Job>& queue = queues_[worker];
    while (!queue.empty() && done.size() < most) {
      Job job = std::move(queue.front());
      queue.pop_front();
      Result<void> result = inTransaction(job);
      done.emplace_back(std::move(job), std::move(result));
    }
    for (auto& [job, result] : done)
      if (job.done) job.done(std::move(result));
  }
  void commitAll() {
    while (!isIdle())
      for (size_t worker = 0; worker < queues_.size(); ++worker) commit(worker, SIZE_MAX);
  }
  /// Runs a worker's oldest job and fails to commit it: it runs again later.
  void failToCommit(size_t worker) {
    if (queues_[worker].empty()) return;
    (void)store_.begin();
    (void)queues_[worker].front().work(store_);
    store_.rollback();
  }

  void submit(uint64_t key, Work work, Done done) override {
    queues_[key % queues_.size()].push_back({std::move(work), std::move(done)});
  }
  bool isCongested() const override { return false; }
  store::StoreFigures figures() const override { return {}; }
  size_t flush(uint64_t, UniqueFunction<void(size_t)>) override { return commitAll(), 0; }
  void stop() override {}

 private:
  struct Job {
    Work work;
    Done done;
  };
  Result<void> inTransaction(Job& job) {
    (void)store_.begin();
    Result<void> result = job.work(store_);
    if (result)
      (void)store_.commit();
    else
      store_.rollback();
    return result;
  }

  store::MemorySessionStore store_;
  std::vector<std::deque<Job>> queues_;
};

}  // namespace gw::test
