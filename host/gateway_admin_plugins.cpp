// Plugins as operators see them: what there is, which generations live, reloads.

#include "base/log.h"
#include "gateway_admin.h"
#include "gateway_parts.h"

namespace gw {
namespace {

admin::PluginReload ofReport(const channel::ReloadReport& report) {
  admin::PluginReload out;
  out.id = report.id;
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
  out.reasons.assign(report.figures.reasons.begin(), report.figures.reasons.end());
  out.pauseP99Us = report.sliceP99Us;
  out.pauseMaxUs = report.sliceMaxUs;
  out.former = report.former;
  out.startedAt = report.startedAtUs;
  out.tookMs = report.tookMs;
  return out;
}

}  // namespace

std::vector<admin::PluginSnapshot> GatewayAdmin::plugins() {
  std::vector<admin::PluginSnapshot> out;
  const auto accounts = gateway_.parts_->channels->snapshots();
  for (const auto& entry : gateway_.parts_->catalog->entries()) {
    admin::PluginSnapshot item;
    item.id = entry.channelId;
    item.name = entry.channelId;
    item.version = entry.version;
    item.file = entry.file;
    item.sha256 = entry.sha256;
    item.reason = entry.refusedReason;
    item.generation = entry.generation;
    item.state = !entry.refusedReason.empty() ? "refused" : entry.generation ? "loaded" : "available";
    for (const auto& account : accounts) {
      if (account.channelId != entry.channelId) continue;
      item.accounts.push_back(account.id());
      item.connections += account.connections;
      if (item.loadedAt == 0 || account.lastStartAt < item.loadedAt) item.loadedAt = account.lastStartAt;
    }
    out.push_back(std::move(item));
  }
  return out;
}

Result<admin::PluginSnapshot> GatewayAdmin::plugin(const std::string& id) {
  for (auto& item : plugins())
    if (item.id == id) return item;
  return fail(ErrorCode::kNotFound, "there is no plugin " + log::quoted(id));
}

std::vector<admin::GenerationSnapshot> GatewayAdmin::generations() {
  std::vector<admin::GenerationSnapshot> out;
  const Gateway::Parts& parts = *gateway_.parts_;
  for (const auto& generation : parts.catalog->living()) {
    admin::GenerationSnapshot item;
    item.plugin = generation->channelId();
    item.generation = generation->number();
    item.version = generation->version();
    item.sha256 = generation->sha256();
    item.file = generation->file();
    item.loadedAt = generation->loadedAtUs();
    item.state = "leaving";
    for (const auto& instance : parts.channels->instances()) {
      if (&instance.instance->generation() != generation.get()) continue;
      item.connections += static_cast<uint64_t>(std::max<int64_t>(0, instance.instance->counters().connections));
      if (instance.isCurrent) item.state = "serving";
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
  if (auto known = plugin(request.plugin); !known) return known.error();
  channel::ReloadOrder order;
  order.channelId = request.plugin;
  order.file = request.file;
  order.toPrevious = request.toPrevious;
  order.canaryClients = request.canary;
  order.canaryMs = request.canaryMs;
  order.drainOldestMs = request.drainOldestMs;
  order.isDryRun = request.isDryRun;
  order.timeoutMs = request.timeoutMs;
  const auto begun = gateway_.parts_->reloader->begin(std::move(order));
  return begun ? Result<admin::PluginReload>(ofReport(*begun)) : Result<admin::PluginReload>(begun.error());
}

Result<admin::PluginReload> GatewayAdmin::pluginReload(uint64_t id, uint64_t waitMs) {
  const auto limit = std::min<std::chrono::milliseconds>(std::chrono::milliseconds(waitMs), admin::kLongestWait);
  const auto report = gateway_.parts_->reloader->await(id, static_cast<uint64_t>(limit.count()));
  return report ? Result<admin::PluginReload>(ofReport(*report)) : Result<admin::PluginReload>(report.error());
}

}  // namespace gw
