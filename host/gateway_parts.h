#pragma once
// Gateway::Parts: everything that runs, in the order of construction; destroyed in reverse. Shared by
// gateway.cpp (order) and gateway_admin.cpp (what operators ask). Private to the two.

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "admin/admin_server.h"
#include "admin/token_gate.h"
#include "backend/link/remote_backend.h"
#include "backend/link/server.h"
#include "backend/link/simulator.h"
#include "backend/link/tokens.h"
#include "backend/lobby/lobby.h"
#include "backend/lobby/password_hasher.h"
#include "base/clock.h"
#include "base/file_lock.h"
#include "base/hash_pool.h"
#include "base/wrong_guesses.h"
#include "broadcast/broadcaster.h"
#include "broadcast/bus.h"
#include "channel/channel_manager.h"
#include "channel/control_thread.h"
#include "channel/plugin_reload.h"
#include "gateway.h"
#include "gateway_admin.h"
#include "gateway_sink.h"
#include "health/health_monitor.h"
#include "health/watchdog.h"
#include "net/event_loop.h"
#include "plugin/plugin_catalog.h"
#include "plugin/stream_host.h"
#include "session/journal.h"
#include "session/services.h"
#include "session/session_manager.h"
#include "store/store_care.h"
#include "store/store_worker.h"

namespace gw {

struct Gateway::Parts {
  explicit Parts(const config::GatewayConfig& config);

  const Clock& clock = systemClock();
  FileLock stateLock;
  int64_t startedAtUs = 0;
  session::Admission admission;
  session::Services services;
  std::unique_ptr<store::StoreFactory> storeFactory;
  std::unique_ptr<store::StoreWorkers> store;
  std::unique_ptr<store::StoreCare> storeCare;
  std::unique_ptr<session::Journal> journal;  // strict only
  std::vector<std::unique_ptr<net::EventLoop>> loops;
  std::unique_ptr<plugin::StreamHosts> streams;
  broadcast::Bus bus;
  std::vector<std::unique_ptr<broadcast::Broadcaster>> broadcasters;
  std::vector<std::unique_ptr<session::SessionManager>> managers;
  GatewaySink sink{services, bus, loops};
  std::unique_ptr<HashPool> hashPool;
  std::unique_ptr<lobby::PoolPasswordHasher> hasher;
  std::unique_ptr<lobby::Lobby> lobby;  // null: the link's backend instead
  link::LinkOptions link;
  WrongGuesses wrongBackendTokens{clock};
  link::Simulator simulator{sink, clock};
  std::unique_ptr<link::RemoteBackend> remote;
  std::unique_ptr<link::LinkServer> linkServer;
  channel::ControlThread control;
  channel::ControlThread tokenThread{"tokens", 64};
  channel::ControlThread careThread{"store-care", 16};
  std::unique_ptr<plugin::PluginCatalog> catalog;
  std::unique_ptr<channel::ChannelManager> channels;
  std::unique_ptr<channel::PluginReloader> reloader;
  std::unique_ptr<health::Watchdog> watchdog;
  std::unique_ptr<health::HealthMonitor> health;
  std::atomic<health::HealthMonitor*> healthToPoke{nullptr};  // the same, for threads that run before it does
  std::unique_ptr<GatewayAdmin> adminPort;
  std::unique_ptr<admin::TokenGate> operatorTokens;
  std::unique_ptr<admin::AdminServer> admin;

  std::vector<net::EventLoop*> loopPointers() const {
    std::vector<net::EventLoop*> out;
    for (const auto& loop : loops) out.push_back(loop.get());
    return out;
  }
};

/// What health says of a backend behind the link.
void describeLink(const link::LinkFigures& figures, health::HealthInputs& inputs);

/// "{...}" for health events, /healthz and the admin's health command.
std::string healthJson(const health::HealthReport& report);

}  // namespace gw
