#pragma once
// Gateway: the one place that knows every part. Builds them in order, connects them, starts and stops
// them (docs/operators/shutdown.md).
//
// Thread: constructed, started and stopped by main; requestStop() and reload() from anywhere.

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "config/gateway_config.h"

namespace gw::channel {
struct HttpListenerSpec;
}
namespace gw::health {
struct HealthInputs;
}
namespace gw::link {
struct LinkGrant;
}
namespace gw::net {
struct HttpRoute;
}

namespace gw::store {
class SessionStore;
}

namespace gw {

class GatewayAdmin;

struct GatewayOptions {
  bool isDev = false;            // no quarantine, the watchdog never aborts
  std::string programDir;        // where the program lies; its plugins and its page: gateway_places.h
  std::function<void()> onStop;  // asked for by `gwctl shutdown`; may come from any thread
};

class Gateway {
 public:
  Gateway(config::GatewayConfig config, GatewayOptions options);
  ~Gateway();

  /// Throws config::ConfigError or std::runtime_error with one actionable line.
  void start();
  /// The clean stop. shouldSkipFlush is asked while the store is flushed: true ends that early.
  void stop(const std::function<bool()>& shouldSkipFlush);

  /// Instead of start(): brings the store to this program's schema. One JSON line: driver, place, version.
  /// Throws as start() does, also if a gateway runs on the state directory.
  std::string migrateStore();

  /// Instead of start(): makes a token for a backend, in place of the one it has; the secret. Throws as migrateStore().
  std::string createBackendToken(const std::string& name, const link::LinkGrant& grant);

  /// One JSON line: pid, addresses of every account, the admin socket.
  std::string readyLine() const;
  Result<config::ReloadPlan> reload();

 private:
  friend class GatewayAdmin;
  struct Parts;

  void openState();
  std::vector<SessionId> startStore();
  void startJournal();
  std::vector<SessionId> presentSessions(store::SessionStore& store) const;
  void restoreSessions(const std::vector<SessionId>& present);
  void startLoops();
  void startBackend();
  void prepareLink();
  void startLink();
  std::string linkAddressesJson() const;
  Result<link::LinkGrant> checkBackendToken(const std::string& name, const std::string& token,
                                            const std::string& address);
  void startOperatorTokens();
  void startChannels();
  std::vector<channel::HttpListenerSpec> httpSpecs();
  std::vector<net::HttpRoute> probeRoutes();
  void startHealth();
  health::HealthInputs healthInputs() const;
  void startAdmin();
  void stopClients();
  void settleJournal();
  std::vector<Error> applyOptions(const config::GatewayConfig& current, const config::GatewayConfig& next);
  void applyToChannels(const config::GatewayConfig& current, const config::GatewayConfig& next);
  void saveSessions(const std::function<bool()>& shouldSkipFlush);
  std::string path(const std::string& relativeToState) const;

  config::GatewayConfig configuration() const;  // a copy, any thread

  mutable std::mutex configMutex_;  // reload() against everyone who reads
  config::GatewayConfig config_;
  const GatewayOptions options_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace gw
