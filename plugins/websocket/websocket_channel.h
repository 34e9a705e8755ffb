#pragma once
// WebSocketChannel: an account of the websocket channel: the route, the opening handshake and the
// choice of the subprotocol. Immutable after construction but for its counters, so [loop] and [encode]
// need no lock.

#include <memory>
#include <string_view>
#include <vector>

#include "gw/channel.hpp"
#include "gw/http.hpp"
#include "handshake.h"
#include "websocket_options.h"

#ifndef GW_PLUGIN_VERSION
#define GW_PLUGIN_VERSION "0.0.0"
#endif

namespace gw::websocket {

class WebSocketStream;

constexpr uint64_t kGatewayClassKey = 1;
constexpr uint64_t kTerminalClassKey = 2;

/// Counters of the account; adding is thread-safe.
struct WebSocketMetrics {
  sdk::Metric messages, badFrames, protocolErrors, tooBig, deadPeers, linesCut, refusedHandshakes;
};

class WebSocketChannel : public sdk::Channel, public sdk::HttpRoutes {
 public:
  static constexpr sdk::Descriptor kDescriptor{.id = "websocket",
                                               .name = "WebSocket",
                                               .vendor = "Gatehouse",
                                               .version = GW_PLUGIN_VERSION,
                                               .license = "Apache-2.0",
                                               .maxStateBytes = 1024 * 1024 + 8 * 1024};  // a message and a line
  static constexpr sdk::StateSchema kState{.version = 1};

  WebSocketChannel(sdk::HostInst inst, std::string_view options);
  static void validate(std::string_view options) { parseOptions(options); }
  static std::string_view configSchema() { return optionsSchema(); }

  std::unique_ptr<sdk::Stream> open(sdk::HostConn conn, const gw_open_info& info, uint64_t nowNs) override;
  /// A connection of another generation; options as they are now.
  std::unique_ptr<sdk::Stream> restore(sdk::HostConn conn, const gw_open_info& info, sdk::StateReader& in,
                                       uint64_t nowNs);
  gw_status encode(std::string_view classDescription, const sdk::EventView& event, sdk::Builder& out) const override;
  void selftest() const override;

  std::vector<sdk::Route> routes() const override;
  sdk::HttpResult onRequest(sdk::Request request, const sdk::RequestView& view, uint64_t nowNs) override;

  const WebSocketOptions& options() const { return options_; }
  const WebSocketMetrics& metrics() const { return metrics_; }

 private:
  std::unique_ptr<WebSocketStream> make(sdk::HostConn conn, const gw_open_info& info, uint64_t nowNs) const;

  WebSocketOptions options_;
  WebSocketMetrics metrics_;
};

}  // namespace gw::websocket
