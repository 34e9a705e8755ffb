#pragma once
// GopherChannel: a gopher account. Thread: [control], except open and restore [loop] and encode [encode]; the
// options never change.

#include <memory>
#include <string_view>

#include "gopher_options.h"
#include "gw/channel.hpp"

namespace gopher {

/// Counters of an account; any thread.
struct Metrics {
  explicit Metrics(gw::sdk::HostInst inst);
  gw::sdk::Metric requests;
  gw::sdk::Metric refused;
};

class GopherChannel : public gw::sdk::Channel {
 public:
  static constexpr gw::sdk::Descriptor kDescriptor{.id = "gopher",
                                                   .name = "Gopher",
                                                   .vendor = "Gatehouse examples",
                                                   .version = "1.0.0",
                                                   .license = "Apache-2.0",
                                                   .maxStateBytes = 4096};
  static constexpr gw::sdk::StateSchema kState{.version = 1};

  GopherChannel(gw::sdk::HostInst inst, std::string_view options);

  static void validate(std::string_view options) { parseOptions(options); }
  static std::string_view configSchema() { return optionsSchema(); }

  std::unique_ptr<gw::sdk::Stream> open(gw::sdk::HostConn conn, const gw_open_info& info, uint64_t nowNs) override;
  std::unique_ptr<gw::sdk::Stream> restore(gw::sdk::HostConn conn, const gw_open_info& info, gw::sdk::StateReader& in,
                                           uint64_t nowNs);
  gw_status encode(std::string_view classDescription, const gw::sdk::EventView& event,
                   gw::sdk::Builder& out) const override;
  void selftest() const override;

 private:
  const Options options_;
  const Metrics metrics_;
};

}  // namespace gopher
