#pragma once
// Store workers: threads that own a SessionStore each and run jobs in groups: all jobs that wait form
// one transaction (group commit), so a job's `done` is called after the commit.
//
// submit() may be called from any thread and never blocks. A key's jobs always use the same worker, in
// order. The queue is bounded (jobs); over the bound isCongested() is true and `submit` still takes
// the job if it is `required`, else answers kUnavailable. Failures that are worth a retry (busy,
// unavailable) are retried in order with backoff; health sees since when.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_function.h"
#include "store/session_store.h"

namespace gw::store {

struct StoreFigures {
  uint64_t queued = 0;
  uint64_t commits = 0;
  uint64_t jobs = 0;
  uint64_t failures = 0;
  bool isDown = false;
  std::string lastError;
  int64_t downSinceUs = 0;
  uint64_t refused = 0;  // over the bound
  uint64_t retries = 0;  // groups run again
};

/// How a worker retries and groups; the defaults are the product's.
struct WorkerTuning {
  std::chrono::milliseconds firstBackoff{10};
  std::chrono::milliseconds mostBackoff{1000};
  size_t mostJobsInGroup = 256;  // bounds a commit's latency and memory
};

class StoreWorkers {
 public:
  /// work runs on the worker inside its transaction; a job that fails otherwise than kBusy or
  /// kUnavailable (or throws: kInternal) is rolled back alone (savepoint) and the rest of the group goes
  /// on. work runs again when its group is retried: it must not move out of what it captured, and must
  /// overwrite, not append to, what it answers through. A retry may follow a commit whose answer was lost:
  /// what is stored already must come out the same when it is stored again.
  using Work = UniqueFunction<Result<void>(SessionStore&)>;
  /// Called on the worker's thread after the commit (or with the failure); a job refused over the bound
  /// or after stop() is answered before submit() returns, on its thread. Must only post elsewhere. May be
  /// empty.
  using Done = UniqueFunction<void(Result<void>)>;

  /// Opens one store per worker; fails as StoreFactory::open.
  static Result<std::unique_ptr<StoreWorkers>> start(StoreFactory& factory, int workers, size_t queueLimit);
  static Result<std::unique_ptr<StoreWorkers>> start(StoreFactory& factory, int workers, size_t queueLimit,
                                                     const WorkerTuning& tuning);
  virtual ~StoreWorkers() = default;

  virtual void submit(uint64_t key, Work work, Done done) = 0;
  /// For what must not be lost: a session's last state.
  virtual void submitRequired(uint64_t key, Work work, Done done) { submit(key, std::move(work), std::move(done)); }
  virtual bool isCongested() const = 0;
  virtual StoreFigures figures() const = 0;
  /// Waits until all queued jobs are committed or limitMs has passed; progress (0..1 calls a second)
  /// is reported. Returns the number of jobs left.
  virtual size_t flush(uint64_t limitMs, UniqueFunction<void(size_t left)> progress) = 0;
  /// Stops the threads; what is still queued is answered kUnavailable.
  virtual void stop() = 0;
};

}  // namespace gw::store
