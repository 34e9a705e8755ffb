#pragma once
// HttpListener: one HTTP address with everything behind it: listener, TLS, front, and the routes of
// all accounts that share it, merged into one table that is published again on each change.
//
// Thread: [control] unless marked; accepted sockets are handled on their loops.
// Lifetime: destroyed after the loops have been joined and before they are destroyed; connections
// that still wait in the front go with it.

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "channel/account_spec.h"
#include "net/arrival.h"
#include "net/proxy_gate.h"

namespace gw::channel {

/// Who may connect before a request has been read, and whose requests are taken from trusted proxies.
struct HttpAdmission {
  net::AdmissionHooks hooks;
  uint64_t maxConnections = 10'000;  // per listener, without a stream; over it: refused
};

struct HttpSettings {
  net::SocketOptions socket;
  net::HttpLimits http;
  net::ConnectionLimits connection;
  HttpAdmission admission;
  std::shared_ptr<net::ProxyCounts> proxyCounts = std::make_shared<net::ProxyCounts>();
};

class HttpListener {
 public:
  HttpListener(HttpListenerSpec spec, const HttpSettings& settings);
  ~HttpListener();
  HttpListener(const HttpListener&) = delete;

  const std::string& name() const { return spec_.name; }
  /// Loads TLS and binds; nothing is accepted yet. Does nothing if bound already. A port that was
  /// chosen by the system is kept for later binds. Fails as Listener::bind and TlsContext::load.
  Result<void> bind();
  bool isBound() const { return listener_ != nullptr; }
  bool isAccepting() const { return isAccepting_; }
  uint16_t port() const { return boundPort_; }
  /// "http://127.0.0.1:18789", one for each host.
  std::vector<std::string> origins() const;

  void startAccepting(const std::vector<net::EventLoop*>& loops);
  /// Closes the listening sockets; connections live on.
  void close();

  /// Ends keep-alive connections: the idle ones now, the others after their answer.
  void closeIdle(const std::vector<net::EventLoop*>& loops);

  /// Adds an account's routes and publishes the table. Fails, changing nothing: kConflict if another
  /// owner has one of them (the message names both).
  Result<void> addRoutes(const std::string& owner, std::vector<net::HttpRoute> routes);
  void removeRoutes(const std::string& owner);
  /// New allowed hosts and origins, live.
  void publishRules(net::HttpRules rules);
  Result<void> reloadTls();

  uint64_t refused() const { return counts_->refused.load(std::memory_order_relaxed); }  // any thread
  uint64_t waiting() const { return counts_->waiting.load(std::memory_order_relaxed); }  // any thread

 private:
  struct Counts {
    std::atomic<uint64_t> waiting{0};  // connections in the front: before a stream, or keep-alive
    std::atomic<uint64_t> refused{0};
  };
  void publishTable();

  HttpListenerSpec spec_;
  const HttpSettings& settings_;
  uint16_t boundPort_ = 0;
  bool isAccepting_ = false;
  std::shared_ptr<net::TlsContext> tls_;
  std::unique_ptr<net::Listener> listener_;
  std::shared_ptr<net::HttpFront> front_;
  std::map<std::string, std::vector<net::HttpRoute>> routes_;  // by owner; bounded by the accounts
  std::shared_ptr<Counts> counts_ = std::make_shared<Counts>();
};

}  // namespace gw::channel
