#pragma once
// SoakGateway: the gateway of a soak, in a process of its own, with plugins in a folder that can be changed below it.
// Thread: one at a time. Failures throw std::runtime_error.

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "client.h"
#include "support/gateway_process.h"
#include "support/tls_client.h"

namespace gw::bench {

class SoakGateway {
 public:
  /// Starts it: telnet with and without TLS, websocket and sse on ports of their own, no limits that clients meet.
  explicit SoakGateway(uint32_t loops);

  const Target& target() const { return target_; }
  const test::GatewayProcess& process() const { return *process_; }
  int stop() { return process_->stop(); }

  /// Puts a build of the channel in place by renaming, as package managers do. fault: empty for the channel itself.
  void install(const std::string& channel, const std::string& fault);
  /// As `cp` does: the file of the same name gets other bytes.
  void overwrite(const std::string& channel, const std::string& fault);

  /// Generations that are alive, of all plugins.
  size_t generations() const;
  /// Libraries of generations that are mapped, and lines of /proc/PID/maps.
  size_t mappedLibraries() const;
  size_t mapLines() const;

 private:
  std::string fileOf(const std::string& channel) const { return plugins_.file(channel + ".so"); }

  const test::TempFolder plugins_;
  const test::TestCertificates certificates_;
  TlsContext tls_;
  std::unique_ptr<test::GatewayProcess> process_;
  Target target_;
};

}  // namespace gw::bench
