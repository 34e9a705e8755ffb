#pragma once
// ChannelManager: all channel accounts and HTTP listeners. One account's failure is its own: it goes
// into state error with the reason, and the rest runs.
//
// Thread: lifecycle calls [control] (run them on control()); snapshots and counters from anywhere.
// Lifetime: stopAll while the loops run; destroyed after they have been joined and before they are
// destroyed.
//
//   bindAll → startAll → startAccepting        … start(id) / stop(id) …        stopAccepting → stopAll

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "channel/channel_account.h"
#include "channel/control_thread.h"
#include "channel/http_listener.h"

namespace gw::channel {

struct ManagerOptions {
  std::vector<AccountSpec> accounts;
  std::vector<HttpListenerSpec> http;
  HttpSettings settings;
  /// [control] After each change of an account's state. Must not call back synchronously.
  std::function<void()> onChange;
};

class ChannelManager {
 public:
  ChannelManager(ManagerOptions options, ControlThread& control, plugin::PluginCatalog& catalog,
                 plugin::StreamAcceptor& acceptor, const Clock& clock);
  ~ChannelManager();
  ChannelManager(const ChannelManager&) = delete;

  ControlThread& control() { return control_; }

  /// Binds every listener and every enabled account's socket, accepting nothing. Accounts that cannot
  /// bind go into error; fails only if nothing at all could be bound, with the first reason.
  Result<void> bindAll();
  /// Loads and starts the enabled accounts, each on its own.
  void startAll();
  /// Lets clients in; accounts that are started later accept at once. The loops must be running.
  void startAccepting(std::vector<net::EventLoop*> loops);
  /// Closes all listening sockets (first step of a stop).
  void stopAccepting();
  /// Closes what still listens, then stops all accounts within graceMs altogether: each gets an equal share of what is
  /// left of it. Returns the number of streams that had to be cut off.
  size_t stopAll(uint32_t closeCode, uint64_t graceMs);

  /// id: "telnet:default". Fails: kNotFound, kConflict (runs already / does not run), or as the account.
  Result<void> start(const std::string& id);
  Result<size_t> stop(const std::string& id, uint64_t graceMs);

  /// [control] The accounts of a channel; they live as long as this.
  std::vector<ChannelAccount*> accountsOf(const std::string& channelId) const;
  struct LiveInstance {
    std::shared_ptr<plugin::Instance> instance;
    bool isCurrent = false;  // new clients come to it
  };
  std::vector<LiveInstance> instances() const;  // any thread

  /// Whether an account's plugin would take these options. Fails: kNotFound, kInvalid. Good if it does not run.
  Result<void> checkOptions(const std::string& id, const std::string& optionsJson) const;
  /// Other options for an account's plugin, live where it can. True: another instance must be made with them
  /// (PluginReloader). Those of an account that does not run wait for its start. Fails: kNotFound, kInvalid.
  Result<bool> reconfigure(const std::string& id, const std::string& optionsJson);

  /// Asks every running plugin how it is; snapshots show it. Call it now and then (gw.health/1).
  void refreshHealth();

  /// Reads all certificates anew. All are tried; the failures are returned.
  std::vector<Error> reloadTls();
  /// Allowed hosts and origins of an HTTP listener, live. Fails: kNotFound.
  Result<void> publishRules(const std::string& listener, net::HttpRules rules);

  std::vector<AccountSnapshot> snapshots() const;                 // any thread
  Result<AccountSnapshot> snapshot(const std::string& id) const;  // any thread; kNotFound
  bool isAnyAccepting() const;                                    // any thread; for readiness
  /// Sockets refused for want of a PROXY header, of all listeners. Any thread.
  const net::ProxyCounts& proxyCounts() const { return *settings_.proxyCounts; }
  const std::vector<std::unique_ptr<HttpListener>>& httpListeners() const { return http_; }

 private:
  ChannelAccount* find(const std::string& id) const;
  HttpListener* findHttp(const std::string& name) const;
  void changed();

  HttpSettings settings_;
  std::function<void()> onChange_;
  ControlThread& control_;
  AccountContext context_;
  // Filled by the constructor and not changed afterwards, so that snapshots need no lock here.
  std::vector<std::unique_ptr<HttpListener>> http_;
  std::vector<std::unique_ptr<ChannelAccount>> accounts_;
};

}  // namespace gw::channel
