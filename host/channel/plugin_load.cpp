// PluginReloader: a file that no reload could take, because its channel is not loaded.

#include "channel/channel_manager.h"
#include "channel/plugin_reload.h"
#include "plugin/library.h"
#include "plugin/probe.h"

namespace gw::channel {
namespace {

/// Of the accounts of a channel: those that would run if they could.
std::vector<ChannelAccount*> waitingIn(const ChannelManager& channels, const std::string& channelId) {
  std::vector<ChannelAccount*> waiting;
  for (ChannelAccount* account : channels.accountsOf(channelId))
    if (!account->current() && account->snapshot().state == AccountState::kError) waiting.push_back(account);
  return waiting;
}

}  // namespace

Result<void> PluginReloader::refuseIfLoaded(const std::string& channelId, const std::string& file) const {
  const auto living = parts_.catalog.living(channelId);
  if (living.empty()) return {};
  return fail(ErrorCode::kConflict, channelId + " is loaded (generation " + std::to_string(living.back()->number()) +
                                        "): gwctl plugin reload " + channelId + " --file " + file);
}

Result<ReloadReport> PluginReloader::load(const std::string& file) {
  ReloadReport report;
  report.verb = "load";
  report.file = file;
  // What cannot be read is refused later, where it is tried, with the reason.
  if (const auto note = parts_.catalog.inspect(file)) {
    report.channelId = note->id;
    if (auto free = refuseIfLoaded(note->id, file); !free) return free.error();
  }
  return enqueue(std::move(report), false, [this](ReloadReport& begun) {
    const auto loaded = loadNew(begun);
    if (loaded) return;
    begun.outcome = "refused";
    begun.why = loaded.error().message;
  });
}

Result<void> PluginReloader::loadNew(ReloadReport& report) {
  if (plugin::Library::leaked() >= kMostLeaked) return tooManyLeaked();
  enter(report, "checking");
  auto candidate = parts_.catalog.copyForLoad(report.file);
  if (!candidate) return candidate.error();
  const std::string channelId = report.channelId = candidate->copy.note.id;
  report.toVersion = candidate->copy.note.pluginVersion;
  enter(report, "probing");
  plugin::ProbeOrder order;
  order.program = parts_.program;
  order.library = candidate->copy.path;
  order.isCancelled = &isStopping_;
  Result<void> done = controlled([&]() -> Result<void> {
    for (const ChannelAccount* account : waitingIn(parts_.channels, channelId))
      order.accounts.push_back({account->id(), account->options()});
    return refuseIfLoaded(channelId, report.file);
  });
  if (done) done = plugin::probePlugin(order);
  if (done) {
    enter(report, "loading");
    done = controlled([&] { return startWaiting(report, *candidate); });
  }
  if (report.toGeneration == 0) parts_.catalog.discard(*candidate);
  return done;
}

// [control] Known from now on; loaded only if somebody needs it.
Result<void> PluginReloader::startWaiting(ReloadReport& report, const plugin::PluginCatalog::Candidate& candidate) {
  if (auto free = refuseIfLoaded(report.channelId, report.file); !free) return free;
  const auto waiting = waitingIn(parts_.channels, report.channelId);
  std::shared_ptr<plugin::Generation> generation;
  if (!waiting.empty()) {
    auto loaded = parts_.catalog.load(candidate);
    if (!loaded) return loaded.error();
    generation = std::move(*loaded);
  }
  if (auto known = parts_.catalog.adopt(candidate); !known) return known;
  report.outcome = "committed";
  if (!generation) return {};
  parts_.catalog.promote(generation);
  report.toGeneration = generation->number();
  for (ChannelAccount* account : waiting) {
    const auto started = parts_.channels.start(account->id());
    if (started) {
      report.started.push_back(account->id());
      continue;
    }
    report.outcome = "partial";
    ++report.figures.reasons[started.error().message];
  }
  return {};
}

}  // namespace gw::channel
