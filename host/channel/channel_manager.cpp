#include "channel/channel_manager.h"

#include <algorithm>

#include "base/log.h"
#include "gw/types.h"
#include "plugin/reaper.h"

namespace gw::channel {

ChannelManager::ChannelManager(ManagerOptions options, ControlThread& control, plugin::PluginCatalog& catalog,
                               plugin::StreamAcceptor& acceptor, const Clock& clock)
    : settings_(std::move(options.settings)),
      onChange_(std::move(options.onChange)),
      control_(control),
      context_{catalog, acceptor, clock, settings_.socket, settings_.proxyCounts, {}} {
  for (HttpListenerSpec& spec : options.http)
    http_.push_back(std::make_unique<HttpListener>(std::move(spec), settings_));
  for (AccountSpec& spec : options.accounts) {
    HttpListener* http = spec.listen ? nullptr : findHttp(spec.http);
    accounts_.push_back(std::make_unique<ChannelAccount>(std::move(spec), context_, http));
  }
  plugin::installReaper([this](Task task) -> Task {
    if (!control_.isInThread()) return control_.postRequired(std::move(task));
    task();
    return nullptr;
  });
}

ChannelManager::~ChannelManager() {
  accounts_.clear();
  plugin::installReaper(nullptr);
}

void ChannelManager::changed() {
  if (onChange_) onChange_();
}

ChannelAccount* ChannelManager::find(const std::string& id) const {
  for (const auto& account : accounts_) {
    if (account->id() == id) return account.get();
  }
  return nullptr;
}

HttpListener* ChannelManager::findHttp(const std::string& name) const {
  for (const auto& listener : http_) {
    if (listener->name() == name) return listener.get();
  }
  return nullptr;
}

Result<void> ChannelManager::bindAll() {
  size_t bound = 0;
  Error first;
  bool hasFailed = false;
  const auto count = [&](const Result<void>& result) {
    if (result) {
      ++bound;
    } else if (!std::exchange(hasFailed, true)) {
      first = result.error();
    }
  };
  for (const auto& listener : http_) {
    auto result = listener->bind();
    if (!result)
      log::error("channel", "cannot listen", {{"listener", listener->name()}, {"reason", result.error().message}});
    count(result);
  }
  for (const auto& account : accounts_) {
    if (account->spec().enabled) count(account->bind());
  }
  changed();
  if (bound == 0 && hasFailed) return first;
  return {};
}

void ChannelManager::startAll() {
  for (const auto& account : accounts_) {
    if (!account->spec().enabled || account->snapshot().state == AccountState::kError) continue;
    // The account keeps and logs its error.
    if (auto started = account->start(); !started) continue;
  }
  changed();
}

void ChannelManager::startAccepting(std::vector<net::EventLoop*> loops) {
  context_.loops = std::move(loops);
  for (const auto& listener : http_) listener->startAccepting(context_.loops);
  for (const auto& account : accounts_) {
    if (account->snapshot().running) account->startAccepting();
  }
  changed();
}

void ChannelManager::stopAccepting() {
  const std::vector<net::EventLoop*> loops = std::exchange(context_.loops, {});
  for (const auto& account : accounts_) account->stopAccepting();
  for (const auto& listener : http_) {
    listener->close();
    listener->closeIdle(loops);
  }
  changed();
}

size_t ChannelManager::stopAll(uint32_t closeCode, uint64_t graceMs) {
  stopAccepting();  // needs the loops: they are still there now, and may not be when this is destroyed
  const uint64_t endNs = context_.clock.nowNs() + graceMs * 1'000'000;
  size_t cutOff = 0;
  size_t left = accounts_.size();
  for (const auto& account : accounts_) {
    const uint64_t nowNs = context_.clock.nowNs();
    const uint64_t remainingMs = nowNs < endNs ? (endNs - nowNs) / 1'000'000 : 0;
    cutOff += account->stop(closeCode, remainingMs / left--, false);
  }
  changed();
  return cutOff;
}

Result<void> ChannelManager::start(const std::string& id) {
  ChannelAccount* account = find(id);
  if (account == nullptr) return fail(ErrorCode::kNotFound, "there is no channel account " + id);
  if (account->snapshot().quarantined) account->stop(GW_CLOSE_SHUTDOWN, 1000, false);
  auto started = account->start();
  changed();
  return started;
}

Result<size_t> ChannelManager::stop(const std::string& id, uint64_t graceMs) {
  ChannelAccount* account = find(id);
  if (account == nullptr) return fail(ErrorCode::kNotFound, "there is no channel account " + id);
  if (account->snapshot().state == AccountState::kStopped) return fail(ErrorCode::kConflict, id + " does not run");
  const size_t cutOff = account->stop(GW_CLOSE_SHUTDOWN, graceMs, true);
  changed();
  return cutOff;
}

std::vector<ChannelAccount*> ChannelManager::accountsOf(const std::string& channelId) const {
  std::vector<ChannelAccount*> found;
  for (const auto& account : accounts_)
    if (account->spec().channelId == channelId) found.push_back(account.get());
  return found;
}

Result<void> ChannelManager::checkOptions(const std::string& id, const std::string& optionsJson) const {
  const ChannelAccount* account = find(id);
  if (account == nullptr) return fail(ErrorCode::kNotFound, "there is no channel account " + id);
  const auto instance = account->current();
  return instance ? instance->checkOptions(optionsJson) : Result<void>();
}

Result<bool> ChannelManager::reconfigure(const std::string& id, const std::string& optionsJson) {
  ChannelAccount* account = find(id);
  if (account == nullptr) return fail(ErrorCode::kNotFound, "there is no channel account " + id);
  if (const auto instance = account->current()) {
    const auto done = instance->reconfigure(optionsJson);
    if (!done) return done.error();
    if (*done == plugin::Instance::Reconfigured::kNeedsInstance) return true;
  }
  account->setOptions(optionsJson);
  return false;
}

std::vector<ChannelManager::LiveInstance> ChannelManager::instances() const {
  std::vector<LiveInstance> all;
  for (const auto& account : accounts_) {
    for (auto& elder : account->elders()) all.push_back({std::move(elder), false});
    if (auto current = account->current()) all.push_back({std::move(current), true});
  }
  return all;
}

void ChannelManager::refreshHealth() {
  bool isChange = false;
  for (const auto& account : accounts_) isChange = account->refreshHealth() || isChange;
  if (isChange) changed();
}

std::vector<Error> ChannelManager::reloadTls() {
  std::vector<Error> failures;
  const auto keep = [&](const Result<void>& result) {
    if (!result) failures.push_back(result.error());
  };
  for (const auto& listener : http_) keep(listener->reloadTls());
  for (const auto& account : accounts_) keep(account->reloadTls());
  return failures;
}

Result<void> ChannelManager::publishRules(const std::string& name, net::HttpRules rules) {
  HttpListener* listener = findHttp(name);
  if (listener == nullptr) return fail(ErrorCode::kNotFound, "there is no HTTP listener " + name);
  listener->publishRules(std::move(rules));
  return {};
}

std::vector<AccountSnapshot> ChannelManager::snapshots() const {
  std::vector<AccountSnapshot> all;
  all.reserve(accounts_.size());
  for (const auto& account : accounts_) all.push_back(account->snapshot());
  return all;
}

Result<AccountSnapshot> ChannelManager::snapshot(const std::string& id) const {
  const ChannelAccount* account = find(id);
  if (account == nullptr) return fail(ErrorCode::kNotFound, "there is no channel account " + id);
  return account->snapshot();
}

bool ChannelManager::isAnyAccepting() const {
  return std::any_of(accounts_.begin(), accounts_.end(), [](const auto& a) { return a->snapshot().isAccepting; });
}

}  // namespace gw::channel
