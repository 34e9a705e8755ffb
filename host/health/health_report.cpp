#include "health/health_report.h"

#include <unistd.h>

#include <fstream>

#include "gw/health.h"

namespace gw::health {
namespace {

using channel::AccountSnapshot;
using channel::AccountState;

void addAccountProblem(std::vector<Problem>& problems, const AccountSnapshot& account) {
  const std::string id = account.id();
  if (account.state == AccountState::kError) {
    const std::string next = account.quarantined ? "gwctl channel start " + id : "gwctl channel show " + id;
    problems.push_back({"account:" + id + ":error", HealthLevel::kUnhealthy,
                        "channel " + id + " is in error: " + account.lastError, account.lastErrorAt, next});
    return;
  }
  if (account.state == AccountState::kRunning && account.pluginHealth != GW_HEALTH_OK) {
    const bool hasFailed = account.pluginHealth == GW_HEALTH_FAILED;
    problems.push_back({"account:" + id + (hasFailed ? ":failed" : ":degraded"),
                        hasFailed ? HealthLevel::kUnhealthy : HealthLevel::kDegraded,
                        "channel " + id + " says that it " + (hasFailed ? "has failed" : "is degraded") +
                            (account.pluginHealthText.empty() ? "" : ": " + account.pluginHealthText),
                        0, "gwctl channel show " + id});
  }
  const bool isWanted = account.enabled && !account.stoppedByOperator;
  if (account.state == AccountState::kRunning || !isWanted) return;
  problems.push_back({"account:" + id + ":down", HealthLevel::kDegraded,
                      "channel " + id + " is " + channel::toString(account.state), 0, "gwctl channel start " + id});
}

bool isSilent(const net::LoopFigures& loop, uint64_t nowNs) {
  return nowNs > loop.lastTurnNs && nowNs - loop.lastTurnNs > kLoopSilenceNs;
}

}  // namespace

const char* toString(HealthLevel level) {
  switch (level) {
    case HealthLevel::kHealthy:
      return "healthy";
    case HealthLevel::kDegraded:
      return "degraded";
    case HealthLevel::kUnhealthy:
      return "unhealthy";
  }
  return "unhealthy";
}

const char* accountStatus(const AccountSnapshot& account) {
  if (account.state == AccountState::kError) return "error";
  return account.state == AccountState::kRunning ? "connected" : "disconnected";
}

std::vector<Problem> findProblems(const HealthInputs& inputs, uint64_t nowNs) {
  std::vector<Problem> problems;
  for (const AccountSnapshot& account : inputs.accounts) addAccountProblem(problems, account);
  if (inputs.store.isDown) {
    problems.push_back({"store", HealthLevel::kDegraded, "the store is down: " + inputs.store.lastError,
                        inputs.store.downSinceUs, "gwctl status"});
  } else if (inputs.storeIsCongested) {
    problems.push_back({"store:congested", HealthLevel::kDegraded,
                        "the store is behind with " + std::to_string(inputs.store.queued) + " writes", 0,
                        "gwctl status"});
  }
  if (inputs.isRelaxed) {
    problems.push_back({"durability", HealthLevel::kDegraded,
                        "strict durability is given up until the store is back: a crash now loses what is said", 0,
                        "gwctl store status"});
  } else if (inputs.isStalled) {
    problems.push_back({"durability", HealthLevel::kDegraded, "everything waits for the store (strict durability)", 0,
                        "gwctl store status"});
  }
  if (!inputs.backendIsUp || inputs.backendState == "degraded") {
    const std::string why = inputs.backendWhy.empty() ? std::string() : " (" + inputs.backendWhy + ")";
    const std::string what = inputs.backendIsUp ? " does not keep up" : " is not connected";
    problems.push_back({"backend", HealthLevel::kDegraded, "backend " + inputs.backendName + what + why,
                        inputs.backendSinceUs,
                        inputs.backendState.empty() ? "gwctl status" : "gwctl backend show " + inputs.backendName});
  }
  for (size_t i = 0; i < inputs.loops.size(); ++i) {
    if (!isSilent(inputs.loops[i], nowNs)) continue;
    problems.push_back({"loop:" + std::to_string(i), HealthLevel::kUnhealthy,
                        "event loop " + std::to_string(i) + " does not turn", 0, "gwctl status"});
  }
  return problems;
}

bool doLoopsTurn(const std::vector<net::LoopFigures>& loops, uint64_t nowNs) {
  for (const net::LoopFigures& loop : loops) {
    if (isSilent(loop, nowNs)) return false;
  }
  return true;
}

std::string whyNotReady(const store::StoreFigures& store, bool storeIsCongested, bool isAnyAccountAccepting) {
  if (store.isDown && storeIsCongested) return "the store is down and its queue is full";
  if (!isAnyAccountAccepting) return "no channel account accepts clients";
  return {};
}

uint64_t residentBytes() {
  std::ifstream statm("/proc/self/statm");
  uint64_t total = 0;
  uint64_t resident = 0;
  if (!(statm >> total >> resident)) return 0;
  return resident * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace gw::health
