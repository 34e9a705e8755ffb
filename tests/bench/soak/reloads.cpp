#include "soak/reloads.h"

#include <poll.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "figures.h"
#include "support/deadline.h"

namespace gw::bench {
namespace {

using Json = nlohmann::json;
constexpr test::Ms kRestStep{20};
constexpr size_t kTellEvery = 20;

std::string textOf(const Json& report, const char* name) {
  const Json& value = report.at(name);
  return value.is_string() ? value.get<std::string>() : std::string();
}

ReloadResult resultOf(const PlannedReload& planned, const Json& report) {
  ReloadResult result;
  result.planned = planned;
  result.outcome = textOf(report, "outcome");
  result.why = textOf(report, "why");
  result.former = textOf(report, "former");
  result.tookMs = report.at("tookMs").get<uint64_t>();
  result.moved = report.at("moved").get<uint64_t>();
  result.stayed = report.at("stayed").get<uint64_t>();
  result.failed = report.at("failed").get<uint64_t>();
  result.pauseP99Us = report.at("pauseP99Us").get<uint64_t>();
  result.pauseMaxUs = report.at("pauseMaxUs").get<uint64_t>();
  result.reasons = report.at("reasons").get<std::map<std::string, uint64_t>>();
  return result;
}

uint64_t explained(const ReloadResult& result) {
  uint64_t count = 0;
  for (const auto& [why, connections] : result.reasons) count += why.empty() ? 0 : connections;
  return count;
}

}  // namespace

SoakReloads::SoakReloads(SoakGateway& gateway, std::vector<PlannedReload> plan, const ReloadLimits& limits)
    : gateway_(gateway), plan_(std::move(plan)), limits_(limits) {}

void SoakReloads::run() {
  for (const PlannedReload& planned : plan_) {
    rest();
    if (isStopping_) return;
    const bool isMoving = movesConnections(planned.kind);
    phases_.any.begin();
    if (isMoving) phases_.moving.begin();
    prepare(planned);
    ReloadResult result = play(planned);
    if (isMoving) phases_.moving.end();
    phases_.any.end();
    judge(result);
    look(result);
    results_.push_back(std::move(result));
    if (results_.size() % kTellEvery == 0)
      std::fprintf(stderr, "soak: %zu of %zu reloads\n", results_.size(), plan_.size());
  }
  rest();
}

// What happens between two reloads is what the latencies with a reload are compared with.
void SoakReloads::rest() {
  for (const test::Deadline deadline(limits_.pause); !deadline.isOver() && !isStopping_;)
    ::poll(nullptr, 0, static_cast<int>(kRestStep.count()));
}

void SoakReloads::prepare(const PlannedReload& planned) {
  if (planned.kind == ReloadKind::kRollback) return;
  if (planned.kind == ReloadKind::kOverwritten) gateway_.overwrite(planned.channel, "crash");
  if (planned.kind == ReloadKind::kOverwritten) return gateway_.overwrite(planned.channel, "");
  gateway_.install(planned.channel, factsOf(planned.kind).fault);
}

ReloadResult SoakReloads::play(const PlannedReload& planned) {
  const bool isRollback = planned.kind == ReloadKind::kRollback;
  std::vector<std::string> words{"plugin", isRollback ? "rollback" : "reload", planned.channel, "-o", "json"};
  if (planned.kind == ReloadKind::kHang)
    words.insert(words.end(), {"--probe-for", std::to_string(limits_.probe.count()) + "ms"});
  ReloadResult nothing;
  nothing.planned = planned;
  try {
    const test::Outcome done = gateway_.process().gwctl(words);
    const Json report = Json::parse(done.out, nullptr, false);
    if (report.is_object() && report.contains("outcome")) return resultOf(planned, report);
    nothing.problem = "gwctl exits " + std::to_string(done.exit) + ": " + done.out + done.err;
  } catch (const std::exception& problem) {
    // It still runs, and would refuse what follows: what has been seen until now is worth a report.
    nothing.problem = problem.what();
    isStopping_ = true;
  }
  return nothing;
}

void SoakReloads::judge(ReloadResult& result) {
  const auto fails = [&](const std::string& how) {
    if (result.problem.empty()) result.problem = how;
  };
  const KindFacts& must = factsOf(result.planned.kind);
  const bool isAsMeant = result.outcome == must.outcome || (putsNewCode(must.kind) && result.outcome == "partial");
  if (!isAsMeant) fails("outcome " + result.outcome + " (" + result.why + "), not " + must.outcome);
  if (result.why.find(must.why) == std::string::npos) fails("why: \"" + result.why + "\", not \"" + must.why + "\"");
  if (putsNewCode(must.kind) && (result.failed > 0 || explained(result) != result.stayed))
    fails(std::to_string(result.stayed) + " stayed and " + std::to_string(result.failed) + " failed, but only " +
          std::to_string(explained(result)) + " are explained");
  const uint64_t connections = limits_.connections.at(result.planned.channel);
  if (putsNewCode(must.kind) && result.moved + result.stayed != connections)
    fails(std::to_string(result.moved) + " moved, of " + std::to_string(connections));
  if (result.tookMs > static_cast<uint64_t>(limits_.most.count()))
    fails("it took " + std::to_string(result.tookMs) + " ms");
  if (!putsNewCode(must.kind) || !isAsMeant) return;
  const auto before = running_.find(result.planned.channel);
  const bool mayLeak = before != running_.end() && before->second == ReloadKind::kStaysMapped;
  if (result.former == "leaked") ++leaked_;
  if (limits_.looksAtLibraries && (result.former == "leaked") != mayLeak) fails("the old library is " + result.former);
  running_[result.planned.channel] = must.kind;
}

// Nothing of what is over may be left in memory.
void SoakReloads::look(ReloadResult& result) {
  try {
    test::waitUntil("no library but those of living generations is mapped", [&] {
      result.libraries = gateway_.mappedLibraries();
      return isStopping_ || !limits_.looksAtLibraries || result.libraries == gateway_.generations() + leaked_;
    });
  } catch (const std::exception& problem) {
    if (result.problem.empty()) result.problem = problem.what();
  }
  result.mapLines = gateway_.mapLines();
  result.residentBytes = residentBytes(gateway_.target().pid);
}

}  // namespace gw::bench
