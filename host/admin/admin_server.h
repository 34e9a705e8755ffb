#pragma once
// AdminServer: the admin API (docs/operators/admin-api.md) on a Unix socket and, if configured, on
// loopback TCP. Poco's HTTPServer does the HTTP, with its own threads: none of it runs on event loops.
//
// Who may: on the Unix socket the kernel tells the peer's user: the host's own uid or root is admin,
// members of the group `gatehouse` may operate. On TCP a bearer token (kept hashed) carries the role.
//
// Thread: start and stop on the control thread; the port is called from the server's own threads until
// stop() has returned.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace gw::admin {

class GatewayPort;

struct AdminOptions {
  /// Its folder is made with 0700 if absent. An existing one must belong to this user and be closed to
  /// others (0700; 0750 with the group `gatehouse`, which then may operate).
  std::string socketPath;
  /// Take others' rights from an existing folder instead of refusing it: for the gateway's own state
  /// folder, never for a path that the operator chose.
  bool tightenFolder = false;
  bool tcpEnabled = false;
  std::string tcpHost = "127.0.0.1";  // must be a loopback address
  uint16_t tcpPort = 18781;           // 0: any
  std::vector<std::string> allowedHosts{"localhost", "127.0.0.1", "[::1]"};
  const Clock* clock = nullptr;  // null: the system's
};

class AdminServer {
 public:
  /// Binds and serves. Fails kConflict if another gwhost holds the socket, kForbidden if the folder is
  /// open to others, kUnavailable if an address cannot be bound; the message says what to do.
  static Result<std::unique_ptr<AdminServer>> start(const AdminOptions& options, GatewayPort& port);
  /// Answers what is being answered (≤ kLongestWait), closes the rest, removes the socket's file.
  virtual ~AdminServer() = default;
  virtual void stop() = 0;
  /// The TCP port in use; 0 if TCP is off.
  virtual uint16_t tcpPort() const = 0;
};

}  // namespace gw::admin
