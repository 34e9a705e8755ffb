#pragma once
// TerminalStream: a connection that speaks terminal.mudstandards.org: UTF-8 with ANSI escapes in binary
// frames, both ways; lines in. Text frames are read like binary ones, as other servers do.

#include "line_assembler.h"
#include "terminal_render.h"
#include "websocket_stream.h"

namespace gw::websocket {

class TerminalStream final : public WebSocketStream, private LineAssembler::Receiver {
 public:
  using WebSocketStream::WebSocketStream;

  gw_status wrap(const sdk::EventView& event, uint64_t epoch, uint64_t seq, size_t bodyBytes, sdk::Wrap& out) override;
  static gw_status encode(const sdk::EventView& event, ColorLevel colors, sdk::Builder& out);

 private:
  Verdict onPayload(bool isText, std::string_view message) override;
  void setClass() override;
  void introduce() override;
  void saveOwn(sdk::StateWriter& out) const override;
  void restoreOwn(sdk::StateReader& in) override;
  template <class Self, class Fields>
  static void fields(Self& self, Fields& f);
  bool onLine(std::string_view line, bool wasCut) override;
  void sayGoodbye(const gw_close_info& info) override;

  LineAssembler lines_;
  uint32_t messageRead_ = 0;  // bytes of the message that is offered again that are in lines_ already
  bool isAtPrompt_ = false;   // the cursor stands behind a prompt
};

}  // namespace gw::websocket
