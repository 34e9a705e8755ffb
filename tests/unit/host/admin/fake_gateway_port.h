#pragma once
// A gateway that is not there: answers from plain members, notes what it was told. Thread-safe.

#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "admin/gateway_port.h"

namespace gw::admin {

class FakeGatewayPort : public GatewayPort {
 public:
  static constexpr int64_t kNow = 1'772'366'400'000'000;  // 2026-03-01T12:00:00Z

  FakeGatewayPort() {
    ChannelSnapshot telnet;
    telnet.channelId = "telnet";
    telnet.accountId = "default";
    telnet.running = true;
    telnet.state = "running";
    telnet.health = "connected";
    telnet.lastStartAt = kNow;
    telnet.lastActivity = kNow + 1'500'000;
    telnet.connections = 2;
    telnet.generation = 1;
    telnet.plugin = "telnet";
    telnet.pluginVersion = "0.1.0";
    telnet.addresses = {"127.0.0.1:4000"};
    channelList.push_back(telnet);

    statusNow.gatewayId = "gw-test";
    statusNow.pid = 42;
    statusNow.startedAt = kNow;
    statusNow.version = {"0.1.0", "abc", "Debug", "g++ 12", 1};
    statusNow.configFile = "config/gateway.json";
    statusNow.durability = "relaxed";
    statusNow.sessionsPlaying = 3;
    statusNow.health.at = kNow;
    statusNow.health.uptimeMs = 61'000;
    statusNow.health.connections = 2;
    statusNow.health.accounts = channelList;
    statusNow.health.loops = {{0, 2, 3, 0.5, 10}};

    SessionSnapshot session;
    session.id = "sess-1";
    session.state = "playing";
    session.userId = "u1";
    session.userName = "Ann\x1b[31m";  // a client's string: must come out quoted
    session.protocol = "telnet";
    session.clientAddress = "127.0.0.1:5555";
    session.loop = 0;
    session.createdAt = kNow;
    session.epoch = 1;
    session.lastSeq = 9;
    session.connectionCount = 1;
    session.rooms = {"lobby"};
    ConnectionSnapshot connection;
    connection.id = "c-1";
    connection.account = "telnet:default";
    connection.protocol = "telnet";
    connection.sessionId = "sess-1";
    connection.userName = "Ann";
    connection.peer = "127.0.0.1:5555";
    connection.openedAt = kNow;
    session.connections = {connection};
    sessionList.items.push_back(session);
    connectionList.items.push_back(connection);
    userList.items.push_back({"u1", "Ann", kNow, 0, true, 1, 0});
    PluginSnapshot plugin;
    plugin.id = "telnet";
    plugin.version = "0.1.0";
    plugin.file = "plugins/telnet.so";
    plugin.state = "loaded";
    plugin.generation = 1;
    plugin.accounts = {"telnet:default"};
    plugin.vendor = "Gatehouse";
    plugin.extensions = {"gw.stream/1", "gw.migrate/1"};
    plugin.stateVersions = {"telnet", 3, 2, 1};
    plugin.quarantined = {"telnet:default"};
    plugin.leaked = 2;
    plugin.reloads = {5, 1, 2, 1, 40, 3, 4};
    plugin.generations = {
        {"telnet", 1, "0.1.0", "abc", plugin.file, "serving", kNow, 2, 0, {{"telnet:default", 2, true}}}};
    pluginList.push_back(plugin);
  }

  StatusSnapshot status() override {
    return locked([&] { return statusNow; });
  }
  HealthSnapshot health() override {
    return locked([&] { return statusNow.health; });
  }
  std::vector<PluginMetric> pluginMetrics() override {
    return {{"telnet:default", "telnet_lines_cut_total", "Lines above the limit", false, 3},
            {"telnet:tls", "telnet_lines_cut_total", "Lines above the limit", false, 4}};
  }
  VersionFacts version() override {
    return locked([&] { return statusNow.version; });
  }

  Result<ShutdownPlan> shutdown(uint64_t inMs, const std::string& message) override {
    note("shutdown " + std::to_string(inMs) + " " + message);
    if (auto error = failure()) return *error;
    return ShutdownPlan{true, kNow + static_cast<int64_t>(inMs) * 1000, message};
  }
  Result<void> cancelShutdown() override { return act("cancelShutdown"); }

  std::vector<ChannelSnapshot> channels() override {
    return locked([&] { return channelList; });
  }
  Result<ChannelSnapshot> channel(const std::string& id) override {
    return find(channelList, "channel", id, [](const auto& c) { return c.channelId + ":" + c.accountId; });
  }
  Result<Operation> startChannel(const std::string& id) override { return begin("channel.start", id); }
  Result<Operation> stopChannel(const std::string& id) override { return begin("channel.stop", id); }
  StoreSnapshot store() override {
    return locked([&] { return storeNow; });
  }
  Result<Operation> checkStore() override { return beginFor("store.check", "store"); }
  Result<Operation> backupStore(const std::string& file) override { return beginFor("store.backup", file); }
  Result<Operation> operation(const std::string& id, uint64_t waitMs) override {
    note("operation " + id + " " + std::to_string(waitMs));
    return find(operationList, "operation", id, [](const auto& o) { return o.id; });
  }
  std::vector<Operation> operations() override {
    return locked([&] { return operationList; });
  }

  std::vector<PluginSnapshot> plugins() override {
    return locked([&] { return pluginList; });
  }
  Result<PluginSnapshot> plugin(const std::string& id) override {
    return find(pluginList, "plugin", id, [](const auto& p) { return p.id; });
  }

  std::vector<GenerationSnapshot> generations() override {
    return locked([&] { return generationList; });
  }
  Result<PluginFileFacts> inspectPlugin(const std::string& file) override {
    note("inspect " + file);
    if (auto error = failure()) return *error;
    return PluginFileFacts{file, "telnet", "1.2.3", "0.9.0", 1};
  }
  Result<PluginReload> reloadPlugin(const PluginReloadRequest& request) override {
    note("reload " + request.plugin + "|" + request.file + "|" + std::to_string(request.toPrevious) + "|" +
         std::to_string(request.canary) + "|" + std::to_string(request.canaryMs) + "|" +
         std::to_string(request.drainOldestMs) + "|" + std::to_string(request.isDryRun) + "|" +
         std::to_string(request.probeMs));
    if (auto error = failure()) return *error;
    return locked([&] { return reloadNow; });
  }
  Result<PluginReload> loadPlugin(const std::string& file) override { return beginWork("load " + file); }
  Result<PluginReload> drainGeneration(const std::string& plugin, uint64_t generation, uint64_t graceMs) override {
    return beginWork("drain " + plugin + "|" + std::to_string(generation) + "|" + std::to_string(graceMs));
  }
  Result<PluginReload> unloadPlugin(const std::string& plugin, uint64_t limitMs) override {
    return beginWork("unload " + plugin + "|" + std::to_string(limitMs));
  }
  Result<PluginReload> pluginReload(uint64_t id, uint64_t) override {
    if (auto error = failure()) return *error;
    if (id != reloadNow.id) return fail(ErrorCode::kNotFound, "there is no reload " + std::to_string(id));
    return locked([&] { return reloadLater; });
  }

  Result<Listing<SessionSnapshot>> sessions(const SessionQuery& query) override {
    note("sessions " + query.state + "|" + query.user + "|" + query.protocol + "|" + std::to_string(query.limit));
    if (auto error = failure()) return *error;
    return locked([&] { return sessionList; });
  }
  Result<SessionSnapshot> session(const std::string& id) override {
    return find(sessionList.items, "session", id, [](const auto& s) { return s.id; });
  }
  Result<void> sendToSession(const std::string& id, const std::string& text) override {
    return act("send " + id + " " + text);
  }
  Result<void> disconnectSession(const std::string& id, const CloseRequest& r) override {
    return act("disconnect " + id + " " + r.reason);
  }
  Result<void> closeSession(const std::string& id, const CloseRequest& r) override {
    return act("close " + id + " " + r.reason);
  }

  Result<Listing<ConnectionSnapshot>> connections(const ConnectionQuery& query) override {
    note("connections " + query.account + "|" + query.session + "|" + std::to_string(query.limit));
    if (auto error = failure()) return *error;
    return locked([&] { return connectionList; });
  }
  Result<ConnectionSnapshot> connection(const std::string& id) override {
    return find(connectionList.items, "connection", id, [](const auto& c) { return c.id; });
  }
  Result<void> closeConnection(const std::string& id, const CloseRequest& r) override {
    return act("closeConnection " + id + " " + r.reason);
  }

  Result<Listing<UserSnapshot>> users(size_t limit) override {
    note("users " + std::to_string(limit));
    if (auto error = failure()) return *error;
    return locked([&] { return userList; });
  }
  Result<UserSnapshot> lockUser(const std::string& nameOrId, const CloseRequest& r) override {
    note("lock " + nameOrId + " " + r.reason);
    auto user = find(userList.items, "user", nameOrId, [](const auto& u) { return u.name; });
    if (user) user->locked = true;
    return user;
  }
  Result<UserSnapshot> unlockUser(const std::string& nameOrId) override {
    note("unlock " + nameOrId);
    auto user = find(userList.items, "user", nameOrId, [](const auto& u) { return u.name; });
    if (user) user->locked = false;
    return user;
  }
  Result<UserSnapshot> muteUser(const std::string& nameOrId, int64_t untilAt) override {
    note("mute " + nameOrId + (untilAt == 0 ? " ends" : untilAt == INT64_MAX ? " for good" : " for a while"));
    auto user = find(userList.items, "user", nameOrId, [](const auto& u) { return u.name; });
    if (user) user->mutedUntilAt = untilAt;
    return user;
  }
  Result<store::BanRecord> addBan(const store::BanRecord& ban) override {
    note("ban " + ban.kind + " " + ban.value + " " + ban.reason + (ban.expiresAt != 0 ? " expires" : ""));
    if (auto error = failure()) return *error;
    return locked([&] {
      store::BanRecord added = ban;
      added.id = "ban-" + std::to_string(banList.size() + 1);
      added.createdAt = kNow;
      banList.push_back(added);
      return added;
    });
  }
  Result<std::vector<store::BanRecord>> bans() override {
    if (auto error = failure()) return *error;
    return locked([&] { return banList; });
  }
  Result<void> removeBan(const std::string& id) override { return act("removeBan " + id); }

  Result<BroadcastOutcome> broadcast(const BroadcastRequest& request) override {
    note("broadcast " + request.text + "|" + request.room);
    if (auto error = failure()) return *error;
    return BroadcastOutcome{7};
  }

  Result<void> addApiToken(const store::ApiTokenRecord& token) override {
    if (auto error = failure()) return *error;
    const std::lock_guard lock(mutex_);
    tokenList.push_back(token);
    return {};
  }
  std::vector<BackendSnapshot> backends() override {
    return locked([&] { return backendList; });
  }
  Result<void> disconnectBackend(const std::string& name, const std::string& connection) override {
    note("disconnectBackend " + name + " " + connection);
    if (auto error = failure()) return *error;
    return {};
  }
  Result<void> drainBackend(const std::string& name, const std::string& connection, uint64_t graceMs) override {
    note("drainBackend " + name + " " + connection + " " + std::to_string(graceMs));
    if (auto error = failure()) return *error;
    return {};
  }
  Result<std::vector<link::TraceLine>> traceBackend(const std::string& name, uint64_t after) override {
    note("traceBackend " + name + " " + std::to_string(after));
    if (auto error = failure()) return *error;
    return std::vector<link::TraceLine>{{after + 1, 0, true, "b1", "command", "s", 7, 90}};
  }
  Result<void> simulatePlayers(const std::string& name, const link::SimulationOrder& order) override {
    note("simulate " + name + " " + std::to_string(order.players) + " " + std::to_string(order.lines.size()));
    if (auto error = failure()) return *error;
    return {};
  }
  Result<link::SimulationReport> simulation(const std::string&) override { return link::SimulationReport{}; }
  Result<std::vector<link::BackendToken>> backendTokens() override {
    return std::vector<link::BackendToken>{{"world", "hash", true, 0}};
  }
  Result<std::string> createBackendToken(const std::string& name, const link::LinkGrant& grant) override {
    note("createBackendToken " + name + (grant.mayBroadcast ? " broadcast" : "") +
         (grant.mayUseRawTerminal ? " rawTerminal" : ""));
    if (auto error = failure()) return *error;
    return std::string("gwb_secret");
  }
  Result<void> revokeBackendToken(const std::string& name) override {
    note("revokeBackendToken " + name);
    if (auto error = failure()) return *error;
    return {};
  }
  Result<std::vector<store::ApiTokenRecord>> apiTokens() override {
    note("apiTokens");
    if (auto error = failure()) return *error;
    return locked([&] { return tokenList; });
  }
  Result<void> removeApiToken(const std::string& id) override {
    if (auto error = failure()) return *error;
    const std::lock_guard lock(mutex_);
    std::erase_if(tokenList, [&](const auto& token) { return token.id == id; });
    return {};
  }

  std::string configJson() override {
    return locked([&] { return config; });
  }
  Result<void> validateConfig(const std::string& text, const std::string& name) override {
    return act("validate " + name + " " + text);
  }
  Result<ReloadOutcome> reloadConfig() override {
    note("reload");
    if (auto error = failure()) return *error;
    return ReloadOutcome{{"/limits/commandBurst"}, {"/loops"}};
  }

  /// Every call that can fail does so until it is cleared.
  void failWith(Error error) {
    const std::lock_guard lock(mutex_);
    failure_ = {std::move(error)};
  }
  void succeed() {
    const std::lock_guard lock(mutex_);
    failure_.clear();
  }
  std::vector<std::string> notes() {
    return locked([&] { return notes_; });
  }
  bool wasTold(const std::string& what) {
    return locked([&] { return std::find(notes_.begin(), notes_.end(), what) != notes_.end(); });
  }
  template <typename Change>
  void change(Change change) {
    const std::lock_guard lock(mutex_);
    change(*this);
  }
  /// Called by act() outside the lock: lets a test hold a request.
  std::function<void()> onAct;

  StatusSnapshot statusNow;
  std::vector<ChannelSnapshot> channelList;
  std::vector<PluginSnapshot> pluginList;
  std::vector<GenerationSnapshot> generationList;
  PluginReload reloadNow, reloadLater;  // as begun, and at each later look
  Listing<SessionSnapshot> sessionList;
  Listing<ConnectionSnapshot> connectionList;
  Listing<UserSnapshot> userList;
  std::vector<store::BanRecord> banList;
  std::vector<store::ApiTokenRecord> tokenList;
  std::vector<BackendSnapshot> backendList;
  std::vector<Operation> operationList;
  std::string operationState = "done";  // of operations that begin
  std::string operationError;
  StoreSnapshot storeNow;
  std::string config = R"({"loops": 1})";

 private:
  template <typename F>
  std::invoke_result_t<F> locked(F f) {
    const std::lock_guard lock(mutex_);
    return f();
  }
  void note(std::string what) {
    const std::lock_guard lock(mutex_);
    notes_.push_back(std::move(what));
  }
  std::optional<Error> failure() {
    const std::lock_guard lock(mutex_);
    return failure_.empty() ? std::nullopt : std::optional<Error>(failure_[0]);
  }
  Result<void> act(std::string what) {
    note(std::move(what));
    if (onAct) onAct();
    if (auto error = failure()) return *error;
    return {};
  }
  Result<PluginReload> beginWork(const std::string& what) {
    note(what);
    if (auto error = failure()) return *error;
    return locked([&] { return reloadNow; });
  }
  Result<Operation> begin(const std::string& verb, const std::string& id) {
    note(verb + " " + id);
    if (auto error = failure()) return *error;
    const auto known = channel(id);
    if (!known) return known.error();
    return beginKnown(verb, id);
  }
  Result<Operation> beginFor(const std::string& verb, const std::string& target) {
    note(verb + " " + target);
    if (auto error = failure()) return *error;
    return beginKnown(verb, target);
  }
  Operation beginKnown(const std::string& verb, const std::string& id) {
    const std::lock_guard lock(mutex_);
    Operation operation{
        "op-" + std::to_string(operationList.size() + 1), verb, id, operationState, operationError, kNow, kNow};
    operationList.push_back(operation);
    operation.state = "running";
    return operation;
  }
  template <typename T, typename Id>
  Result<T> find(const std::vector<T>& list, const std::string& noun, const std::string& id, Id idOf) {
    if (auto error = failure()) return *error;
    const std::lock_guard lock(mutex_);
    for (const T& item : list) {
      if (idOf(item) == id) return item;
    }
    return fail(ErrorCode::kNotFound, "there is no " + noun + " \"" + id + "\"");
  }

  std::mutex mutex_;
  std::vector<std::string> notes_;
  std::vector<Error> failure_;  // none or one
};

}  // namespace gw::admin
