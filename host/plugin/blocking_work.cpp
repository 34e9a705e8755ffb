#include "plugin/blocking_work.h"

#include <pthread.h>

#include <chrono>
#include <system_error>

#include "base/clock.h"
#include "base/log.h"

namespace gw::plugin {
namespace {

gw_status write(void* ctx, gw_slice bytes) noexcept {
  auto& job = *static_cast<WorkJob*>(ctx);
  if (bytes.len > GW_WORK_MAX_RESULT - job.result.size()) return GW_E_LIMIT;
  try {
    job.result.append(bytes.len == 0 ? "" : bytes.ptr, bytes.len);
    return GW_OK;
  } catch (...) {
    return GW_E_NOMEM;
  }
}

uint32_t isUnwanted(void* ctx) noexcept { return static_cast<WorkJob*>(ctx)->isUnwanted ? 1 : 0; }

/// The plugin's function; no watchdog looks at it, since it may take its time.
std::pair<uint32_t, gw_status> call(WorkJob& job) noexcept {
  const gw_work_call call{sizeof(gw_work_call), &job, {job.input.data(), job.input.size()}, &write, &isUnwanted};
  try {
    return {GW_WORK_RETURNED, job.run(&call)};
  } catch (...) {  // its type lives in the library: nothing of it is kept
    return {GW_WORK_FAILED, GW_E_INTERNAL};
  }
}

/// For a job that returns after the pool was stopped: the process ends, and nobody is there any more who could unload
/// its library in order.
void keepForEver(const WorkJobPtr& job) {
  static auto* const mutex = new std::mutex;
  static auto* const kept = new std::vector<WorkJobPtr>;
  const std::lock_guard lock(*mutex);
  kept->push_back(job);
}

}  // namespace

std::shared_ptr<BlockingWork> BlockingWork::create(const WorkOptions& options) {
  return std::shared_ptr<BlockingWork>(new BlockingWork(options));
}

BlockingWork::~BlockingWork() = default;  // every thread holds it: there is none

gw_status BlockingWork::start(const WorkJobPtr& job) {
  const Lock lock(mutex_);
  if (const gw_status refused = refusal(*job); refused != GW_OK) {
    ++job->totals->refused;
    return refused;
  }
  // May throw, as what follows; nothing has been taken then.
  if (!keeper_.joinable()) keeper_ = std::thread([self = shared_from_this()] { self->keep(); });
  const auto due = deadlines_.emplace(std::pair(job->deadlineNs, job.get()), job).first;
  try {
    queue_.push(job);
  } catch (...) {
    deadlines_.erase(due);
    throw;
  }
  ++unanswered_;
  ++job->totals->started;
  ++job->totals->pending;
  const bool isNextDeadline = deadlines_.begin()->second == job;
  if (isNextDeadline || queue_.runnable() > idle_) keeperCall_.notify_one();
  if (idle_ > 0) jobCame_.notify_one();
  return GW_OK;
}

gw_status BlockingWork::refusal(const WorkJob& job) const {
  if (isStopping_) return GW_E_STATE;
  const bool isFull = unanswered_ >= options_.mostInAll || job.totals->pending >= options_.mostOfAccount;
  return isFull || queue_.isBlocked(job.lane) ? GW_E_LIMIT : GW_OK;
}

std::optional<WorkAnswer> BlockingWork::take(WorkJob& job) {
  const Lock lock(mutex_);
  if (job.outcome == 0) return std::nullopt;
  unbook(job);
  WorkAnswer answer{job.token, job.outcome, job.status, {}};
  // The result of a job that is overdue is its thread's, and for nobody.
  if (job.outcome == GW_WORK_RETURNED) answer.result.swap(job.result);
  return answer;
}

void BlockingWork::forget(WorkJob& job) {
  std::shared_ptr<const void> pin;
  const Lock lock(mutex_);
  job.isUnwanted = true;
  unbook(job);
  ++job.totals->dropped;
  if (job.state != WorkJob::State::kWaiting) return;
  job.state = WorkJob::State::kOver;
  queue_.remove(job);
  pin.swap(job.pin);
  deadlines_.erase({job.deadlineNs, &job});
}

void BlockingWork::unbook(WorkJob& job) {
  job.home = nullptr;
  --unanswered_;
  --job.totals->pending;
}

void BlockingWork::setHome(WorkJob& job, WorkHome* home) {
  const Lock lock(mutex_);
  if (isStopping_) return;
  job.home = home;
  if (home && job.outcome != 0) home->wakeForWork(job.streamId);
}

void BlockingWork::decide(WorkJob& job, uint32_t outcome, gw_status status) {
  if (job.outcome != 0) return;
  job.outcome = outcome;
  job.status = status;
  if (job.home && !isStopping_) job.home->wakeForWork(job.streamId);
}

// --- the keeper ---------------------------------------------------------------------------------

void BlockingWork::keep() {
  pthread_setname_np(pthread_self(), "work-keeper");
  Lock lock(mutex_);
  while (!isStopping_) {
    expire(lock);
    joinDone(lock);
    grow();
    if (isStopping_) break;
    if (deadlines_.empty()) {
      keeperCall_.wait(lock);
      continue;
    }
    const uint64_t nextNs = deadlines_.begin()->first.first;
    const uint64_t nowNs = systemClock().nowNs();
    if (nextNs > nowNs) keeperCall_.wait_for(lock, std::chrono::nanoseconds(nextNs - nowNs));
  }
}

void BlockingWork::grow() {
  while (queue_.runnable() > idle_) {
    const size_t alive = workers_.size() - done_;
    if (alive - stuck_ >= options_.threads || alive >= options_.threads + options_.mostStuck) return;
    Worker& made = workers_.emplace_back();
    try {
      made.thread = std::thread([self = shared_from_this(), &made] { self->work(made); });
      ++idle_;
    } catch (const std::system_error& problem) {
      workers_.pop_back();  // what waits waits for those there are, at most until its deadline
      return log::error("plugin", "no thread for blocking work", {{"why", problem.what()}});
    }
  }
}

void BlockingWork::expire(Lock& lock) {
  Pins pins;
  std::vector<WorkJobPtr> stuck;
  const uint64_t nowNs = systemClock().nowNs();
  while (!deadlines_.empty() && deadlines_.begin()->first.first <= nowNs) {
    const WorkJobPtr job = deadlines_.begin()->second;
    deadlines_.erase(deadlines_.begin());
    job->isUnwanted = true;
    if (job->state == WorkJob::State::kWaiting) {
      job->state = WorkJob::State::kOver;
      queue_.remove(*job);
      pins.push_back(std::move(job->pin));
    } else {
      job->isStuck = true;
      ++stuck_;
      ++job->totals->stuck;
      queue_.stuck(*job);
      stuck.push_back(job);
    }
    decide(*job, GW_WORK_OVERDUE, GW_E_LIMIT);
  }
  if (pins.empty() && stuck.empty()) return;
  lock.unlock();
  for (const WorkJobPtr& job : stuck)
    log::warn("channel." + job->account,
              "blocking work is stuck; until it returns it holds a thread and its generation", {{"lane", job->lane}});
  pins.clear();
  lock.lock();
}

// Outside the mutex: what a plugin has left behind in a thread runs at its end.
void BlockingWork::joinDone(Lock& lock) {
  if (done_ == 0) return;
  std::list<Worker> done;
  for (auto worker = workers_.begin(); worker != workers_.end();) {
    const auto next = std::next(worker);
    if (worker->isDone) done.splice(done.end(), workers_, worker);
    worker = next;
  }
  done_ = 0;
  lock.unlock();
  for (Worker& worker : done) worker.thread.join();
  lock.lock();
}

// --- a worker -----------------------------------------------------------------------------------

void BlockingWork::work(Worker& self) {
  pthread_setname_np(pthread_self(), "work");
  Lock lock(mutex_);
  for (;;) {
    jobCame_.wait(lock, [this] { return isStopping_ || isSurplus() || queue_.hasNext(); });
    --idle_;
    if (isStopping_ || isSurplus()) break;
    runOne(lock, queue_.pop());
    ++idle_;
  }
  if (isLeft_) return;  // stop() counts on it no longer, and its Worker is gone
  self.isDone = true;
  ++done_;
  workerEnded_.notify_all();
  keeperCall_.notify_one();
}

void BlockingWork::runOne(Lock& lock, const WorkJobPtr& job) {
  job->state = WorkJob::State::kRunning;
  lock.unlock();
  const auto [outcome, status] = call(*job);
  lock.lock();
  if (isLeft_) return keepForEver(job);
  job->state = WorkJob::State::kOver;
  queue_.over(*job);
  if (job->isStuck) {
    --stuck_;
    --job->totals->stuck;
  } else {
    deadlines_.erase({job->deadlineNs, job.get()});
  }
  std::shared_ptr<const void> pin;
  pin.swap(job->pin);
  lock.unlock();
  pin.reset();  // before the answer: who has it finds the generation free
  lock.lock();
  decide(*job, outcome, status);
  if (queue_.hasNext()) jobCame_.notify_one();
}

// --- the end ------------------------------------------------------------------------------------

void BlockingWork::stop(uint64_t limitMs) {
  std::list<Worker> ended;
  std::deque<WorkJobPtr> waiting;
  Pins pins;
  Lock lock(mutex_);
  if (isStopping_) return;
  isStopping_ = true;
  waiting = queue_.takeAll();
  for (const WorkJobPtr& job : waiting) {
    job->state = WorkJob::State::kOver;
    pins.push_back(std::move(job->pin));
    deadlines_.erase({job->deadlineNs, job.get()});
  }
  for (const auto& [when, job] : deadlines_) job->isUnwanted = true;
  jobCame_.notify_all();
  keeperCall_.notify_all();
  lock.unlock();
  pins.clear();
  if (keeper_.joinable()) keeper_.join();
  lock.lock();
  const auto isEnough = [this] { return workers_.size() - done_ <= stuck_; };
  workerEnded_.wait_for(lock, std::chrono::milliseconds(limitMs), isEnough);
  const size_t left = workers_.size() - done_;
  isLeft_ = left > 0;
  ended.swap(workers_);
  done_ = 0;
  lock.unlock();
  for (Worker& worker : ended) worker.isDone ? worker.thread.join() : worker.thread.detach();
  if (left > 0)
    log::warn("plugin", "blocking work that does not return was left behind", {{"jobs", static_cast<uint64_t>(left)}});
}

}  // namespace gw::plugin
