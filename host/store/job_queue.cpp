#include "store/job_queue.h"

#include <utility>

namespace gw::store {

bool JobQueue::push(Job& job, size_t limit) {
  {
    const std::lock_guard lock(mutex_);
    if (isStopped_) return false;
    if (jobs_.size() + taken_ >= limit) {
      ++figures_.refused;
      return false;
    }
    jobs_.push_back(std::move(job));
  }
  wake_.notify_one();
  return true;
}

std::vector<Job> JobQueue::takeGroup(size_t most) {
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [&] { return isStopped_ || !jobs_.empty(); });
  std::vector<Job> group;
  if (isStopped_) return group;
  while (!jobs_.empty() && group.size() < most) {
    group.push_back(std::move(jobs_.front()));
    jobs_.pop_front();
  }
  taken_ = group.size();
  return group;
}

void JobQueue::settle(size_t jobs) {
  const std::lock_guard lock(mutex_);
  taken_ -= jobs;
  if (taken_ == 0 && jobs_.empty()) empty_.notify_all();
}

bool JobQueue::pause(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return !wake_.wait_for(lock, time, [&] { return isStopped_; });
}

bool JobQueue::waitEmpty(std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock(mutex_);
  return empty_.wait_until(lock, deadline, [&] { return jobs_.empty() && taken_ == 0; });
}

std::vector<Job> JobQueue::stop() {
  std::vector<Job> left;
  {
    const std::lock_guard lock(mutex_);
    isStopped_ = true;
    for (auto& job : jobs_) left.push_back(std::move(job));
    jobs_.clear();
  }
  wake_.notify_all();
  return left;
}

size_t JobQueue::size() const {
  const std::lock_guard lock(mutex_);
  return jobs_.size() + taken_;
}

void JobQueue::noteCommit(size_t jobs, size_t failed) {
  const std::lock_guard lock(mutex_);
  ++figures_.commits;
  figures_.jobs += jobs;
  figures_.failures += failed;
  figures_.isDown = false;
  figures_.downSinceUs = 0;
}

void JobQueue::noteRetry(const Error& why, int64_t nowUs) {
  const std::lock_guard lock(mutex_);
  ++figures_.retries;
  figures_.lastError = why.message;
  if (!std::exchange(figures_.isDown, true)) figures_.downSinceUs = nowUs;
}

void JobQueue::noteFailures(size_t failed, const Error& why) {
  const std::lock_guard lock(mutex_);
  figures_.failures += failed;
  figures_.lastError = why.message;
}

StoreFigures JobQueue::figures() const {
  const std::lock_guard lock(mutex_);
  StoreFigures result = figures_;
  result.queued = jobs_.size() + taken_;
  return result;
}

}  // namespace gw::store
