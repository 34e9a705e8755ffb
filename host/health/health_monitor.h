#pragma once
// HealthMonitor: checks every interval and whenever poked, remembers since when things are wrong, and
// tells once about each change.
//
// Thread: its own for checks and onChange; poke() and report() from anywhere. collect() must not wait
// for loops or the store: it reads figures that they have published.

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/clock.h"
#include "health/health_report.h"

namespace gw::health {

class HealthMonitor {
 public:
  using Collect = std::function<HealthInputs()>;
  /// The level or the set of problems is another than before; null before the first check.
  using OnChange = std::function<void(const HealthReport& now, const HealthReport* before)>;

  HealthMonitor(std::chrono::milliseconds interval, Collect collect, OnChange onChange, const Clock& clock);
  ~HealthMonitor();  // stop()
  HealthMonitor(const HealthMonitor&) = delete;

  /// Checks once here, then goes on in a thread.
  void start();
  void stop();
  /// Something changed: check soon. Any number of pokes before that check make one.
  void poke();

  /// The last check's result; never null.
  std::shared_ptr<const HealthReport> report() const;

  /// One check, here and now. Thread: the monitor's, or any while it does not run (tests).
  void check();

 private:
  void work();
  void dateProblems(HealthReport& report);

  const std::chrono::milliseconds interval_;
  const Collect collect_;
  const OnChange onChange_;
  const Clock& clock_;
  const uint64_t startedNs_;
  std::map<std::string, int64_t> since_;  // of the present problems, by key; only check() touches it
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool isPoked_ = false;
  bool isStopping_ = false;
  bool hasChecked_ = false;
  std::shared_ptr<const HealthReport> report_ = std::make_shared<HealthReport>();
  std::thread thread_;
};

}  // namespace gw::health
