// Plugins as operators see them: what there is, which generations live, reloads.

#include <algorithm>

#include "base/log.h"
#include "gateway_admin.h"
#include "gateway_parts.h"
#include "plugin/generation_ledger.h"

namespace gw {
namespace {

admin::PluginReload ofReport(const channel::ReloadReport& report) {
  admin::PluginReload out;
  out.id = report.id;
  out.verb = report.verb;
  out.plugin = report.channelId;
  out.file = report.file;
  out.fromGeneration = report.fromGeneration;
  out.toGeneration = report.toGeneration;
  out.fromVersion = report.fromVersion;
  out.toVersion = report.toVersion;
  out.step = report.step;
  out.outcome = report.step == "done" ? report.outcome : std::string();
  out.why = report.why;
  out.connections = report.figures.found;
  out.moved = report.figures.moved;
  out.stayed = report.figures.stayed;
  out.failed = report.figures.failed;
  out.gone = report.figures.gone;
  out.cutOff = report.cutOff;
  out.started = report.started;
  out.reasons.assign(report.figures.reasons.begin(), report.figures.reasons.end());
  out.pauseP99Us = report.sliceP99Us;
  out.pauseMaxUs = report.sliceMaxUs;
  out.former = report.former;
  out.startedAt = report.startedAtUs;
  out.tookMs = report.tookMs;
  return out;
}

Result<admin::PluginReload> ofReport(const Result<channel::ReloadReport>& report) {
  return report ? Result<admin::PluginReload>(ofReport(*report)) : Result<admin::PluginReload>(report.error());
}

admin::PluginSnapshot ofEntry(const plugin::CatalogEntry& entry) {
  admin::PluginSnapshot item;
  item.id = entry.channelId;
  item.name = entry.name.empty() ? entry.channelId : entry.name;
  item.vendor = entry.vendor;
  item.version = entry.version;
  item.license = entry.license;
  item.file = entry.file;
  item.sha256 = entry.sha256;
  item.reason = entry.refusedReason;
  item.generation = entry.generation;
  item.loadedAt = entry.loadedAtUs;
  item.extensions = entry.extensions;
  item.stateVersions = {entry.stateId, entry.stateVersion, entry.stateOldestImport, entry.stateOldestExport};
  item.state = !entry.refusedReason.empty() ? "refused" : entry.generation ? "loaded" : "available";
  return item;
}

admin::PluginReloadTotals ofTotals(const channel::ReloadTotals& totals) {
  return {totals.committed, totals.partial, totals.refused, totals.rolledBack,
          totals.moved,     totals.stayed,  totals.failed};
}

}  // namespace

std::vector<admin::PluginSnapshot> GatewayAdmin::plugins() {
  std::vector<admin::PluginSnapshot> out;
  const auto accounts = gateway_.parts_->channels->snapshots();
  const auto alive = generations();
  for (const auto& entry : gateway_.parts_->catalog->entries()) {
    admin::PluginSnapshot& item = out.emplace_back(ofEntry(entry));
    if (!entry.refusedReason.empty()) continue;  // what follows is of the file that serves the channel
    for (const auto& account : accounts) {
      if (account.channelId != entry.channelId) continue;
      item.accounts.push_back(account.id());
      item.connections += account.connections;
      if (account.quarantined) item.quarantined.push_back(account.id());
    }
    for (const auto& generation : alive)
      if (generation.plugin == entry.channelId) item.generations.push_back(generation);
    item.leaked = plugin::GenerationLedger::ofProcess().leakedOf(entry.channelId);
    item.reloads = ofTotals(gateway_.parts_->reloader->totals(entry.channelId));
  }
  return out;
}

// Of several files of a plugin: the one that is used.
Result<admin::PluginSnapshot> GatewayAdmin::plugin(const std::string& id) {
  auto all = plugins();
  std::erase_if(all, [&](const admin::PluginSnapshot& item) { return item.id != id; });
  if (all.empty()) return fail(ErrorCode::kNotFound, "there is no plugin " + log::quoted(id));
  const auto used = std::find_if(all.begin(), all.end(), [](const auto& item) { return item.state != "refused"; });
  return used == all.end() ? all.front() : *used;
}

std::vector<admin::GenerationSnapshot> GatewayAdmin::generations() {
  std::vector<admin::GenerationSnapshot> out;
  const Gateway::Parts& parts = *gateway_.parts_;
  const auto instances = parts.channels->instances();
  for (const auto& generation : parts.catalog->living()) {
    admin::GenerationSnapshot item;
    item.plugin = generation->channelId();
    item.generation = generation->number();
    item.version = generation->version();
    item.sha256 = generation->sha256();
    item.file = generation->file();
    item.loadedAt = generation->loadedAtUs();
    item.work = generation->pendingWork();
    item.state = "leaving";
    for (const auto& [instance, isCurrent] : instances) {
      if (&instance->generation() != generation.get()) continue;
      const auto count = static_cast<uint64_t>(std::max<int64_t>(0, instance->counters().connections));
      item.connections += count;
      item.holders.push_back({instance->accountId(), count, isCurrent});
      if (isCurrent) item.state = "serving";
    }
    out.push_back(std::move(item));
  }
  return out;
}

Result<admin::PluginFileFacts> GatewayAdmin::inspectPlugin(const std::string& file) {
  const auto note = gateway_.parts_->catalog->inspect(file);
  if (!note) return note.error();
  return admin::PluginFileFacts{file, note->id, note->pluginVersion, note->sdkVersion, note->abiVersion};
}

Result<admin::PluginReload> GatewayAdmin::reloadPlugin(const admin::PluginReloadRequest& request) {
  const bool isStranger = request.isDryRun && !request.file.empty();  // may be tried without being known
  if (auto known = plugin(request.plugin); !known && !isStranger) return known.error();
  channel::ReloadOrder order;
  order.channelId = request.plugin;
  order.file = request.file;
  order.toPrevious = request.toPrevious;
  order.canaryClients = request.canary;
  order.canaryMs = request.canaryMs;
  order.drainOldestMs = request.drainOldestMs;
  order.isDryRun = request.isDryRun;
  order.probeMs = request.probeMs;
  order.timeoutMs = request.timeoutMs;
  return ofReport(gateway_.parts_->reloader->begin(std::move(order)));
}

Result<admin::PluginReload> GatewayAdmin::loadPlugin(const std::string& file) {
  return ofReport(gateway_.parts_->reloader->load(file));
}

Result<admin::PluginReload> GatewayAdmin::drainGeneration(const std::string& plugin, uint64_t generation,
                                                          uint64_t graceMs) {
  return ofReport(gateway_.parts_->reloader->drain(plugin, generation, graceMs));
}

Result<admin::PluginReload> GatewayAdmin::unloadPlugin(const std::string& id, uint64_t limitMs) {
  if (auto known = plugin(id); !known) return known.error();
  return ofReport(gateway_.parts_->reloader->unload(id, limitMs));
}

Result<admin::PluginReload> GatewayAdmin::pluginReload(uint64_t id, uint64_t waitMs) {
  const auto limit = std::min<std::chrono::milliseconds>(std::chrono::milliseconds(waitMs), admin::kLongestWait);
  return ofReport(gateway_.parts_->reloader->await(id, static_cast<uint64_t>(limit.count())));
}

}  // namespace gw
