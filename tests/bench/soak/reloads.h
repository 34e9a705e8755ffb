#pragma once
// SoakReloads: plays a plan of reloads by gwctl, one after another, and compares what came of each with what must.
// Thread: run() on one of its own; phases() and stop() any; the rest after run().

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "soak/gateway.h"
#include "soak/phases.h"
#include "soak/plan.h"

namespace gw::bench {

struct ReloadResult {
  PlannedReload planned;
  std::string outcome, why, former;
  uint64_t tookMs = 0;
  uint64_t moved = 0, stayed = 0, failed = 0;
  uint64_t pauseP99Us = 0, pauseMaxUs = 0;
  std::map<std::string, uint64_t> reasons;  // of those that stayed
  // Afterwards:
  size_t libraries = 0, mapLines = 0;
  uint64_t residentBytes = 0;
  std::string problem;  // empty: as it must be
};

struct ReloadLimits {
  std::chrono::milliseconds pause{1000};        // between two
  std::chrono::milliseconds probe{1000};        // for one that hangs
  std::chrono::milliseconds most{3000};         // for a reload
  bool looksAtLibraries = true;                 // whether each is unmapped when it is over
  std::map<std::string, uint64_t> connections;  // of each channel: so many are moved, or stay
};

class SoakReloads {
 public:
  SoakReloads(SoakGateway& gateway, std::vector<PlannedReload> plan, const ReloadLimits& limits);

  /// Ends before its time after stop(), and if a reload does not answer at all.
  void run();
  void stop() { isStopping_ = true; }
  const ReloadPhases& phases() const { return phases_; }

  const std::vector<ReloadResult>& results() const { return results_; }
  /// Libraries that were reported as leaked.
  size_t leaked() const { return leaked_; }

 private:
  void rest();
  void prepare(const PlannedReload& planned);
  ReloadResult play(const PlannedReload& planned);
  void judge(ReloadResult& result);
  void look(ReloadResult& result);

  SoakGateway& gateway_;
  const std::vector<PlannedReload> plan_;
  const ReloadLimits limits_;
  ReloadPhases phases_;
  std::atomic<bool> isStopping_{false};
  std::vector<ReloadResult> results_;
  std::map<std::string, ReloadKind> running_;  // by channel
  size_t leaked_ = 0;
};

}  // namespace gw::bench
