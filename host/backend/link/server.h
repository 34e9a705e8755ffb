#pragma once
// LinkServer: where backends dial in: a Unix socket, a loopback port, or both. Poco's HTTPServer takes the upgrade to
// WebSocket at /backend; from there its thread is the connection's (connection.h).
//
// Strangers are few and short: at most maxUnauthenticated sockets at a time have not shown a token, each for
// authenticateMs at most, whatever they send. Requests with an Origin (a browser's) and, on TCP, with a Host that is
// not this machine's are refused.
//
// Thread: start and stop on one thread; stop() waits for the connections.

#include <cstdint>
#include <memory>
#include <string>

#include "backend/link/options.h"
#include "base/result.h"

namespace gw::link {

class RemoteBackend;

class LinkServer {
 public:
  /// Fails kForbidden (beyond loopback), kUnavailable with a sentence that names the socket. options and backend
  /// outlive it.
  static Result<std::unique_ptr<LinkServer>> start(const LinkOptions& options, RemoteBackend& backend);
  ~LinkServer();
  void stop();
  /// As it is bound; 0: none.
  uint16_t port() const;

 private:
  struct Impl;
  explicit LinkServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace gw::link
