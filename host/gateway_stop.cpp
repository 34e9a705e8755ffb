// The clean stop and the live reload (docs/operators/shutdown.md says what an operator sees).

#include <condition_variable>
#include <mutex>

#include "base/log.h"
#include "gateway_parts.h"
#include "gateway_specs.h"
#include "session/caller.h"
#include "session/stop_progress.h"

namespace gw {
namespace {

constexpr uint64_t kSettleMs = 1000;
constexpr uint64_t kWorkStopMs = 500;

/// Runs a closure on every loop and waits for all of them.
template <typename F>
bool onEveryLoop(const std::vector<std::unique_ptr<session::SessionManager>>& managers, uint64_t limitMs, F&& each) {
  struct Wait {
    std::mutex mutex;
    std::condition_variable changed;
    size_t left;
  };
  auto wait = std::make_shared<Wait>();
  wait->left = managers.size();
  for (const auto& manager : managers) {
    manager->loop().post([wait, each, &manager = *manager] {
      each(manager);
      std::lock_guard lock(wait->mutex);
      if (--wait->left == 0) wait->changed.notify_all();
    });
  }
  std::unique_lock lock(wait->mutex);
  return wait->changed.wait_for(lock, std::chrono::milliseconds(limitMs), [&] { return wait->left == 0; });
}

}  // namespace

void Gateway::stop(const std::function<bool()>& shouldSkipFlush) {
  Parts& parts = *parts_;
  parts.services.stopping = true;
  log::info("gateway", "stopping");
  parts.admission.setAccepting(false);
  if (parts.reloader) parts.reloader->stop();
  if (parts.channels) (void)parts.control.run([&] { parts.channels->stopAccepting(); });
  stopClients();
  // Before the sessions are saved, loop by loop: what a command does must not lie between two saves. A
  // command that is not answered stays with its session and is given again after the start.
  if (parts.lobby) parts.lobby->stop();
  parts.simulator.stop();
  if (parts.linkServer) parts.linkServer->stop();
  saveSessions(shouldSkipFlush);
  if (parts.admin) parts.admin->stop();
  parts.tokenThread.stop();
  parts.careThread.stop();
  if (parts.health) parts.health->stop();
  if (parts.streams) parts.streams->stopWork(kWorkStopMs);  // while the control thread can unload what it held
  if (parts.channels) (void)parts.control.run([&] { parts.channels->stopAll(1001, 500); });
  parts.control.stop();
  for (auto& loop : parts.loops) loop->stop();
  for (auto& loop : parts.loops) loop->join();
  if (parts.watchdog) parts.watchdog->stop();
  if (parts.store) parts.store->stop();
  log::info("gateway", "stopped");
}

// Accepted commands settle, clients hear of the stop, plugins say goodbye, all within the grace.
void Gateway::stopClients() {
  Parts& parts = *parts_;
  plugin::Event event;
  event.delivery = plugin::Delivery::kDrop;
  event.name = "shutdown";
  event.text = "The gateway is stopping. Your session is kept; come back soon.";
  event.dataJson = "\"reason\":\"shutdown\",\"restartExpectedMs\":5000";
  broadcast::Filter everyone;
  everyone.audience = broadcast::Audience::kAll;
  onEveryLoop(parts.managers, kSettleMs, [](session::SessionManager& manager) { manager.pauseInput(); });
  parts.bus.publish(std::move(event), everyone);
  onEveryLoop(parts.managers, kSettleMs, [](session::SessionManager&) {});
  settleJournal();
  const size_t cut =
      parts.streams ? parts.streams->closeEverything(1001, "The gateway is stopping.", config_.shutdownGraceMs) : 0;
  if (cut > 0)
    log::warn("gateway", "connections were cut off at the end of the grace",
              {{"connections", static_cast<uint64_t>(cut)}});
}

// Strict: what was taken is committed and answered before the clients go.
void Gateway::settleJournal() {
  if (!parts_->journal) return;
  parts_->journal->waitIdle(kSettleMs);
  onEveryLoop(parts_->managers, kSettleMs, [](session::SessionManager&) {});
}

void Gateway::saveSessions(const std::function<bool()>& shouldSkipFlush) {
  Parts& parts = *parts_;
  if (!parts.store) return;
  settleJournal();
  auto progress = std::make_shared<session::StopProgress>(parts.managers.size());
  for (const auto& manager : parts.managers)
    manager->loop().post([progress, &manager = *manager] { manager.saveAllForStop(progress); });
  const uint64_t sliceMs = 200;
  bool isDone = false;
  for (uint64_t waited = 0; waited < config_.storeFlushMs && !isDone; waited += sliceMs) {
    isDone = progress->wait(sliceMs);
    if (isDone) break;
    if (waited % 1000 == 0) log::info("gateway", "writing sessions to the store", {{"left", progress->left.load()}});
    if (shouldSkipFlush && shouldSkipFlush()) {
      log::warn("gateway", "the store's flush was skipped; unsaved sessions are lost",
                {{"sessions", progress->left.load()}});
      return;
    }
  }
  if (!isDone) log::error("gateway", "the store did not finish in time", {{"sessions", progress->left.load()}});
  if (progress->failed > 0)
    log::error("gateway", "sessions could not be saved", {{"sessions", progress->failed.load()}});
  if (isDone && progress->failed == 0 && parts.journal) parts.journal->trimAll();
  // What else was asked of the store, lobby's settings for one.
  if (parts.store->flush(isDone ? config_.storeFlushMs : 0, nullptr) > 0)
    log::error("gateway", "the store did not finish in time");
}

Result<config::ReloadPlan> Gateway::reload() {
  const config::GatewayConfig current = configuration();
  config::GatewayConfig next;
  try {
    next = config::load(current.sourceFile);
  } catch (const config::ConfigError& problem) {
    return fail(ErrorCode::kInvalid, problem.what());
  }
  const config::ReloadPlan plan = config::planReload(current, next);
  Parts& parts = *parts_;
  std::vector<Error> problems;
  // Certificates first: they are the one part that can still fail, and then nothing has changed.
  const bool ran = parts.control.run([&] {
    problems = parts.channels->reloadTls();
    if (problems.empty()) problems = applyOptions(current, next);
    if (problems.empty()) applyToChannels(current, next);
  });
  if (!ran) return fail(ErrorCode::kUnavailable, "the gateway is busy or stopping");
  if (!problems.empty()) return fail(ErrorCode::kInvalid, problems.front().message);
  log::configure({next.log.level, next.log.json, next.log.file});
  parts.admission.update(admissionLimits(next.limits));
  if (parts.lobby) parts.lobby->configure(lobbyOptions(next.lobby));
  onEveryLoop(parts.managers, 2000,
              [limits = sessionLimits(next.limits)](session::SessionManager& manager) { manager.applyLimits(limits); });
  {
    std::lock_guard lock(configMutex_);
    config_.log = next.log;
    config_.lobby = next.lobby;
    config_.limits = next.limits;
    config_.shutdownGraceMs = next.shutdownGraceMs;
    config_.storeFlushMs = next.storeFlushMs;
    for (config::Account& account : config_.accounts)
      for (const config::Account& wanted : next.accounts)
        if (account.id() == wanted.id()) {
          account.enabled = wanted.enabled;
          account.optionsJson = wanted.optionsJson;
        }
    for (config::HttpListener& listener : config_.http)
      for (const config::HttpListener& wanted : next.http)
        if (listener.name == wanted.name) {
          listener.allowedHosts = wanted.allowedHosts;
          listener.allowedOrigins = wanted.allowedOrigins;
        }
  }
  log::info("gateway", "configuration reloaded",
            {{"applied", static_cast<uint64_t>(plan.live.size())},
             {"needRestart", static_cast<uint64_t>(plan.needRestart.size())}});
  return plan;
}

// [control] Other options for plugins: live where the plugin can; else another instance takes the connections over.
std::vector<Error> Gateway::applyOptions(const config::GatewayConfig& current, const config::GatewayConfig& next) {
  std::vector<const config::Account*> changed;
  for (const config::Account& wanted : next.accounts)
    for (const config::Account& account : current.accounts)
      if (account.id() == wanted.id() && account.optionsJson != wanted.optionsJson) changed.push_back(&wanted);
  // All or none.
  for (const config::Account* wanted : changed)
    if (const auto good = parts_->channels->checkOptions(wanted->id(), wanted->optionsJson); !good)
      return {good.error()};
  std::map<std::string, channel::ReloadOrder> orders;  // by channel
  for (const config::Account* wanted : changed) {
    const auto needsInstance = parts_->channels->reconfigure(wanted->id(), wanted->optionsJson);
    if (!needsInstance) return {needsInstance.error()};
    if (!*needsInstance) continue;
    channel::ReloadOrder& order = orders[wanted->channel];
    order.channelId = wanted->channel;
    order.options[wanted->id()] = wanted->optionsJson;
  }
  for (auto& [channel, order] : orders)
    if (const auto begun = parts_->reloader->begin(std::move(order)); !begun) return {begun.error()};
  return {};
}

// [control] Rules of listeners, and accounts that are switched on or off. What is new needs a restart.
void Gateway::applyToChannels(const config::GatewayConfig& current, const config::GatewayConfig& next) {
  channel::ChannelManager& channels = *parts_->channels;
  for (const config::HttpListener& listener : next.http) {
    if (const auto published = channels.publishRules(listener.name, httpRules(listener)); !published)
      log::warn("gateway", "a new HTTP listener needs a restart", {{"listener", listener.name}});
  }
  for (const config::Account& wanted : next.accounts) {
    for (const config::Account& account : current.accounts) {
      if (account.id() != wanted.id() || account.enabled == wanted.enabled) continue;
      Result<void> switched;
      if (wanted.enabled)
        switched = channels.start(wanted.id());
      else if (const auto stopped = channels.stop(wanted.id(), next.shutdownGraceMs); !stopped)
        switched = stopped.error();
      if (!switched) log::warn("gateway", switched.error().message, {{"account", wanted.id()}});
    }
  }
}

}  // namespace gw
