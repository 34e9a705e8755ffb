#include "store/store_worker.h"

#include <algorithm>
#include <optional>
#include <thread>

#include "base/clock.h"
#include "base/log.h"
#include "store/job_queue.h"

namespace gw::store {
namespace {

constexpr size_t kRequiredFactor = 4;

bool isWorthRetry(const Error& why) { return why.code == ErrorCode::kBusy || why.code == ErrorCode::kUnavailable; }

void answer(Job& job, Result<void> result) {
  if (!job.done) return;
  try {
    job.done(std::move(result));
  } catch (const std::exception& e) {
    log::error("store", "an answer's receiver threw", {{"error", e.what()}});
  }
}

Result<void> runWork(Job& job, SessionStore& store) {
  try {
    return job.work(store);
  } catch (const std::exception& e) {
    return fail(ErrorCode::kInternal, std::string("a store job threw: ") + e.what());
  }
}

// A thread, its store and its queue.
class Worker {
 public:
  Worker(std::unique_ptr<SessionStore> store, const WorkerTuning& tuning)
      : store_(std::move(store)), tuning_(tuning), thread_([this] { run(); }) {}

  JobQueue& queue() { return queue_; }
  const JobQueue& queue() const { return queue_; }

  void stop() {
    auto left = queue_.stop();
    if (thread_.joinable()) thread_.join();
    for (auto& job : left) answer(job, fail(ErrorCode::kUnavailable, "the store is stopping"));
  }

 private:
  void run() {
    for (;;) {
      auto group = queue_.takeGroup(tuning_.mostJobsInGroup);
      if (group.empty()) return;
      commitWithRetry(group);
      queue_.settle(group.size());
    }
  }

  void commitWithRetry(std::vector<Job>& group) {
    auto backoff = tuning_.firstBackoff;
    for (bool isFirst = true;; isFirst = false) {
      std::vector<Result<void>> results;
      const Result<void> outcome = commitOnce(group, results);
      if (outcome.ok()) {
        if (!isFirst) log::info("store", "the store works again");
        return answerAll(group, results);
      }
      if (!isWorthRetry(outcome.error())) return failAll(group, outcome.error());
      // Logged once an outage, not once a retry.
      if (isFirst) log::warn("store", "the store failed; retrying", {{"error", outcome.error().message}});
      queue_.noteRetry(outcome.error(), systemClock().wallUs());
      if (!queue_.pause(backoff)) return failAll(group, fail(ErrorCode::kUnavailable, "the store is stopping"));
      backoff = std::min(backoff * 2, tuning_.mostBackoff);
    }
  }

  // One transaction. A failure worth a retry ends it: nothing of the group was changed.
  Result<void> commitOnce(std::vector<Job>& group, std::vector<Result<void>>& results) {
    if (auto begun = store_->begin(); !begun.ok()) return begun;
    for (auto& job : group) {
      auto result = runInSavepoint(job);
      if (!result.ok() && isWorthRetry(result.error())) {
        store_->rollback();
        return result;
      }
      results.push_back(std::move(result));
    }
    return store_->commit();
  }

  Result<void> runInSavepoint(Job& job) {
    if (auto begun = store_->begin(); !begun.ok()) return begun;
    auto result = runWork(job, *store_);
    if (result.ok()) return store_->commit();
    store_->rollback();
    return result;
  }

  void answerAll(std::vector<Job>& group, std::vector<Result<void>>& results) {
    const auto failed = static_cast<size_t>(
        std::count_if(results.begin(), results.end(), [](const Result<void>& r) { return !r.ok(); }));
    queue_.noteCommit(group.size(), failed);
    for (size_t i = 0; i < group.size(); ++i) answer(group[i], std::move(results[i]));
  }

  void failAll(std::vector<Job>& group, const Error& why) {
    queue_.noteFailures(group.size(), why);
    for (auto& job : group) answer(job, why);
  }

  std::unique_ptr<SessionStore> store_;
  const WorkerTuning tuning_;
  JobQueue queue_;
  std::thread thread_;
};

class Workers final : public StoreWorkers {
 public:
  Workers(std::vector<std::unique_ptr<SessionStore>> stores, size_t queueLimit, const WorkerTuning& tuning)
      : limit_(std::max<size_t>(1, queueLimit)) {
    for (auto& store : stores) workers_.push_back(std::make_unique<Worker>(std::move(store), tuning));
  }
  ~Workers() override { stopAll(); }

  void submit(uint64_t key, Work work, Done done) override { enqueue(key, {std::move(work), std::move(done)}, limit_); }

  void submitRequired(uint64_t key, Work work, Done done) override {
    enqueue(key, {std::move(work), std::move(done)}, limit_ * kRequiredFactor);
  }

  bool isCongested() const override {
    return std::any_of(workers_.begin(), workers_.end(), [&](const auto& w) { return w->queue().size() >= limit_; });
  }

  StoreFigures figures() const override {
    StoreFigures sum;
    for (const auto& worker : workers_) {
      const StoreFigures one = worker->queue().figures();
      sum.queued += one.queued;
      sum.commits += one.commits;
      sum.jobs += one.jobs;
      sum.failures += one.failures;
      sum.refused += one.refused;
      sum.retries += one.retries;
      if (!one.lastError.empty() && (sum.lastError.empty() || one.isDown)) sum.lastError = one.lastError;
      if (one.isDown) {
        sum.downSinceUs = sum.isDown ? std::min(sum.downSinceUs, one.downSinceUs) : one.downSinceUs;
        sum.isDown = true;
      }
    }
    return sum;
  }

  size_t flush(uint64_t limitMs, UniqueFunction<void(size_t)> progress) override {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(limitMs);
    for (const auto& worker : workers_) {
      for (;;) {
        const auto tick = std::chrono::steady_clock::now() + std::chrono::seconds(1);
        if (worker->queue().waitEmpty(std::min(tick, deadline))) break;
        if (std::chrono::steady_clock::now() >= deadline) return left();
        if (progress) progress(left());
      }
    }
    return left();
  }

  void stop() override { stopAll(); }

 private:
  void enqueue(uint64_t key, Job job, size_t limit) {
    // The low bits may already have chosen the event loop; take the worker from mixed ones.
    const uint64_t mixed = (key ^ (key >> 32)) * 0x9e3779b97f4a7c15ULL;
    if (workers_[(mixed >> 32) % workers_.size()]->queue().push(job, limit)) return;
    answer(job, fail(ErrorCode::kUnavailable, "the store's queue is full or stopped"));
  }

  size_t left() const {
    size_t sum = 0;
    for (const auto& worker : workers_) sum += worker->queue().size();
    return sum;
  }

  void stopAll() {
    for (auto& worker : workers_) worker->stop();
  }

  const size_t limit_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace

Result<std::unique_ptr<StoreWorkers>> StoreWorkers::start(StoreFactory& factory, int workers, size_t queueLimit) {
  return start(factory, workers, queueLimit, WorkerTuning{});
}

Result<std::unique_ptr<StoreWorkers>> StoreWorkers::start(StoreFactory& factory, int workers, size_t queueLimit,
                                                          const WorkerTuning& tuning) {
  if (workers < 1) return fail(ErrorCode::kInvalid, "at least one store worker is needed");
  std::vector<std::unique_ptr<SessionStore>> stores;
  for (int i = 0; i < workers; ++i) {
    auto opened = factory.open();
    if (!opened.ok()) return opened.error();
    stores.push_back(std::move(*opened));
  }
  return std::unique_ptr<StoreWorkers>(std::make_unique<Workers>(std::move(stores), queueLimit, tuning));
}

}  // namespace gw::store
