#include "health/health_monitor.h"

#include <pthread.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "base/log.h"

namespace gw::health {
namespace {

bool isSame(const HealthReport& a, const HealthReport& b) {
  return a.level == b.level && std::equal(a.problems.begin(), a.problems.end(), b.problems.begin(), b.problems.end(),
                                          [](const Problem& x, const Problem& y) { return x.key == y.key; });
}

}  // namespace

HealthMonitor::HealthMonitor(std::chrono::milliseconds interval, Collect collect, OnChange onChange, const Clock& clock)
    : interval_(interval),
      collect_(std::move(collect)),
      onChange_(std::move(onChange)),
      clock_(clock),
      startedNs_(clock.nowNs()) {}

HealthMonitor::~HealthMonitor() { stop(); }

void HealthMonitor::start() {
  if (thread_.joinable()) return;
  {
    std::lock_guard lock(mutex_);
    isStopping_ = false;
  }
  check();
  thread_ = std::thread([this] { work(); });
}

void HealthMonitor::stop() {
  {
    std::lock_guard lock(mutex_);
    isStopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void HealthMonitor::poke() {
  {
    std::lock_guard lock(mutex_);
    isPoked_ = true;
  }
  wake_.notify_all();
}

std::shared_ptr<const HealthReport> HealthMonitor::report() const {
  std::lock_guard lock(mutex_);
  return report_;
}

void HealthMonitor::work() {
  pthread_setname_np(pthread_self(), "health");
  for (;;) {
    {
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, interval_, [this] { return isStopping_ || isPoked_; });
      if (isStopping_) return;
      isPoked_ = false;
    }
    try {
      check();
    } catch (const std::exception& e) {
      log::error("health", "a check failed", {{"reason", e.what()}});
    }
  }
}

void HealthMonitor::dateProblems(HealthReport& report) {
  std::map<std::string, int64_t> present;
  for (Problem& problem : report.problems) {
    const auto known = since_.find(problem.key);
    if (problem.sinceUs == 0) problem.sinceUs = known != since_.end() ? known->second : report.atUs;
    present[problem.key] = problem.sinceUs;
  }
  since_ = std::move(present);
}

void HealthMonitor::check() {
  auto next = std::make_shared<HealthReport>();
  next->inputs = collect_();
  next->atUs = clock_.wallUs();
  const uint64_t nowNs = clock_.nowNs();
  next->uptimeMs = (nowNs - startedNs_) / 1'000'000;
  next->problems = findProblems(next->inputs, nowNs);
  dateProblems(*next);
  std::stable_sort(next->problems.begin(), next->problems.end(), [](const Problem& a, const Problem& b) {
    return std::pair(b.level, a.sinceUs) < std::pair(a.level, b.sinceUs);
  });
  if (!next->problems.empty()) next->level = next->problems.front().level;
  for (const net::LoopFigures& loop : next->inputs.loops) {
    next->loopLagMaxNs = std::max(next->loopLagMaxNs, loop.lagMaxNs);
  }
  std::shared_ptr<const HealthReport> before;
  {
    std::lock_guard lock(mutex_);
    if (std::exchange(hasChecked_, true)) before = report_;
    const bool isSameLevel = before && before->level == next->level;
    next->levelSinceUs = isSameLevel ? before->levelSinceUs : next->atUs;
    report_ = next;
  }
  if (before && isSame(*before, *next)) return;
  if (before || next->level != HealthLevel::kHealthy) {
    log::write(next->level == HealthLevel::kHealthy ? log::Level::kInfo : log::Level::kWarn, "health",
               toString(next->level),
               {{"worst", next->problems.empty() ? std::string("none") : next->problems.front().what}});
  }
  if (onChange_) onChange_(*next, before.get());
}

}  // namespace gw::health
