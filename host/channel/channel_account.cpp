#include "channel/channel_account.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>

#include "base/log.h"
#include "channel/instance_routes.h"
#include "gw/types.h"

namespace gw::channel {
namespace {

AccountWork workOf(const plugin::WorkTotals& totals) {
  return {totals.started, totals.answered, totals.overdue, totals.failed,
          totals.dropped, totals.refused,  totals.pending, totals.stuck};
}

}  // namespace

/// Loops hold it for as long as they may still accept; it keeps no instance alive, so that a stopped
/// account's library goes away although a loop has not yet swapped its route table.
struct ChannelAccount::Door {
  std::atomic<bool> isOpen{false};
  std::shared_ptr<const plugin::AccountTraits> traits;
  plugin::StreamAcceptor* acceptor = nullptr;

  /// [loop] The instance, if a client may come in now.
  std::shared_ptr<plugin::Instance> enter() {
    if (!isOpen.load(std::memory_order_acquire)) return nullptr;
    std::shared_ptr<plugin::Instance> inside;
    {
      const std::lock_guard lock(mutex);
      inside = instance.lock();
    }
    if (inside && inside->counters().quarantined.load(std::memory_order_relaxed)) return nullptr;
    return inside;
  }
  void lead(const std::shared_ptr<plugin::Instance>& to) {
    const std::lock_guard lock(mutex);
    instance = to;
  }

 private:
  std::mutex mutex;  // once a client that comes in, once a reload
  std::weak_ptr<plugin::Instance> instance;
};

ChannelAccount::ChannelAccount(AccountSpec spec, AccountContext& context, HttpListener* http)
    : spec_(std::move(spec)), options_(spec_.optionsJson), context_(context), http_(http) {
  status_.channelId = spec_.channelId;
  status_.accountId = spec_.accountId;
  status_.enabled = spec_.enabled;
}

ChannelAccount::~ChannelAccount() {
  if (instance_) stop(GW_CLOSE_SHUTDOWN, 0, false);
}

void ChannelAccount::setState(AccountState state) {
  std::lock_guard lock(mutex_);
  status_.state = state;
}

Error ChannelAccount::enterError(const Error& error) {
  log::error("channel." + id(), "cannot run", {{"reason", error.message}});
  std::lock_guard lock(mutex_);
  status_.state = AccountState::kError;
  status_.stoppedByOperator = false;
  status_.lastError = error.message;
  status_.lastErrorAt = context_.clock.wallUs();
  return error;
}

Result<void> ChannelAccount::bind() {
  Result<void> bound;
  if (spec_.listen) {
    bound = bindOwnListener();
  } else if (http_ != nullptr) {
    bound = http_->bind();
  } else {
    bound = fail(ErrorCode::kInvalid, id() + (spec_.http.empty() ? " has neither an address nor an HTTP listener"
                                                                 : ": there is no HTTP listener " + spec_.http));
  }
  if (!bound) return enterError(bound.error());
  return bound;
}

Result<void> ChannelAccount::bindOwnListener() {
  if (listener_) return {};
  if (spec_.tls && !tls_) {
    auto loaded = net::TlsContext::load(*spec_.tls);
    if (!loaded) return loaded.error();
    tls_ = std::move(*loaded);
  }
  net::ListenAddress address = *spec_.listen;
  // A port that the system chose once stays this account's: clients come back to it.
  if (boundPort_ != 0) address.port = boundPort_;
  auto bound = net::Listener::bind(id(), address, context_.socket);
  if (!bound) return bound.error();
  listener_ = std::move(*bound);
  boundPort_ = listener_->port();
  if (spec_.proxy.hasHeader) {
    listener_->requireProxyHeader(std::make_shared<net::ProxyRules>(id(), spec_.proxy.trusted, context_.proxyCounts));
  }
  return {};
}

Result<void> ChannelAccount::start() {
  {
    std::lock_guard lock(mutex_);
    if (instance_) return fail(ErrorCode::kConflict, id() + " is running already");
  }
  setState(AccountState::kStarting);
  if (auto bound = bind(); !bound) return bound;
  auto result = createInstance();
  if (result) result = instance_->selfTest();
  if (result) result = instance_->start();
  if (result) result = publishRoutes(*instance_);
  if (!result) {
    const Error error = enterError(result.error());
    abandonStart();
    return error;
  }
  {
    std::lock_guard lock(mutex_);
    status_.state = AccountState::kRunning;
    status_.lastStartAt = context_.clock.wallUs();
    status_.lastError.clear();
    status_.stoppedByOperator = false;
  }
  log::info("channel." + id(), "running", {{"generation", instance_->generation().number()}});
  if (!context_.loops.empty()) startAccepting();
  return {};
}

Result<void> ChannelAccount::createInstance() {
  auto generation = context_.catalog.generation(spec_.channelId);
  if (!generation) return generation.error();
  auto created = plugin::Instance::create(std::move(*generation), id(), options_);
  if (!created) return created.error();
  auto traits = std::make_shared<plugin::AccountTraits>();
  traits->accountId = id();
  traits->listener = spec_.listen ? id() : spec_.http;
  traits->roles = spec_.roles;
  traits->commandRate = spec_.commandRate;
  traits->commandBurst = spec_.commandBurst;
  door_ = std::make_shared<Door>();
  door_->lead(*created);
  door_->traits = std::move(traits);
  door_->acceptor = &context_.acceptor;
  std::lock_guard lock(mutex_);
  instance_ = std::move(*created);
  status_.generation = instance_->generation().number();
  status_.pluginVersion = instance_->generation().version();
  return {};
}

Result<std::shared_ptr<plugin::Instance>> ChannelAccount::prepare(std::shared_ptr<plugin::Generation> generation,
                                                                  const std::string& optionsJson) {
  const auto before = current();
  auto created = plugin::Instance::create(std::move(generation), id(), optionsJson,
                                          before ? before->sharedTotals() : std::make_shared<plugin::AccountTotals>());
  if (!created) return created;
  if (auto tested = (*created)->selfTest(); !tested) return tested.error();
  if (auto started = (*created)->start(); !started) return started.error();
  return created;
}

Result<void> ChannelAccount::redirect(std::shared_ptr<plugin::Instance> next) {
  if (!instance_ || !door_) return fail(ErrorCode::kConflict, id() + " does not run");
  if (auto published = publishRoutes(*next); !published) return published;
  door_->lead(next);
  std::shared_ptr<plugin::Instance> former = next;  // outlives the lock: its end calls into the plugin
  const std::lock_guard lock(mutex_);
  former.swap(instance_);
  std::erase_if(elders_, [](const auto& elder) { return elder.expired(); });
  std::erase_if(elders_, [&](const auto& elder) { return elder.lock() == next; });  // a way back
  elders_.push_back(former);
  status_.generation = instance_->generation().number();
  status_.pluginVersion = instance_->generation().version();
  return {};
}

std::shared_ptr<plugin::Instance> ChannelAccount::current() const {
  const std::lock_guard lock(mutex_);
  return instance_;
}

std::vector<std::shared_ptr<plugin::Instance>> ChannelAccount::elders() const {
  std::vector<std::shared_ptr<plugin::Instance>> alive;
  const std::lock_guard lock(mutex_);
  for (const auto& weak : elders_)
    if (auto elder = weak.lock()) alive.push_back(std::move(elder));
  return alive;
}

Result<void> ChannelAccount::publishRoutes(plugin::Instance& of) {
  std::vector<net::HttpRoute> routes;
  if (!spec_.listen) {
    auto asked = askRoutes(of);
    if (!asked) return asked.error();
    for (InstanceRoute& wanted : *asked) {
      net::HttpRoute route{wanted.method, wanted.path, wanted.maxBodyBytes, wanted.cors, true, nullptr};
      route.handler = [door = door_](std::shared_ptr<net::HttpExchange> exchange) {
        if (auto instance = door->enter()) {
          door->acceptor->onRequest(std::move(instance), door->traits, std::move(exchange));
        } else {
          exchange->reply(503, {{"content-type", "application/json"}, {"retry-after", "5"}},
                          R"({"code":"UNAVAILABLE","message":"this channel is not running"})");
        }
      };
      routes.push_back(std::move(route));
    }
  }
  auto where = addresses(routes);
  if (!spec_.listen) {
    if (auto added = http_->addRoutes(id(), std::move(routes)); !added) return added;
  }
  std::lock_guard lock(mutex_);
  status_.addresses = std::move(where);
  return {};
}

std::vector<std::string> ChannelAccount::addresses(const std::vector<net::HttpRoute>& routes) const {
  std::vector<std::string> all;
  if (spec_.listen) {
    for (const std::string& host : spec_.listen->hosts) all.push_back(net::PeerAddress{host, boundPort_}.toString());
    return all;
  }
  for (const std::string& origin : http_->origins()) {
    for (const net::HttpRoute& route : routes) all.push_back(origin + route.path);
  }
  return all;
}

void ChannelAccount::abandonStart() {
  if (http_ != nullptr) http_->removeRoutes(id());
  listener_.reset();
  door_.reset();
  std::shared_ptr<plugin::Instance> gone;
  std::lock_guard lock(mutex_);
  gone = std::move(instance_);
  status_.generation = 0;
  status_.addresses.clear();
}

void ChannelAccount::startAccepting() {
  if (!door_) return;
  door_->isOpen.store(true, std::memory_order_release);
  if (listener_) {
    listener_->startAccepting(
        context_.loops, [door = door_, tls = tls_](net::EventLoop& loop, int fd, net::PeerAddress peer) {
          auto instance = door->enter();
          if (!instance) {
            ::close(fd);
            return;
          }
          door->acceptor->onSocket(loop, std::move(instance), door->traits, fd, std::move(peer), tls.get());
        });
  } else if (http_ != nullptr) {
    http_->startAccepting(context_.loops);
  }
  std::lock_guard lock(mutex_);
  status_.isAccepting = true;
}

void ChannelAccount::stopAccepting() {
  if (door_) door_->isOpen.store(false, std::memory_order_release);
  if (listener_) {
    listener_->stopAccepting();
    // Closed, not only unwatched: a client is told at once instead of waiting in the kernel's backlog.
    listener_.reset();
  }
  std::lock_guard lock(mutex_);
  status_.isAccepting = false;
}

size_t ChannelAccount::stop(uint32_t closeCode, uint64_t graceMs, bool byOperator) {
  stopAccepting();
  std::shared_ptr<plugin::Instance> instance;
  {
    std::lock_guard lock(mutex_);
    instance = instance_;
    status_.stoppedByOperator = byOperator;
    status_.state = instance ? AccountState::kStopping : AccountState::kStopped;
  }
  if (!instance) return 0;
  instance->drain(graceMs);
  auto ending = elders();
  ending.push_back(instance);
  const size_t cutOff = context_.acceptor.closeAll(ending, {closeCode, graceMs});
  ending.clear();
  if (http_ != nullptr) http_->removeRoutes(id());
  instance->stop();
  log::info("channel." + id(), "stopped", {{"cutOff", cutOff}});
  door_.reset();
  std::shared_ptr<plugin::Instance> gone;  // released after the lock: its end calls into the plugin
  std::lock_guard lock(mutex_);
  gone = std::move(instance_);
  status_.state = AccountState::kStopped;
  status_.lastStopAt = context_.clock.wallUs();
  status_.lastActivity = std::max(status_.lastActivity, gone->totals().lastActivityUs.load());
  status_.pluginHealth = GW_HEALTH_OK;
  status_.pluginHealthText.clear();
  status_.generation = 0;
  status_.addresses.clear();
  return cutOff;
}

Result<void> ChannelAccount::reloadTls() {
  if (!tls_) return {};
  return tls_->reload();
}

bool ChannelAccount::refreshHealth() {
  if (!instance_) return false;  // only this thread changes it
  plugin::PluginHealth health = instance_->health();
  std::lock_guard lock(mutex_);
  const bool isChange = status_.pluginHealth != health.level;
  status_.pluginHealth = health.level;
  status_.pluginHealthText = std::move(health.text);
  return isChange;
}

AccountSnapshot ChannelAccount::snapshot() const {
  const auto leaving = elders();
  std::lock_guard lock(mutex_);
  AccountSnapshot now = status_;
  const auto add = [&](plugin::Instance& instance) {
    const plugin::InstanceCounters& counters = instance.counters();
    now.connections += static_cast<uint64_t>(std::max<int64_t>(0, counters.connections.load()));
    now.slowCallbacks += counters.slowCallbacks;
    const plugin::AccountTotals& totals = instance.totals();
    now.accepted = totals.accepted;
    now.encodeCalls = totals.encodeCalls;
    now.work = workOf(totals.work);
    now.lastActivity = std::max(now.lastActivity, totals.lastActivityUs.load());
  };
  if (instance_) {
    add(*instance_);
    now.quarantined = instance_->counters().quarantined;
  }
  for (const auto& elder : leaving) add(*elder);
  if (now.quarantined && now.state == AccountState::kRunning) {
    now.state = AccountState::kError;
    now.lastError = "quarantined: its plugin was slow five times within a minute; restart the account";
    now.isAccepting = false;
  }
  now.running = now.state == AccountState::kRunning;
  return now;
}

}  // namespace gw::channel
