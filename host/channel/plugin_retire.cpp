// PluginReloader: code that is to go. drain ends what still holds an old generation; unload waits until nothing
// holds a channel's code at all, and both say what became of the library.

#include <algorithm>

#include "channel/channel_manager.h"
#include "channel/plugin_reload.h"
#include "plugin/generation_ledger.h"

namespace gw::channel {
namespace {

constexpr uint64_t kLookMs = 100;
constexpr char kComeBack[] = "This part of the gateway was replaced. Your session is kept; come back at once.";

using LiveGeneration = std::shared_ptr<plugin::Generation>;

std::string named(const std::string& channelId, uint64_t generation) {
  return channelId + "@" + std::to_string(generation);
}

Error notAlive(const std::string& channelId, uint64_t generation, const std::vector<LiveGeneration>& living) {
  std::string alive;
  for (const auto& each : living) alive += (alive.empty() ? "" : ", ") + named(channelId, each->number());
  return fail(ErrorCode::kNotFound,
              named(channelId, generation) + " is not loaded" + (alive.empty() ? std::string() : "; alive: " + alive));
}

/// The accounts of which some instance is of this generation: those that new clients come to, or the others.
std::vector<std::shared_ptr<plugin::Instance>> instancesOf(const ChannelManager& channels,
                                                           const plugin::Generation& generation, bool areCurrent) {
  std::vector<std::shared_ptr<plugin::Instance>> found;
  for (auto& live : channels.instances())
    if (live.isCurrent == areCurrent && &live.instance->generation() == &generation)
      found.push_back(std::move(live.instance));
  return found;
}

LiveGeneration find(const std::vector<LiveGeneration>& living, uint64_t generation) {
  for (const auto& each : living)
    if (each->number() == generation) return each;
  return nullptr;
}

std::string accountsIn(const std::vector<std::shared_ptr<plugin::Instance>>& instances) {
  std::string names;
  for (const auto& instance : instances) names += (names.empty() ? "" : ", ") + instance->accountId();
  return names;
}

}  // namespace

std::optional<plugin::LibraryEnd> PluginReloader::awaitEnd(uint64_t serial, uint64_t limitMs) const {
  const uint64_t endNs = parts_.clock.nowNs() + limitMs * 1'000'000;
  for (;;) {
    const uint64_t nowNs = parts_.clock.nowNs();
    const uint64_t leftMs = nowNs < endNs ? (endNs - nowNs) / 1'000'000 : 0;
    const auto end = plugin::GenerationLedger::ofProcess().await(serial, std::min(leftMs, kLookMs));
    if (end || leftMs == 0 || isStopping_) return end;
  }
}

std::optional<plugin::LibraryEnd> PluginReloader::closeGeneration(ReloadReport& report, LiveGeneration ending,
                                                                  uint64_t graceMs) {
  enter(report, "draining");
  auto instances = instancesOf(parts_.channels, *ending, false);
  uint64_t found = 0;
  for (const auto& instance : instances)
    found += static_cast<uint64_t>(std::max<int64_t>(0, instance->counters().connections));
  report.figures.found = found;
  plugin::Goodbye goodbye{GW_CLOSE_SHUTDOWN, graceMs, kComeBack, nullptr};
  goodbye.goOn = [&](size_t left) {
    report.figures.gone = found > left ? found - left : 0;
    publish(report);
    return !isStopping_;
  };
  report.cutOff = parts_.acceptor.closeAll(instances, goodbye);
  report.figures.gone = found > report.cutOff ? found - report.cutOff : 0;
  const uint64_t serial = ending->serial();
  instances.clear();
  ending.reset();
  return awaitEnd(serial, parts_.settleMs);
}

Result<ReloadReport> PluginReloader::drain(const std::string& channelId, uint64_t generation, uint64_t graceMs) {
  const auto living = parts_.catalog.living(channelId);
  const auto ending = find(living, generation);
  if (!ending) return notAlive(channelId, generation, living);
  if (const auto serving = instancesOf(parts_.channels, *ending, true); !serving.empty())
    return fail(ErrorCode::kConflict, "new clients come to " + named(channelId, generation) + ": reload " + channelId +
                                          " first, or stop " + accountsIn(serving) + " (gwctl channel stop)");
  ReloadReport report;
  report.verb = "drain";
  report.channelId = channelId;
  report.fromGeneration = generation;
  report.fromVersion = ending->version();
  return enqueue(std::move(report), false, [this, generation, graceMs](ReloadReport& begun) {
    auto found = find(parts_.catalog.living(begun.channelId), generation);
    // It may have ended by itself meanwhile.
    const auto end = found ? closeGeneration(begun, std::move(found), graceMs) : plugin::LibraryEnd::kUnloaded;
    conclude(begun, end);
  });
}

Result<ReloadReport> PluginReloader::unload(const std::string& channelId, uint64_t limitMs) {
  for (const auto& generation : parts_.catalog.living(channelId))
    if (const auto serving = instancesOf(parts_.channels, *generation, true); !serving.empty())
      return fail(ErrorCode::kConflict,
                  channelId + " is in use by " + accountsIn(serving) + ": gwctl channel stop ACCOUNT, then unload");
  const auto last = plugin::GenerationLedger::ofProcess().lastEndOf(channelId);
  const auto living = parts_.catalog.living(channelId);
  if (living.empty() && !last) return fail(ErrorCode::kConflict, channelId + " is not loaded");
  ReloadReport report;
  report.verb = "unload";
  report.channelId = channelId;
  report.fromGeneration = living.empty() ? last->number : living.back()->number();
  report.fromVersion = living.empty() ? last->version : living.back()->version();
  return enqueue(std::move(report), false, [this, limitMs](ReloadReport& begun) { unloadAll(begun, limitMs); });
}

// The accounts have let go of it; what is late (an answer to a request, work that goes on) ends by itself.
void PluginReloader::unloadAll(ReloadReport& report, uint64_t limitMs) {
  enter(report, "unloading");
  const uint64_t endNs = parts_.clock.nowNs() + limitMs * 1'000'000;
  std::vector<uint64_t> serials;
  for (const auto& generation : parts_.catalog.living(report.channelId)) serials.push_back(generation->serial());
  auto worst = plugin::LibraryEnd::kUnloaded;
  for (const uint64_t serial : serials) {
    const uint64_t nowNs = parts_.clock.nowNs();
    const auto end = awaitEnd(serial, nowNs < endNs ? (endNs - nowNs) / 1'000'000 : 0);
    if (!end) return conclude(report, end);
    if (*end != plugin::LibraryEnd::kUnloaded) worst = *end;
  }
  const auto last = plugin::GenerationLedger::ofProcess().lastEndOf(report.channelId);
  conclude(report, serials.empty() && last ? last->library : worst);
}

void PluginReloader::conclude(ReloadReport& report, std::optional<plugin::LibraryEnd> end) const {
  report.former = end ? plugin::toString(*end) : "serving";
  report.outcome = end ? "committed" : "partial";
  if (!end)
    report.why = isStopping_ ? "the gateway is stopping"
                             : "something still holds the code of " + report.channelId + ": gwctl plugin generations";
}

}  // namespace gw::channel
