#include "gateway_stream.h"

#include <charconv>
#include <string>

#include "websocket_channel.h"

namespace gw::websocket {
namespace {

constexpr uint8_t kMaxBadMessages = 5;

void appendMember(std::string& json, std::string_view name, uint64_t value) {
  json.append("\"").append(name).append("\":").append(std::to_string(value)).append(",");
}

char* append(char* out, std::string_view text) { return out + text.copy(out, text.size()); }
char* append(char* out, uint64_t number) { return std::to_chars(out, out + 20, number).ptr; }

}  // namespace

void GatewayStream::setClass() { conn().setClass(kGatewayClassKey, 0, kGatewayV1Name); }

template <class Self, class Fields>
void GatewayStream::fields(Self& self, Fields& f) {
  f.number(1, "toldEpoch", self.toldEpoch_, UINT64_MAX);
  f.number(2, "badMessages", self.badMessages_, static_cast<uint8_t>(kMaxBadMessages - 1));
}

void GatewayStream::saveOwn(sdk::StateWriter& out) const { fields(*this, out); }
void GatewayStream::restoreOwn(sdk::StateReader& in) { fields(*this, in); }

FrameEvents::Verdict GatewayStream::onPayload(bool isText, std::string_view message) {
  if (!isText) {
    closeWith(kCloseUnsupported, GW_CLOSE_PROTOCOL, "gateway.v1 has text frames only");
    return Verdict::kStop;
  }
  switch (conn().frame(message)) {
    case GW_OK:
    case GW_E_LIMIT:  // the host has answered that itself
      badMessages_ = 0;
      channel().metrics().messages.add();
      return Verdict::kTaken;
    case GW_E_AGAIN:
      return Verdict::kAgain;
    case GW_E_STATE:
      return Verdict::kStop;
    default:
      break;
  }
  channel().metrics().badFrames.add();
  if (++badMessages_ < kMaxBadMessages) return Verdict::kTaken;
  closeWith(kClosePolicy, GW_CLOSE_POLICY, "five messages in a row were no gateway.v1 frames");
  return Verdict::kStop;
}

void GatewayStream::onEvent(uint64_t token, gw_status /*status*/, std::string_view json) {
  // Token 0 carries the finished frames that answer frame(); nothing else was asked for.
  if (token == 0 && !json.empty()) sendFrame(Opcode::kText, json);
}

gw_status GatewayStream::encode(const sdk::EventView& event, sdk::Builder& out) {
  std::string start;
  start.append("\"event\":\"").append(event.name()).append("\",");  // a name needs no escaping: gw/event.h
  if (event.stateVersion() != 0) appendMember(start, "stateVersion", event.stateVersion());
  start.append("\"payload\":");
  const std::string_view payload = event.payload();
  for (const std::string_view part :
       {std::string_view(start), payload.empty() ? "{}" : payload, std::string_view("}")}) {
    if (const gw_status status = out.append(part); status != GW_OK) return status;
  }
  return GW_OK;
}

gw_status GatewayStream::wrap(const sdk::EventView& /*event*/, uint64_t epoch, uint64_t seq, size_t bodyBytes,
                              sdk::Wrap& out) {
  // Once per connection and event, so without a heap: at most 16 + 27 + 29 bytes.
  char start[80];
  char* end = append(start, R"({"type":"event",)");
  if (seq != 0) {
    end = append(append(append(end, "\"seq\":"), seq), ",");
    if (epoch != toldEpoch_) end = append(append(append(end, "\"epoch\":"), epoch), ",");
    toldEpoch_ = epoch;
  }
  const auto startBytes = static_cast<size_t>(end - start);
  char header[kMaxServerHeader];
  const size_t headerBytes = writeServerHeader(header, Opcode::kText, startBytes + bodyBytes);
  return out.head({header, headerBytes}) && out.head({start, startBytes}) ? GW_OK : GW_E_INTERNAL;
}

void GatewayStream::sayGoodbye(const gw_close_info& info) {
  // What a close frame has no room for: whether and when to come back.
  std::string json = R"({"type":"event","event":"closed","payload":{)";
  appendMember(json, "code", info.code);
  if (info.retry != 0 && info.retry_after_ms != 0) appendMember(json, "retryAfterMs", info.retry_after_ms);
  json.append(info.retry != 0 ? "\"retry\":true}}" : "\"retry\":false}}");
  sendFrame(Opcode::kText, json);
}

}  // namespace gw::websocket
