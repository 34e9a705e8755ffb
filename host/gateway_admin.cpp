#include "gateway_admin.h"

#include <strings.h>
#include <unistd.h>

#include <algorithm>

#include "base/crypto.h"
#include "base/log.h"
#include "gateway_parts.h"
#include "gw/plugin.h"
#include "session/caller.h"
#include "session/text/sanitize.h"

namespace gw {
namespace {

constexpr size_t kMaxOperations = 100;

admin::HealthLevel levelOf(health::HealthLevel level) { return static_cast<admin::HealthLevel>(level); }

/// A result that a loop or a worker fills and an admin thread waits for; a late answer goes nowhere.
template <typename T>
struct Awaited {
  std::mutex mutex;
  std::condition_variable changed;
  std::optional<T> value;
  void set(T result) {
    std::lock_guard lock(mutex);
    value = std::move(result);
    changed.notify_all();
  }
  std::optional<T> wait() {
    std::unique_lock lock(mutex);
    changed.wait_for(lock, admin::kLongestWait, [&] { return value.has_value(); });
    return value;
  }
};

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

// --- store and loops ----------------------------------------------------------------------------------

template <typename F>
Result<void> GatewayAdmin::inStore(F&& work) {
  auto outcome = std::make_shared<Awaited<Result<void>>>();
  gateway_.parts_->store->submit(0, std::forward<F>(work), [outcome](Result<void> result) { outcome->set(std::move(result)); });
  auto result = outcome->wait();
  if (!result) return fail(ErrorCode::kTimeout, "the store did not answer within 2 s");
  return *result;
}

template <typename Item, typename Collect>
admin::Listing<Item> GatewayAdmin::fromLoops(size_t limit, Collect&& collect) {
  struct Gathered {
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<Item> items;
    std::vector<bool> answered;
    size_t left;
  };
  const auto& managers = gateway_.parts_->managers;
  auto gathered = std::make_shared<Gathered>();
  gathered->answered.resize(managers.size());
  gathered->left = managers.size();
  for (size_t i = 0; i < managers.size(); ++i) {
    managers[i]->loop().post([gathered, collect, i, limit, &manager = *managers[i]] {
      std::vector<Item> mine = collect(manager, limit);
      std::lock_guard lock(gathered->mutex);
      std::move(mine.begin(), mine.end(), std::back_inserter(gathered->items));
      gathered->answered[i] = true;
      if (--gathered->left == 0) gathered->changed.notify_all();
    });
  }
  std::unique_lock lock(gathered->mutex);
  gathered->changed.wait_for(lock, admin::kLongestWait, [&] { return gathered->left == 0; });
  admin::Listing<Item> listing;
  listing.items = gathered->items;
  for (size_t i = 0; i < managers.size(); ++i)
    if (!gathered->answered[i]) listing.partial.push_back(static_cast<int>(i));
  listing.truncated = listing.items.size() >= limit && limit > 0;
  if (listing.items.size() > limit) listing.items.resize(limit);
  return listing;
}

template <typename F>
Result<void> GatewayAdmin::onSession(const std::string& id, F&& then) {
  const auto parsed = SessionId::parse(id);
  if (!parsed) return fail(ErrorCode::kNotFound, "there is no session " + log::quoted(id));
  auto outcome = std::make_shared<Awaited<Result<void>>>();
  session::SessionManager& home = *gateway_.parts_->managers[homeLoop(*parsed, gateway_.parts_->managers.size())];
  home.loop().post([outcome, then, id = *parsed, &home]() mutable {
    home.load(id, [outcome, then, &home](session::Session* session) mutable {
      if (!session) return outcome->set(fail(ErrorCode::kNotFound, "there is no such session"));
      then(home, *session);
      outcome->set({});
    });
  });
  auto result = outcome->wait();
  if (!result) return fail(ErrorCode::kTimeout, "the session's loop did not answer within 2 s");
  return *result;
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
  out.storeDetail = now.store.isDown ? now.store.lastError
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
  std::lock_guard lock(mutex_);
  out.shutdown = plan_;
  return out;
}

Result<admin::ShutdownPlan> GatewayAdmin::shutdown(uint64_t inMs, const std::string& message) {
  if (!message.empty() || inMs > 0) {
    plugin::Event event;
    event.delivery = plugin::Delivery::kDrop;
    event.name = "shutdown";
    event.text = message.empty() ? "The gateway will stop in " + std::to_string(inMs / 1000) + " s. Your session is kept."
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

// --- channels and plugins --------------------------------------------------------------------------------

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
    item.encodeCalls = account.encodeCalls;
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
  if (isStart == known->running)
    return fail(ErrorCode::kConflict, "channel " + id + (isStart ? " is running already" : " is not running"));
  admin::Operation operation;
  {
    std::lock_guard lock(mutex_);
    operation = {"op-" + std::to_string(nextOperation_++), verb, id, "running", {}, gateway_.parts_->clock.wallUs(), 0};
    operations_.push_back(operation);
    if (operations_.size() > kMaxOperations) operations_.pop_front();
  }
  const bool queued = gateway_.parts_->control.post([this, isStart, id, operationId = operation.id] {
    auto& channels = *gateway_.parts_->channels;
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
  if (!found) return fail(ErrorCode::kNotFound, "there is no operation " + log::quoted(id) + " (they are kept for a while only)");
  return *found;
}

std::vector<admin::Operation> GatewayAdmin::operations() {
  std::lock_guard lock(mutex_);
  return {operations_.begin(), operations_.end()};
}

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

// --- users, bans, tokens ------------------------------------------------------------------------------------

Result<admin::Listing<admin::UserSnapshot>> GatewayAdmin::users(size_t limit) {
  auto found = std::make_shared<std::vector<store::UserRecord>>();
  const auto asked = inStore([found, limit](store::SessionStore& store) -> Result<void> {
    auto list = store.listUsers(limit + 1);
    if (!list) return list.error();
    *found = std::move(*list);
    return {};
  });
  if (!asked) return asked.error();
  admin::Listing<admin::UserSnapshot> out;
  const auto live = sessions({"", "", "", 100'000});
  for (const auto& user : *found) {
    admin::UserSnapshot item{user.id, user.name, user.createdAt, user.lastLoginAt, user.locked, 0};
    if (live)
      item.sessions = static_cast<uint64_t>(std::count_if(live->items.begin(), live->items.end(),
                                                          [&](const auto& session) { return session.userId == user.id; }));
    out.items.push_back(std::move(item));
  }
  out.truncated = out.items.size() > limit;
  if (out.truncated) out.items.resize(limit);
  return out;
}

Result<admin::UserSnapshot> GatewayAdmin::unlockUser(const std::string& nameOrId) {
  auto found = std::make_shared<std::optional<store::UserRecord>>();
  std::string key = nameOrId;
  std::transform(key.begin(), key.end(), key.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto done = inStore([found, key, nameOrId](store::SessionStore& store) -> Result<void> {
    auto user = store.findUser(key);
    if (user && !*user) user = store.findUserById(nameOrId);
    if (!user) return user.error();
    if (!*user) return fail(ErrorCode::kNotFound, "there is no user " + log::quoted(nameOrId));
    (*user)->locked = false;
    *found = **user;
    return store.updateUser(**user);
  });
  if (!done) return done.error();
  return admin::UserSnapshot{(*found)->id, (*found)->name, (*found)->createdAt, (*found)->lastLoginAt, false, 0};
}

Result<store::BanRecord> GatewayAdmin::addBan(const store::BanRecord& wanted) {
  store::BanRecord ban = wanted;
  ban.id = "b-" + randomToken(8);
  ban.createdAt = gateway_.parts_->clock.wallUs();
  if (ban.kind == "address" && !session::addressInBlock(ban.value.substr(0, ban.value.find('/')), ban.value))
    return fail(ErrorCode::kInvalid, log::quoted(ban.value) + " is neither an address nor a block such as 203.0.113.0/24");
  const auto done = inStore([ban](store::SessionStore& store) { return store.addBan(ban); });
  if (!done) return done.error();
  refreshBans();
  closeBanned(ban);
  return ban;
}

Result<std::vector<store::BanRecord>> GatewayAdmin::bans() {
  auto found = std::make_shared<std::vector<store::BanRecord>>();
  const auto done = inStore([found, now = gateway_.parts_->clock.wallUs()](store::SessionStore& store) -> Result<void> {
    auto list = store.listBans(now);
    if (!list) return list.error();
    *found = std::move(*list);
    return {};
  });
  if (!done) return done.error();
  return *found;
}

Result<void> GatewayAdmin::removeBan(const std::string& id) {
  const auto done = inStore([id](store::SessionStore& store) -> Result<void> {
    auto removed = store.deleteBan(id);
    if (!removed) return removed.error();
    return *removed ? Result<void>() : Result<void>(fail(ErrorCode::kNotFound, "there is no ban " + log::quoted(id)));
  });
  if (done) refreshBans();
  return done;
}

void GatewayAdmin::refreshBans() {
  const auto list = bans();
  if (!list) return;
  std::vector<std::string> blocks, users;
  for (const auto& ban : *list) (ban.kind == "address" ? blocks : users).push_back(ban.value);
  gateway_.parts_->admission.setBannedAddresses(std::move(blocks));
  gateway_.parts_->admission.setBannedUsers(std::move(users));
}

void GatewayAdmin::closeBanned(const store::BanRecord& ban) {
  for (const auto& manager : gateway_.parts_->managers) {
    manager->loop().post([ban, &manager = *manager] {
      std::vector<session::Session*> covered;
      manager.forEachSession([&](session::Session& session) {
        const bool byUser = ban.kind == "user" && (session.user.userId == ban.value || strcasecmp(session.user.userName.c_str(), ban.value.c_str()) == 0);
        const bool byAddress = ban.kind == "address" && session::addressInBlock(session.clientAddress, ban.value);
        if (byUser || byAddress) covered.push_back(&session);
      });
      for (session::Session* session : covered) manager.close(*session, GW_CLOSE_POLICY, "You are banned.");
    });
  }
}

Result<void> GatewayAdmin::addApiToken(const store::ApiTokenRecord& token) {
  return inStore([token](store::SessionStore& store) { return store.addApiToken(token); });
}

Result<std::vector<store::ApiTokenRecord>> GatewayAdmin::apiTokens() {
  auto found = std::make_shared<std::vector<store::ApiTokenRecord>>();
  const auto done = inStore([found](store::SessionStore& store) -> Result<void> {
    auto list = store.listApiTokens();
    if (!list) return list.error();
    *found = std::move(*list);
    return {};
  });
  if (!done) return done.error();
  return *found;
}

Result<void> GatewayAdmin::removeApiToken(const std::string& id) {
  return inStore([id](store::SessionStore& store) -> Result<void> {
    auto removed = store.deleteApiToken(id);
    if (!removed) return removed.error();
    return *removed ? Result<void>() : Result<void>(fail(ErrorCode::kNotFound, "there is no token " + log::quoted(id)));
  });
}

// --- sessions and connections (the snapshots themselves: gateway_admin_views.cpp) ----------------------------

namespace views {
admin::SessionSnapshot ofSession(session::SessionManager& manager, session::Session& session, bool whole);
admin::ConnectionSnapshot ofConnection(session::SessionManager& manager, plugin::Stream& stream);
admin::SessionSnapshot ofStored(const store::SessionRecord& record);
}  // namespace views

Result<admin::Listing<admin::SessionSnapshot>> GatewayAdmin::sessions(const admin::SessionQuery& query) {
  const auto matches = [query](const admin::SessionSnapshot& session) {
    return (query.state.empty() || session.state == query.state) &&
           (query.user.empty() || session.userName == query.user || session.userId == query.user) &&
           (query.protocol.empty() || session.protocol == query.protocol);
  };
  auto listing = fromLoops<admin::SessionSnapshot>(query.limit, [matches](session::SessionManager& manager, size_t limit) {
    std::vector<admin::SessionSnapshot> out;
    manager.forEachSession([&](session::Session& session) {
      if (out.size() >= limit) return;
      auto item = views::ofSession(manager, session, false);
      if (matches(item)) out.push_back(std::move(item));
    });
    return out;
  });
  if (listing.items.size() >= query.limit) return listing;
  auto stored = std::make_shared<std::vector<store::SessionRecord>>();
  const auto asked = inStore([stored, most = query.limit](store::SessionStore& store) -> Result<void> {
    auto list = store.listSessions(most);
    if (!list) return list.error();
    *stored = std::move(*list);
    return {};
  });
  if (!asked) return listing;  // the store's part is missing while it is down; what is in memory counts
  const int64_t now = gateway_.parts_->clock.wallUs();
  for (const auto& record : *stored) {
    auto item = views::ofStored(record);
    const bool isLive = std::any_of(listing.items.begin(), listing.items.end(), [&](const auto& live) { return live.id == item.id; });
    // Only rows that their host has let go of: others are in memory, perhaps beyond the filter.
    if (!isLive && record.cleanStop && record.expiresAt > now && matches(item) && listing.items.size() < query.limit)
      listing.items.push_back(std::move(item));
  }
  return listing;
}

Result<admin::SessionSnapshot> GatewayAdmin::session(const std::string& id) {
  auto out = std::make_shared<admin::SessionSnapshot>();
  const auto done = onSession(id, [out](session::SessionManager& manager, session::Session& session) {
    *out = views::ofSession(manager, session, true);
  });
  if (!done) return done.error();
  return *out;
}

Result<void> GatewayAdmin::sendToSession(const std::string& id, const std::string& text) {
  plugin::Event event;
  event.text = session::sanitizeInput(text);
  event.dataJson = "\"system\":true";
  auto shared = std::make_shared<const plugin::Event>(std::move(event));
  return onSession(id, [shared](session::SessionManager& manager, session::Session& session) {
    manager.output(session.id(), shared);
  });
}

Result<void> GatewayAdmin::disconnectSession(const std::string& id, const admin::CloseRequest& request) {
  return onSession(id, [text = session::sanitizeInput(request.reason)](session::SessionManager& manager, session::Session& session) {
    manager.dropConnections(session, GW_CLOSE_SHUTDOWN, text.empty() ? "Disconnected by an operator." : text);
  });
}

Result<void> GatewayAdmin::closeSession(const std::string& id, const admin::CloseRequest& request) {
  return onSession(id, [text = session::sanitizeInput(request.reason)](session::SessionManager& manager, session::Session& session) {
    manager.close(session, GW_CLOSE_REPLACED, text.empty() ? "Closed by an operator." : text);
  });
}

Result<admin::Listing<admin::ConnectionSnapshot>> GatewayAdmin::connections(const admin::ConnectionQuery& query) {
  return fromLoops<admin::ConnectionSnapshot>(query.limit, [query](session::SessionManager& manager, size_t limit) {
    std::vector<admin::ConnectionSnapshot> out;
    manager.streams().forEach([&](plugin::Stream& stream) {
      if (out.size() >= limit) return;
      auto item = views::ofConnection(manager, stream);
      if ((query.account.empty() || item.account == query.account) && (query.session.empty() || item.sessionId == query.session))
        out.push_back(std::move(item));
    });
    return out;
  });
}

Result<admin::ConnectionSnapshot> GatewayAdmin::connection(const std::string& id) {
  const auto all = connections({"", "", 1'000'000});
  if (!all) return all.error();
  for (const auto& item : all->items)
    if (item.id == id) return item;
  return fail(ErrorCode::kNotFound, "there is no connection " + log::quoted(id));
}

Result<void> GatewayAdmin::closeConnection(const std::string& id, const admin::CloseRequest& request) {
  const auto found = connection(id);
  if (!found) return found.error();
  session::SessionManager& manager = *gateway_.parts_->managers[static_cast<size_t>(found->loop)];
  auto outcome = std::make_shared<Awaited<Result<void>>>();
  manager.loop().post([outcome, &manager, id, text = session::sanitizeInput(request.reason)] {
    plugin::Stream* stream = manager.streams().find(std::strtoull(id.c_str() + 1, nullptr, 10));
    if (!stream) return outcome->set(fail(ErrorCode::kNotFound, "the connection has just ended"));
    stream->beginClose({GW_CLOSE_SHUTDOWN, text.empty() ? "Closed by an operator." : text, true, 0, 2000});
    outcome->set({});
  });
  auto result = outcome->wait();
  return result ? *result : Result<void>(fail(ErrorCode::kTimeout, "the connection's loop did not answer within 2 s"));
}

}  // namespace gw
