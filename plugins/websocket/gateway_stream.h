#pragma once
// GatewayStream: a connection that speaks gateway.v1: JSON in text frames. The host parses requests and
// builds answers; here is only the envelope of events. The body that all share is
//   "event":NAME,"stateVersion":N,"payload":{...}}
// and each connection's head is the frame header and {"type":"event","seq":S,"epoch":E,

#include "websocket_stream.h"

namespace gw::websocket {

class GatewayStream final : public WebSocketStream {
 public:
  using WebSocketStream::WebSocketStream;

  void onEvent(uint64_t token, gw_status status, std::string_view json) override;
  gw_status wrap(const sdk::EventView& event, uint64_t epoch, uint64_t seq, size_t bodyBytes, sdk::Wrap& out) override;
  static gw_status encode(const sdk::EventView& event, sdk::Builder& out);

 private:
  Verdict onPayload(bool isText, std::string_view message) override;
  void setClass() override;
  void saveOwn(sdk::StateWriter& out) const override;
  void restoreOwn(sdk::StateReader& in) override;
  template <class Self, class Fields>
  static void fields(Self& self, Fields& f);
  void sayGoodbye(const gw_close_info& info) override;

  uint64_t toldEpoch_ = 0;
  uint8_t badMessages_ = 0;  // in a row
};

}  // namespace gw::websocket
