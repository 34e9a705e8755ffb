#pragma once
// Listener: bound sockets of one address set; accepted sockets are spread over the loops.
//
// bind() and setAccepting() [control]. Accepting happens on the loops: each loop watches the listening
// fd (EPOLLEXCLUSIVE) and calls the sink on its own thread with a non-blocking socket that has
// SO_SNDBUF, TCP_NODELAY and TCP_USER_TIMEOUT set. Behind proxies (requireProxyHeader) the sink gets a
// socket once its PROXY header has been read, with the address that it names.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "net/connection.h"

namespace gw::net {

struct ListenAddress {
  std::vector<std::string> hosts;  // {"127.0.0.1", "::1"}; "0.0.0.0", "::"
  uint16_t port = 0;               // 0: any free one, the same for all hosts
};

struct SocketOptions {
  int sendBufferBytes = 256 * 1024;  // the kernel may otherwise hold 4 MB for each stalled peer
  int userTimeoutMs = 60'000;
};

struct ProxyRules;  // net/proxy_gate.h

class Listener {
 public:
  using Sink = std::function<void(EventLoop& loop, int fd, PeerAddress peer)>;

  /// Binds and listens, accepting nothing yet. Fails: kConflict (port in use; the message names the
  /// address), kInvalid, kForbidden (privileged port).
  static Result<std::unique_ptr<Listener>> bind(const std::string& name, const ListenAddress& address,
                                                const SocketOptions& options);
  ~Listener();

  uint16_t port() const;
  const std::string& name() const;
  /// [control] Before startAccepting(): every socket must come from one of these proxies and begin with
  /// a PROXY header.
  void requireProxyHeader(std::shared_ptr<ProxyRules> rules);
  /// [control] Starts or stops accepting on these loops; the backlog stays with the kernel. Returns
  /// when every loop has done so. The loops must be running.
  void startAccepting(const std::vector<EventLoop*>& loops, Sink sink);
  void stopAccepting();
  /// Accept failures by errno class (EMFILE pauses accepting for 100 ms), for metrics. Any thread.
  uint64_t acceptErrors() const;

 private:
  struct State;
  explicit Listener(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace gw::net
