#pragma once
// StreamChannel: lines of UTF-8 in, lines of UTF-8 out, over TCP. Something to begin with: change what is in the way.

#include <memory>
#include <string>
#include <string_view>

#include "gw/channel.hpp"

class StreamChannel : public gw::sdk::Channel {
 public:
  static constexpr gw::sdk::Descriptor kDescriptor{.id = "pinned-stream",
                                                   .name = "Pinned stream",
                                                   .vendor = "Gatehouse tests",
                                                   .version = "1.0.0",
                                                   .license = "MIT",
                                                   .maxStateBytes = 64};
  static constexpr gw::sdk::StateSchema kState{.version = 1};  // connections survive a reload

  /// Throw gw::sdk::Error to refuse the account's options, with a sentence for the operator.
  StreamChannel(gw::sdk::HostInst inst, std::string_view options);

  std::unique_ptr<gw::sdk::Stream> open(gw::sdk::HostConn conn, const gw_open_info& info, uint64_t nowNs) override;
  std::unique_ptr<gw::sdk::Stream> restore(gw::sdk::HostConn conn, const gw_open_info& info, gw::sdk::StateReader& in,
                                           uint64_t nowNs);
  gw_status encode(std::string_view classDescription, const gw::sdk::EventView& event,
                   gw::sdk::Builder& out) const override;
};
