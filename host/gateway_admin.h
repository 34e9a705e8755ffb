#pragma once
// GatewayAdmin: the running gateway as the admin API sees it. Thread: any admin thread; what needs a
// loop or the store is posted there and waited for at most kLongestWait.

#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>

#include "admin/gateway_port.h"
#include "gateway.h"

namespace gw::link {
class RemoteBackend;
}
namespace gw::store {
class SessionStore;
}

namespace gw {

class GatewayAdmin final : public admin::GatewayPort {
 public:
  explicit GatewayAdmin(Gateway& gateway);
  ~GatewayAdmin() override;

  admin::StatusSnapshot status() override;
  admin::HealthSnapshot health() override;
  admin::VersionFacts version() override;
  std::vector<admin::PluginMetric> pluginMetrics() override;
  Result<admin::ShutdownPlan> shutdown(uint64_t inMs, const std::string& message) override;
  Result<void> cancelShutdown() override;
  std::vector<admin::ChannelSnapshot> channels() override;
  Result<admin::ChannelSnapshot> channel(const std::string& id) override;
  Result<admin::Operation> startChannel(const std::string& id) override;
  Result<admin::Operation> stopChannel(const std::string& id) override;
  Result<admin::Operation> operation(const std::string& id, uint64_t waitMs) override;
  std::vector<admin::Operation> operations() override;
  std::vector<admin::PluginSnapshot> plugins() override;
  Result<admin::PluginSnapshot> plugin(const std::string& id) override;
  std::vector<admin::GenerationSnapshot> generations() override;
  Result<admin::PluginFileFacts> inspectPlugin(const std::string& file) override;
  Result<admin::PluginReload> reloadPlugin(const admin::PluginReloadRequest& request) override;
  Result<admin::PluginReload> loadPlugin(const std::string& file) override;
  Result<admin::PluginReload> drainGeneration(const std::string& plugin, uint64_t generation,
                                              uint64_t graceMs) override;
  Result<admin::PluginReload> unloadPlugin(const std::string& plugin, uint64_t limitMs) override;
  Result<admin::PluginReload> pluginReload(uint64_t id, uint64_t waitMs) override;
  Result<admin::Listing<admin::SessionSnapshot>> sessions(const admin::SessionQuery& query) override;
  Result<admin::SessionSnapshot> session(const std::string& id) override;
  Result<void> sendToSession(const std::string& id, const std::string& text) override;
  Result<void> disconnectSession(const std::string& id, const admin::CloseRequest& request) override;
  Result<void> closeSession(const std::string& id, const admin::CloseRequest& request) override;
  Result<admin::Listing<admin::ConnectionSnapshot>> connections(const admin::ConnectionQuery& query) override;
  Result<admin::ConnectionSnapshot> connection(const std::string& id) override;
  Result<void> closeConnection(const std::string& id, const admin::CloseRequest& request) override;
  Result<admin::Listing<admin::UserSnapshot>> users(size_t limit) override;
  Result<admin::UserSnapshot> lockUser(const std::string& nameOrId, const admin::CloseRequest& request) override;
  Result<admin::UserSnapshot> unlockUser(const std::string& nameOrId) override;
  Result<admin::UserSnapshot> muteUser(const std::string& nameOrId, int64_t untilAt) override;
  Result<store::BanRecord> addBan(const store::BanRecord& ban) override;
  Result<std::vector<store::BanRecord>> bans() override;
  Result<void> removeBan(const std::string& id) override;
  std::vector<admin::BackendSnapshot> backends() override;
  Result<void> disconnectBackend(const std::string& name, const std::string& connection) override;
  Result<void> drainBackend(const std::string& name, const std::string& connection, uint64_t graceMs) override;
  Result<std::vector<link::TraceLine>> traceBackend(const std::string& name, uint64_t after) override;
  Result<void> simulatePlayers(const std::string& name, const link::SimulationOrder& order) override;
  Result<link::SimulationReport> simulation(const std::string& name) override;
  Result<std::vector<link::BackendToken>> backendTokens() override;
  Result<std::string> createBackendToken(const std::string& name, const link::LinkGrant& grant) override;
  Result<void> revokeBackendToken(const std::string& name) override;
  Result<admin::BroadcastOutcome> broadcast(const admin::BroadcastRequest& request) override;
  admin::StoreSnapshot store() override;
  Result<admin::Operation> checkStore() override;
  Result<admin::Operation> backupStore(const std::string& file) override;
  Result<void> addApiToken(const store::ApiTokenRecord& token) override;
  Result<std::vector<store::ApiTokenRecord>> apiTokens() override;
  Result<void> removeApiToken(const std::string& id) override;
  std::string configJson() override;
  Result<void> validateConfig(const std::string& text, const std::string& sourceName) override;
  Result<admin::ReloadOutcome> reloadConfig() override;

 private:
  template <typename F>
  Result<void> inStore(F&& work);
  template <typename Item, typename Collect>
  admin::Listing<Item> fromLoops(size_t limit, Collect&& collect);
  /// On the session's loop, loaded from the store if it must be. Fails kNotFound, kTimeout.
  template <typename F>
  Result<void> onSession(const std::string& id, F&& then);
  admin::Operation beginOperation(const std::string& verb, const std::string& target);
  /// On the thread of the store's care.
  template <typename F>
  Result<admin::Operation> careOperation(const std::string& verb, F&& work);
  Result<admin::Operation> lifecycle(const std::string& verb, const std::string& id);
  void finishOperation(const std::string& operationId, const Result<void>& outcome);
  /// change: on the user's record, in a store worker. Fails kNotFound; with what change answers.
  Result<store::UserRecord> withUser(const std::string& nameOrId,
                                     std::function<Result<void>(store::SessionStore&, store::UserRecord&)> change);
  Result<admin::UserSnapshot> findGuest(const std::string& nameOrId);
  void refreshBans();
  /// Fails kNotFound; kConflict: it is the lobby.
  Result<link::RemoteBackend*> remote(const std::string& name);
  struct Visitor {
    const std::string& userId;
    const std::string& userName;
    const std::string& address;
  };
  /// Ends the sessions of whom it covers, in memory and in the store, with their tokens. Waits for no loop.
  void endSessions(std::function<bool(const Visitor&)> covers, const std::string& text);

  Gateway& gateway_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<admin::Operation> operations_;  // the last kMaxOperations
  uint64_t nextOperation_ = 1;
  admin::ShutdownPlan plan_;
  bool isStopping_ = false;
  bool isEnding_ = false;
  std::thread planner_;  // waits for a planned stop
};

}  // namespace gw
