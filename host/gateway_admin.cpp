#include "gateway_admin.h"

#include <unistd.h>

#include <algorithm>

#include "base/log.h"
#include "gateway_parts.h"
#include "gw/plugin.h"
#include "plugin/metrics_port.h"
#include "session/caller.h"
#include "session/text/sanitize.h"

namespace gw {
namespace {

constexpr size_t kMaxOperations = 100;

admin::HealthLevel levelOf(health::HealthLevel level) { return static_cast<admin::HealthLevel>(level); }

std::string shortBuildType() {
#ifdef NDEBUG
  return "release";
#else
  return "debug";
#endif
}

}  // namespace

GatewayAdmin::GatewayAdmin(Gateway& gateway) : gateway_(gateway) {
  planner_ = std::thread([this] {
    std::unique_lock lock(mutex_);
    while (!isEnding_) {
      if (!plan_.pending) {
        changed_.wait(lock);
        continue;
      }
      const int64_t leftUs = plan_.at - gateway_.parts_->clock.wallUs();
      if (leftUs > 0) {
        changed_.wait_for(lock, std::chrono::microseconds(leftUs));
        continue;
      }
      plan_.pending = false;
      isStopping_ = true;
      lock.unlock();
      if (gateway_.options_.onStop) gateway_.options_.onStop();
      lock.lock();
    }
  });
}

GatewayAdmin::~GatewayAdmin() {
  {
    std::lock_guard lock(mutex_);
    isEnding_ = true;
    changed_.notify_all();
  }
  planner_.join();
}

// --- the whole ------------------------------------------------------------------------------------------

admin::VersionFacts GatewayAdmin::version() {
  admin::VersionFacts facts;
  facts.version = gateway_.parts_->services.version;
  facts.buildType = shortBuildType();
  facts.compiler = "g++ " __VERSION__;
  facts.pluginAbi = GW_ABI_VERSION;
  return facts;
}

std::vector<admin::PluginMetric> GatewayAdmin::pluginMetrics() {
  std::vector<admin::PluginMetric> out;
  for (plugin::MetricValue& one : plugin::pluginMetrics())
    out.push_back({std::move(one.account), std::move(one.name), std::move(one.help), one.isGauge, one.value});
  return out;
}

admin::HealthSnapshot GatewayAdmin::health() {
  const auto report = gateway_.parts_->health->report();
  admin::HealthSnapshot out;
  out.level = levelOf(report->level);
  for (const auto& problem : report->problems)
    out.problems.push_back({levelOf(problem.level), problem.what, problem.sinceUs, problem.nextCommand});
  out.at = report->atUs;
  out.levelSinceAt = report->levelSinceUs;
  out.uptimeMs = static_cast<uint64_t>(gateway_.parts_->clock.wallUs() - gateway_.parts_->startedAtUs) / 1000;
  const health::HealthInputs now = gateway_.healthInputs();
  out.connections = now.connections;
  out.memoryBytes = now.memoryBytes;
  out.memoryLimitBytes = now.memoryLimitBytes;
  out.residentBytes = now.residentBytes;
  out.accounts = channels();
  for (size_t i = 0; i < now.loops.size(); ++i) {
    const auto& figures = gateway_.parts_->managers[i]->figures();
    const double lagMs = static_cast<double>(now.loops[i].lagMaxNs) / 1e6;
    out.loops.push_back({static_cast<int>(i), now.loops[i].connections,
                         figures.playing + figures.disconnected + figures.other, lagMs, now.loops[i].inboxBytes});
    out.loopLagMs = std::max(out.loopLagMs, lagMs);
  }
  out.storeIsUp = !now.store.isDown;
  out.storeDetail = now.store.isDown
                        ? now.store.lastError
                        : gateway_.config_.storeDriver + ", " + std::to_string(now.store.queued) + " queued";
  out.backendIsUp = now.backendIsUp;
  out.backendDetail = now.backendName;
  return out;
}

admin::StatusSnapshot GatewayAdmin::status() {
  admin::StatusSnapshot out;
  out.health = health();
  out.version = version();
  out.gatewayId = gateway_.parts_->services.gatewayId;
  out.startedAt = gateway_.parts_->startedAtUs;
  out.pid = ::getpid();
  out.configFile = gateway_.config_.sourceFile;
  out.durability = gateway_.config_.durability;
  for (const auto& manager : gateway_.parts_->managers) {
    out.sessionsPlaying += manager->figures().playing;
    out.sessionsDisconnected += manager->figures().disconnected;
    out.sessionsOther += manager->figures().other;
  }
  out.usersOnline = out.sessionsPlaying;
  const session::Admission::Refusals refusals = gateway_.parts_->services.admission.refusals();
  const session::SessionCounters& counters = gateway_.parts_->services.counters;
  const net::ProxyCounts& proxied = gateway_.parts_->channels->proxyCounts();
  out.refused = {{"connections", refusals.full},
                 {"connectionsPerAddress", refusals.perAddress},
                 {"unauthenticatedPerAddress", refusals.unauthenticated},
                 {"connectionRatePerAddress", refusals.rate},
                 {"connectionsPerUserAndChannel", counters.connectionsEvicted},
                 {"idleTimeout", counters.idleEnded},
                 {"sessionLifetime", counters.lifetimesEnded},
                 {"memory", refusals.memory},
                 {"bans", refusals.banned},
                 {"sessions", counters.sessionsRefused},
                 {"commandRate", counters.rateLimited},
                 {"userCommandRate", counters.userRateLimited},
                 {"resume", counters.resumeRefused},
                 {"typedCodes", counters.codesThrottled},
                 {"trustedProxies", proxied.of(net::ProxyRefusal::kUntrusted)},
                 {"proxyHeaderMissing", proxied.of(net::ProxyRefusal::kLate)},
                 {"proxyHeaderInvalid", proxied.of(net::ProxyRefusal::kInvalid)},
                 {"proxyHeadersAwaited", proxied.of(net::ProxyRefusal::kCrowded)}};
  std::lock_guard lock(mutex_);
  out.shutdown = plan_;
  return out;
}

Result<admin::ShutdownPlan> GatewayAdmin::shutdown(uint64_t inMs, const std::string& message) {
  if (!message.empty() || inMs > 0) {
    plugin::Event event;
    event.delivery = plugin::Delivery::kDrop;
    event.name = "shutdown";
    event.text = message.empty()
                     ? "The gateway will stop in " + std::to_string(inMs / 1000) + " s. Your session is kept."
                     : session::sanitizeInput(message);
    event.dataJson = "\"reason\":\"planned\",\"inMs\":" + std::to_string(inMs);
    broadcast::Filter everyone;
    everyone.audience = broadcast::Audience::kAll;
    gateway_.parts_->bus.publish(std::move(event), everyone);
  }
  std::lock_guard lock(mutex_);
  if (isStopping_) return fail(ErrorCode::kConflict, "the gateway is stopping already");
  // "At once" still lets this answer reach the operator.
  const auto delayUs = static_cast<int64_t>(std::max<uint64_t>(inMs, 50)) * 1000;
  plan_ = {true, gateway_.parts_->clock.wallUs() + delayUs, message};
  changed_.notify_all();
  return plan_;
}

Result<void> GatewayAdmin::cancelShutdown() {
  std::lock_guard lock(mutex_);
  if (!plan_.pending || isStopping_) return fail(ErrorCode::kConflict, "no stop is planned");
  plan_ = {};
  changed_.notify_all();
  return {};
}

// --- channels --------------------------------------------------------------------------------

std::vector<admin::ChannelSnapshot> GatewayAdmin::channels() {
  std::vector<admin::ChannelSnapshot> out;
  for (const auto& account : gateway_.parts_->channels->snapshots()) {
    admin::ChannelSnapshot item;
    item.channelId = account.channelId;
    item.accountId = account.accountId;
    item.enabled = account.enabled;
    item.running = account.running;
    item.state = channel::toString(account.state);
    item.health = health::accountStatus(account);
    item.lastStartAt = account.lastStartAt;
    item.lastStopAt = account.lastStopAt;
    item.lastError = account.lastError;
    item.lastErrorAt = account.lastErrorAt;
    item.lastActivity = account.lastActivity;
    item.connections = account.connections;
    item.slowCallbacks = account.slowCallbacks;
    item.quarantined = account.quarantined;
    item.encodeCalls = account.encodeCalls;
    item.work = {account.work.started, account.work.answered, account.work.overdue, account.work.failed,
                 account.work.dropped, account.work.refused,  account.work.pending, account.work.stuck};
    item.generation = account.generation;
    item.plugin = account.channelId;
    item.pluginVersion = account.pluginVersion;
    item.addresses = account.addresses;
    out.push_back(std::move(item));
  }
  return out;
}

Result<admin::ChannelSnapshot> GatewayAdmin::channel(const std::string& id) {
  for (auto& item : channels())
    if (item.channelId + ":" + item.accountId == id) return item;
  return fail(ErrorCode::kNotFound, "there is no channel account " + log::quoted(id));
}

Result<admin::Operation> GatewayAdmin::startChannel(const std::string& id) { return lifecycle("channel.start", id); }
Result<admin::Operation> GatewayAdmin::stopChannel(const std::string& id) { return lifecycle("channel.stop", id); }

Result<admin::Operation> GatewayAdmin::lifecycle(const std::string& verb, const std::string& id) {
  const bool isStart = verb == "channel.start";
  const auto known = channel(id);
  if (!known) return known.error();
  const auto underReload = [this, channelId = known->channelId, id]() -> Result<void> {
    if (!gateway_.parts_->reloader->isReloading(channelId)) return {};
    return fail(ErrorCode::kConflict, "a reload of " + channelId + " is under way; try again when it has ended");
  };
  if (const auto free = underReload(); !free) return free.error();
  // One in quarantine does not run, and still has its clients.
  const bool maybeStopped = !isStart && known->quarantined;
  if (isStart == known->running && !maybeStopped)
    return fail(ErrorCode::kConflict, "channel " + id + (isStart ? " is running already" : " is not running"));
  const admin::Operation operation = beginOperation(verb, id);
  const bool queued = gateway_.parts_->control.post([this, isStart, id, underReload, operationId = operation.id] {
    auto& channels = *gateway_.parts_->channels;
    if (const auto free = underReload(); !free) return finishOperation(operationId, free);
    if (isStart) return finishOperation(operationId, channels.start(id));
    const auto stopped = channels.stop(id, gateway_.configuration().shutdownGraceMs);
    finishOperation(operationId, stopped ? Result<void>() : Result<void>(stopped.error()));
  });
  if (!queued) {
    finishOperation(operation.id, fail(ErrorCode::kUnavailable, "the control thread is busy"));
    return fail(ErrorCode::kUnavailable, "too many operations wait; try again");
  }
  return operation;
}

admin::Operation GatewayAdmin::beginOperation(const std::string& verb, const std::string& target) {
  std::lock_guard lock(mutex_);
  operations_.push_back(
      {"op-" + std::to_string(nextOperation_++), verb, target, "running", {}, gateway_.parts_->clock.wallUs(), 0});
  if (operations_.size() > kMaxOperations) operations_.pop_front();
  return operations_.back();
}

void GatewayAdmin::finishOperation(const std::string& operationId, const Result<void>& outcome) {
  std::lock_guard lock(mutex_);
  for (auto& operation : operations_) {
    if (operation.id != operationId) continue;
    operation.state = outcome ? "done" : "failed";
    if (!outcome) operation.error = outcome.error().message;
    operation.finishedAt = gateway_.parts_->clock.wallUs();
  }
  changed_.notify_all();
}

Result<admin::Operation> GatewayAdmin::operation(const std::string& id, uint64_t waitMs) {
  std::unique_lock lock(mutex_);
  const auto find = [&]() -> const admin::Operation* {
    for (const auto& operation : operations_)
      if (operation.id == id) return &operation;
    return nullptr;
  };
  const auto limit = std::min<std::chrono::milliseconds>(std::chrono::milliseconds(waitMs), admin::kLongestWait);
  changed_.wait_for(lock, limit, [&] {
    const auto* found = find();
    return !found || found->state != "running";
  });
  const auto* found = find();
  if (!found)
    return fail(ErrorCode::kNotFound, "there is no operation " + log::quoted(id) + " (they are kept for a while only)");
  return *found;
}

std::vector<admin::Operation> GatewayAdmin::operations() {
  std::lock_guard lock(mutex_);
  return {operations_.begin(), operations_.end()};
}

// --- configuration and broadcast --------------------------------------------------------------------------

Result<admin::BroadcastOutcome> GatewayAdmin::broadcast(const admin::BroadcastRequest& request) {
  plugin::Event event;
  event.text = session::sanitizeInput(request.text);
  event.dataJson = "\"system\":true";
  broadcast::Filter filter;
  filter.room = request.room;
  if (request.room.empty()) filter.audience = broadcast::Audience::kAll;
  return admin::BroadcastOutcome{gateway_.parts_->bus.publish(std::move(event), std::move(filter))};
}

std::string GatewayAdmin::configJson() { return config::toJson(gateway_.configuration()); }

Result<void> GatewayAdmin::validateConfig(const std::string& text, const std::string& sourceName) {
  try {
    (void)config::parse(text, sourceName);
    return {};
  } catch (const config::ConfigError& problem) {
    return fail(ErrorCode::kInvalid, problem.what());
  }
}

Result<admin::ReloadOutcome> GatewayAdmin::reloadConfig() {
  const auto plan = gateway_.reload();
  if (!plan) return plan.error();
  return admin::ReloadOutcome{plan->live, plan->needRestart};
}

}  // namespace gw
