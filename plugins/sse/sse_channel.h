#pragma once
// SseChannel: an account of the sse channel: GET /events binds a stream to a session, POST /rpc carries
// one gateway.v1 request. Immutable after construction but for its counters.

#include <memory>
#include <string_view>
#include <vector>

#include "gw/channel.hpp"
#include "gw/http.hpp"
#include "sse_options.h"

#ifndef GW_PLUGIN_VERSION
#define GW_PLUGIN_VERSION "0.0.0"
#endif

namespace gw::sse {

class SseChannel : public sdk::Channel, public sdk::HttpRoutes {
 public:
  static constexpr sdk::Descriptor kDescriptor{.id = "sse",
                                               .name = "Server-sent events",
                                               .vendor = "Gatehouse",
                                               .version = GW_PLUGIN_VERSION,
                                               .license = "Apache-2.0",
                                               .maxStateBytes = 256};
  static constexpr sdk::StateSchema kState{.version = 1};
  static constexpr uint32_t kMaxRpcBody = 1024 * 1024;

  SseChannel(sdk::HostInst inst, std::string_view options);
  static void validate(std::string_view options) { parseOptions(options); }
  static std::string_view configSchema() { return optionsSchema(); }

  std::unique_ptr<sdk::Stream> open(sdk::HostConn conn, const gw_open_info& info, uint64_t nowNs) override;
  /// A stream of another generation. Requests do not move: a deferred one is answered where it was made.
  std::unique_ptr<sdk::Stream> restore(sdk::HostConn conn, const gw_open_info& info, sdk::StateReader& in,
                                       uint64_t nowNs);
  gw_status encode(std::string_view classDescription, const sdk::EventView& event, sdk::Builder& out) const override;
  void selftest() const override;

  std::vector<sdk::Route> routes() const override;
  sdk::HttpResult onRequest(sdk::Request request, const sdk::RequestView& view, uint64_t nowNs) override;
  void onRequestEvent(sdk::Request request, uint64_t token, const gw_request_answer& answer) override;

 private:
  sdk::HttpResult bindStream(const sdk::Request& request, const sdk::RequestView& view) const;
  sdk::HttpResult callHost(const sdk::Request& request, const sdk::RequestView& view) const;
  sdk::HttpResult refuse(const sdk::Request& request, uint32_t status, std::string_view code,
                         std::string_view message) const;
  sdk::HttpResult settle(const sdk::Request& request, gw_status status) const;

  SseOptions options_;
  sdk::Metric streams_, calls_, refused_;
};

}  // namespace gw::sse
