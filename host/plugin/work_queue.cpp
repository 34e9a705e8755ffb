#include "plugin/work_queue.h"

#include <string.h>

#include <algorithm>

namespace gw::plugin {

WorkJob::~WorkJob() {
  explicit_bzero(input.data(), input.capacity());
  explicit_bzero(result.data(), result.capacity());
}

void WorkQueue::push(WorkJobPtr job) {
  const auto lane = lanes_.try_emplace(job->lane).first;
  lane->second.waiting.push_back(std::move(job));
  settle(lane);
}

WorkJobPtr WorkQueue::pop() {
  if (turns_.empty()) return nullptr;
  const auto lane = turns_.front();
  turns_.pop_front();
  lane->second.hasTurn = false;
  WorkJobPtr job = std::move(lane->second.waiting.front());
  lane->second.waiting.pop_front();
  ++lane->second.running;
  settle(lane);
  return job;
}

void WorkQueue::remove(const WorkJob& job) {
  const auto lane = lanes_.find(job.lane);
  if (lane == lanes_.end()) return;
  std::erase_if(lane->second.waiting, [&](const WorkJobPtr& each) { return each.get() == &job; });
  settle(lane);
}

void WorkQueue::over(const WorkJob& job) {
  const auto lane = lanes_.find(job.lane);
  --lane->second.running;
  if (job.isStuck) --lane->second.stuck;
  settle(lane);
}

bool WorkQueue::isBlocked(const std::string& lane) const {
  const auto found = lanes_.find(lane);
  return found != lanes_.end() && found->second.stuck >= mostRunning_;
}

size_t WorkQueue::runnable() const {
  size_t count = 0;
  for (const auto& lane : turns_) count += std::min(lane->second.waiting.size(), mostRunning_ - lane->second.running);
  return count;
}

std::deque<WorkJobPtr> WorkQueue::takeAll() {
  std::deque<WorkJobPtr> all;
  turns_.clear();
  for (auto lane = lanes_.begin(); lane != lanes_.end();) {
    for (WorkJobPtr& job : lane->second.waiting) all.push_back(std::move(job));
    lane->second.waiting.clear();
    lane->second.hasTurn = false;
    lane = lane->second.running == 0 ? lanes_.erase(lane) : std::next(lane);
  }
  return all;
}

// A lane that has something to run stands in the line of turns, once; one with nothing left is forgotten.
void WorkQueue::settle(Lanes::iterator lane) {
  Lane& now = lane->second;
  const bool mayRun = !now.waiting.empty() && now.running < mostRunning_;
  if (mayRun && !now.hasTurn) turns_.push_back(lane);
  if (!mayRun && now.hasTurn) std::erase(turns_, lane);
  now.hasTurn = mayRun;
  if (now.waiting.empty() && now.running == 0) lanes_.erase(lane);
}

}  // namespace gw::plugin
