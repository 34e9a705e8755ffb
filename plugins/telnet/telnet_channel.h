#pragma once
// TelnetChannel: a telnet account. Codec ↔ SDK; everything telnet is in the codec's files.
// Thread: [control], except open [loop] and encode [encode]. The configuration in force is an atomic
// pointer; older ones live as long as the account, because connections keep theirs.

#include <atomic>
#include <memory>
#include <string_view>
#include <vector>

#include "gw/channel.hpp"
#include "telnet_config.h"

namespace gw::telnet {

/// Counters of an account; any thread.
struct TelnetMetrics {
  explicit TelnetMetrics(sdk::HostInst inst);
  sdk::Metric linesCut;
  sdk::Metric subnegotiationsDiscarded;
  sdk::Metric rateLimited;
  sdk::Metric gmcpIgnored;
};

class TelnetChannel : public sdk::Channel {
 public:
  static constexpr sdk::Descriptor kDescriptor{
      .id = "telnet",
      .name = "Telnet",
      .vendor = "Gatehouse",
      .version = "0.1.0",
      .license = "Apache-2.0",
      .maxStateBytes = 32 * 1024};  // a sub-negotiation, a line, a sign-in and GMCP's packages
  static constexpr sdk::StateSchema kState{.version = 1};

  TelnetChannel(sdk::HostInst inst, std::string_view options);

  static void validate(std::string_view options) { TelnetConfig::parse(options); }
  static std::string_view configSchema() { return TelnetConfig::schema(); }

  std::unique_ptr<sdk::Stream> open(sdk::HostConn conn, const gw_open_info& info, uint64_t nowNs) override;
  /// A connection of another generation; it gets the configuration in force.
  std::unique_ptr<sdk::Stream> restore(sdk::HostConn conn, const gw_open_info& info, sdk::StateReader& in,
                                       uint64_t nowNs);
  gw_status encode(std::string_view classDescription, const sdk::EventView& event, sdk::Builder& out) const override;
  /// Applies to connections opened from now on.
  int32_t reconfigure(std::string_view options) override;
  void selftest() const override;

 private:
  const TelnetMetrics metrics_;
  std::vector<std::unique_ptr<const TelnetConfig>> configs_;  // [control]
  std::atomic<const TelnetConfig*> config_;
};

}  // namespace gw::telnet
