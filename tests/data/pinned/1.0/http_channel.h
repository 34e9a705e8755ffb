#pragma once
// HttpChannel: JSON over plain HTTP. GET /pinned-http/events is a stream of lines, one JSON object each, that goes on
// until somebody ends it; POST /pinned-http/rpc takes one request of gateway.v1. Something to begin with: change what
// is in the way. Immutable after construction, because requests come on several threads at once.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gw/channel.hpp"
#include "gw/http.hpp"

class HttpChannel : public gw::sdk::Channel, public gw::sdk::HttpRoutes {
 public:
  static constexpr gw::sdk::Descriptor kDescriptor{.id = "pinned-http",
                                                   .name = "Pinned http",
                                                   .vendor = "Gatehouse tests",
                                                   .version = "1.0.0",
                                                   .license = "MIT",
                                                   .maxStateBytes = 64};
  static constexpr gw::sdk::StateSchema kState{.version = 1};  // streams survive a reload
  static constexpr uint32_t kMaxRpcBody = 64 * 1024;

  /// Throw gw::sdk::Error to refuse the account's options, with a sentence for the operator.
  HttpChannel(gw::sdk::HostInst inst, std::string_view options);

  std::vector<gw::sdk::Route> routes() const override;
  gw::sdk::HttpResult onRequest(gw::sdk::Request request, const gw::sdk::RequestView& view, uint64_t nowNs) override;
  void onRequestEvent(gw::sdk::Request request, uint64_t token, const gw_request_answer& answer) override;

  std::unique_ptr<gw::sdk::Stream> open(gw::sdk::HostConn conn, const gw_open_info& info, uint64_t nowNs) override;
  std::unique_ptr<gw::sdk::Stream> restore(gw::sdk::HostConn conn, const gw_open_info& info, gw::sdk::StateReader& in,
                                           uint64_t nowNs);
  gw_status encode(std::string_view classDescription, const gw::sdk::EventView& event,
                   gw::sdk::Builder& out) const override;
};
