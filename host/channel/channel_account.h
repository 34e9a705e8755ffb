#pragma once
// ChannelAccount: the life of one configured run of a channel.
//
//   stopped ──start──▶ starting ──▶ running ──stop──▶ stopping ──▶ stopped
//                         └────────▶ error ──start──▶ starting
//
// start: library loaded (shared with other accounts) → instance created and started → routes published,
// or its own listener bound; startAccepting lets sockets in. stop: stop accepting → goodbye to all
// streams → instance stopped. The instance is destroyed on the control thread once its last stream has
// let go of it.
// Thread: [control]; snapshot() from anywhere.

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "channel/account_snapshot.h"
#include "channel/account_spec.h"
#include "channel/http_listener.h"
#include "plugin/plugin_catalog.h"
#include "plugin/stream_acceptor.h"

namespace gw::channel {

/// What all accounts share; outlives them.
struct AccountContext {
  plugin::PluginCatalog& catalog;
  plugin::StreamAcceptor& acceptor;
  const Clock& clock;
  net::SocketOptions socket;
  std::shared_ptr<net::ProxyCounts> proxyCounts;
  std::vector<net::EventLoop*> loops;  // empty until the gateway accepts
};

class ChannelAccount {
 public:
  /// http: the listener that spec.http names; null if it has none.
  ChannelAccount(AccountSpec spec, AccountContext& context, HttpListener* http);
  ~ChannelAccount();
  ChannelAccount(const ChannelAccount&) = delete;

  std::string id() const { return spec_.id(); }
  /// [control] The plugin's options, as they are now.
  const std::string& options() const { return options_; }
  void setOptions(std::string optionsJson) { options_ = std::move(optionsJson); }
  const AccountSpec& spec() const { return spec_; }

  /// Binds its own listener, or that of its HTTP listener. On failure: state error.
  Result<void> bind();
  /// Everything up to running; binds first if need be, and accepts if the context has loops.
  /// Fails: kConflict while it runs; else what went wrong, also as lastError.
  Result<void> start();
  void startAccepting();
  /// New clients are refused from now on; those inside stay.
  void stopAccepting();
  /// Returns how many streams had to be cut off. byOperator: being stopped is then no fault.
  size_t stop(uint32_t closeCode, uint64_t graceMs, bool byOperator);
  Result<void> reloadTls();

  // Other code or options below live streams (plugin_reload.h)
  /// A further instance, created, self-tested and started; nobody is in it yet. Fails as the plugin does.
  Result<std::shared_ptr<plugin::Instance>> prepare(std::shared_ptr<plugin::Generation> generation,
                                                    const std::string& optionsJson);
  /// New clients come to `next` from now on; those inside stay where they are. Fails, changing nothing: kConflict
  /// if the account does not run, or as its routes do.
  Result<void> redirect(std::shared_ptr<plugin::Instance> next);
  /// The instance that new clients come to; null: it does not run.
  std::shared_ptr<plugin::Instance> current() const;
  /// Earlier ones that still have streams, oldest first.
  std::vector<std::shared_ptr<plugin::Instance>> elders() const;

  /// Asks the plugin how it is, for the next snapshot. True if that changed.
  bool refreshHealth();

  AccountSnapshot snapshot() const;

 private:
  struct Door;  // what accepted sockets and requests pass through

  Result<void> bindOwnListener();
  Result<void> createInstance();
  Result<void> publishRoutes(plugin::Instance& of);
  void abandonStart();
  Error enterError(const Error& error);
  void setState(AccountState state);
  std::vector<std::string> addresses(const std::vector<net::HttpRoute>& routes) const;

  const AccountSpec spec_;
  std::string options_;  // at first those of spec_
  AccountContext& context_;
  HttpListener* http_;
  uint16_t boundPort_ = 0;
  std::shared_ptr<net::TlsContext> tls_;
  std::unique_ptr<net::Listener> listener_;
  std::shared_ptr<Door> door_;

  mutable std::mutex mutex_;  // for what snapshot() reads:
  AccountSnapshot status_;
  std::shared_ptr<plugin::Instance> instance_;
  std::vector<std::weak_ptr<plugin::Instance>> elders_;  // their streams keep them alive
};

}  // namespace gw::channel
