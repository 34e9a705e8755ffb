// PluginReloader: one piece of work at a time, and the reports that tell how far it is.

#include <algorithm>
#include <chrono>
#include <exception>

#include "base/log.h"
#include "channel/plugin_reload.h"

namespace gw::channel {
namespace {

std::string nameOf(const ReloadReport& report) {
  return report.verb + (report.channelId.empty() ? "" : " of " + report.channelId);
}

void tell(const ReloadReport& report) {
  const bool isGood = report.outcome == "committed" || report.outcome == "checked";
  const log::Field fields[] = {
      {"plugin", report.channelId},        {"outcome", report.outcome},     {"version", report.toVersion},
      {"generation", report.toGeneration}, {"moved", report.figures.moved}, {"stayed", report.figures.stayed},
      {"failed", report.figures.failed},   {"former", report.former},       {"why", report.why}};
  log::write(isGood ? log::Level::kInfo : log::Level::kWarn, "plugin", report.verb, fields, std::size(fields));
}

}  // namespace

PluginReloader::PluginReloader(Parts parts) : parts_(std::move(parts)) {}
PluginReloader::~PluginReloader() { stop(); }

void PluginReloader::stop() {
  isStopping_ = true;
  thread_.stop();
}

Result<ReloadReport> PluginReloader::enqueue(ReloadReport report, bool mayWait, Work work) {
  report.startedAtUs = parts_.clock.wallUs();
  {
    const std::lock_guard lock(mutex_);
    if (underWay_ > 0 && !mayWait) return fail(ErrorCode::kConflict, "another " + current_ + " is under way");
    if (underWay_++ == 0) current_ = nameOf(report);
    report.id = nextId_++;
    reports_.push_back(report);
    if (reports_.size() > kMostReports) reports_.erase(reports_.begin());
  }
  const bool queued = thread_.post([this, report, work = std::move(work)]() mutable { perform(report, work); });
  if (queued) return report;
  const std::lock_guard lock(mutex_);
  --underWay_;
  std::erase_if(reports_, [&](const ReloadReport& kept) { return kept.id == report.id; });
  return fail(ErrorCode::kUnavailable, "the gateway is stopping");
}

void PluginReloader::perform(ReloadReport report, Work& work) {
  const uint64_t startedNs = parts_.clock.nowNs();
  {
    const std::lock_guard lock(mutex_);
    current_ = nameOf(report);
  }
  try {
    work(report);
  } catch (const std::exception& problem) {
    report.outcome = "refused";
    report.why = problem.what();
  }
  work = nullptr;
  report.step = "done";
  report.tookMs = (parts_.clock.nowNs() - startedNs) / 1'000'000;
  tell(report);
  {
    // Before anybody hears that it is done: the next one may begin.
    const std::lock_guard lock(mutex_);
    --underWay_;
    count(report);
  }
  publish(report);
}

// Holds mutex_.
void PluginReloader::count(const ReloadReport& report) {
  if ((report.verb != "reload" && report.verb != "rollback") || report.isDryRun) return;
  ReloadTotals& totals = totals_[report.channelId];
  if (report.outcome == "committed") ++totals.committed;
  if (report.outcome == "partial") ++totals.partial;
  if (report.outcome == "refused") ++totals.refused;
  if (report.outcome == "rolledBack") ++totals.rolledBack;
  totals.moved += report.figures.moved;
  totals.stayed += report.figures.stayed;
  totals.failed += report.figures.failed;
}

void PluginReloader::publish(const ReloadReport& report) {
  {
    const std::lock_guard lock(mutex_);
    for (ReloadReport& kept : reports_)
      if (kept.id == report.id) kept = report;
  }
  if (report.step == "settling" || report.step == "done") parts_.onChange();
  ended_.notify_all();
}

void PluginReloader::enter(ReloadReport& report, const char* step) {
  report.step = step;
  publish(report);
}

Result<void> PluginReloader::controlled(UniqueFunction<Result<void>()> work) {
  Result<void> result;
  const bool ran = parts_.control.run([&] { result = work(); });
  return ran ? result : Result<void>(fail(ErrorCode::kUnavailable, "the control thread is busy"));
}

Error PluginReloader::tooManyLeaked() {
  return fail(ErrorCode::kConflict, std::to_string(plugin::Library::leaked()) +
                                        " libraries have stayed in memory after their unloading; restart the gateway");
}

bool PluginReloader::isReloading(const std::string& channelId) const {
  const std::lock_guard lock(mutex_);
  return std::any_of(reports_.begin(), reports_.end(), [&](const ReloadReport& kept) {
    return kept.outcome.empty() && kept.channelId == channelId && (kept.verb == "reload" || kept.verb == "rollback");
  });
}

Result<ReloadReport> PluginReloader::await(uint64_t id, uint64_t waitMs) const {
  std::unique_lock lock(mutex_);
  const auto find = [&]() -> const ReloadReport* {
    for (const ReloadReport& kept : reports_)
      if (kept.id == id) return &kept;
    return nullptr;
  };
  ended_.wait_for(lock, std::chrono::milliseconds(waitMs), [&] { return !find() || find()->step == "done"; });
  if (const ReloadReport* found = find()) return *found;
  return fail(ErrorCode::kNotFound, "there is no reload " + std::to_string(id) + " (the last ones are kept only)");
}

ReloadTotals PluginReloader::totals(const std::string& channelId) const {
  const std::lock_guard lock(mutex_);
  const auto known = totals_.find(channelId);
  return known == totals_.end() ? ReloadTotals{} : known->second;
}

}  // namespace gw::channel
