#pragma once
// Where the gateway's admin API is, and with which credentials.

#include <cstdint>
#include <string>
#include <vector>

namespace gw::cli {

struct Endpoint {
  std::string socket;  // a Unix socket; or ...
  std::string host;    // ... loopback TCP with a token
  uint16_t port = 0;
  std::string token;
  bool isTcp() const { return !host.empty(); }
};

struct EndpointOptions {
  std::string socket;     // --socket
  std::string tcp;        // --tcp HOST:PORT
  std::string tokenFile;  // --token-file
  std::string program;    // argv[0]
};

/// The first that is given: --tcp, --socket, GWCTL_SOCKET, a socket at the usual places. Throws CliError:
/// kUnreachable if there is none, kForbidden for a token file that others can read, kUsage.
Endpoint findEndpoint(const EndpointOptions& options);

/// The usual places, nearest first.
std::vector<std::string> usualSockets(const std::string& program);

}  // namespace gw::cli
