#include "websocket_channel.h"

#include <string>

#include "gateway_stream.h"
#include "terminal_stream.h"

namespace gw::websocket {
namespace {

using sdk::header;

// A list may come in several headers of one name.
std::string joined(const sdk::RequestView& request, std::string_view name) {
  std::string list;
  for (const gw_header& each : request.headers()) {
    if (sdk::view(each.name) != name) continue;
    if (!list.empty()) list.append(",");
    list.append(sdk::view(each.value));
  }
  return list;
}

UpgradeRequest upgradeRequestOf(const sdk::RequestView& request) {
  return {joined(request, "upgrade"), joined(request, "connection"), joined(request, "sec-websocket-version"),
          joined(request, "sec-websocket-key"), joined(request, "sec-websocket-protocol")};
}

void refuse(const sdk::Request& request, const HandshakeAnswer& answer) {
  std::string body = R"({"code":"INVALID_REQUEST","message":")" + answer.message + "\"";
  if (answer.isSubprotocolUnknown) {
    body.append(R"(,"details":{"subprotocols":[")").append(kGatewayV1Name).append("\",\"");
    body.append(kTerminalName).append("\"]}");
  }
  body.append("}");
  std::vector<gw_header> headers{header("Content-Type", "application/json")};
  if (answer.status == 426) {
    headers.push_back(header("Upgrade", "websocket"));
    headers.push_back(header("Sec-WebSocket-Version", "13"));
  }
  request.reply(static_cast<uint32_t>(answer.status), headers, body);
}

class SelftestEvents final : public FrameEvents {
 public:
  Verdict onMessage(bool isText, std::string_view message) override {
    if (isText) text = message;
    return Verdict::kTaken;
  }
  void onPing(std::string_view payload) override { ping = payload; }
  void onClose(uint16_t code, std::string_view) override { closeCode = code; }
  Verdict onOverhead() override { return Verdict::kTaken; }

  std::string text, ping;
  uint16_t closeCode = 0;
};

void expect(bool claim, const char* what) {
  if (!claim) throw sdk::Error(std::string("selftest: ") + what, GW_E_INTERNAL);
}

}  // namespace

WebSocketChannel::WebSocketChannel(sdk::HostInst inst, std::string_view options)
    : Channel(inst), options_(parseOptions(options)) {
  const auto counter = [&inst](std::string_view name, std::string_view help) {
    return sdk::Metric(inst, GW_METRIC_COUNTER, name, help);
  };
  metrics_.messages = counter("websocket_messages_total", "Messages taken from clients");
  metrics_.badFrames = counter("websocket_bad_messages_total", "Messages that were no gateway.v1 frame");
  metrics_.protocolErrors = counter("websocket_protocol_errors_total", "Connections failed for breaking RFC 6455");
  metrics_.tooBig = counter("websocket_too_big_total", "Connections failed for a message above the limit");
  metrics_.deadPeers = counter("websocket_dead_peers_total", "Connections given up after silence");
  metrics_.linesCut = counter("websocket_lines_cut_total", "Terminal lines above the limit");
  metrics_.refusedHandshakes = counter("websocket_refused_handshakes_total", "Upgrade requests refused");
}

std::vector<sdk::Route> WebSocketChannel::routes() const { return {{"GET", options_.path}}; }

sdk::HttpResult WebSocketChannel::onRequest(sdk::Request request, const sdk::RequestView& view, uint64_t /*nowNs*/) {
  const HandshakeAnswer answer = answerHandshake(upgradeRequestOf(view), options_.isSubprotocolLenient);
  if (answer.status != 101) {
    metrics_.refusedHandshakes.add();
    refuse(request, answer);
    return sdk::HttpResult::responded();
  }
  const std::string_view subprotocol = nameOf(answer.subprotocol);
  std::vector<gw_header> headers{header("Upgrade", "websocket"), header("Sec-WebSocket-Accept", answer.acceptKey)};
  if (answer.isSubprotocolNamed) headers.push_back(header("Sec-WebSocket-Protocol", subprotocol));
  const gw_status status = request.accept(GW_ACCEPT_UPGRADE, headers, subprotocol);
  return status == GW_OK ? sdk::HttpResult::accepted() : sdk::HttpResult{status, {}};
}

std::unique_ptr<WebSocketStream> WebSocketChannel::make(sdk::HostConn conn, const gw_open_info& info,
                                                        uint64_t nowNs) const {
  if (sdk::view(info.subprotocol_h) == kTerminalName) return std::make_unique<TerminalStream>(conn, *this, nowNs);
  return std::make_unique<GatewayStream>(conn, *this, nowNs);
}

std::unique_ptr<sdk::Stream> WebSocketChannel::open(sdk::HostConn conn, const gw_open_info& info, uint64_t nowNs) {
  auto stream = make(conn, info, nowNs);
  stream->begin();
  return stream;
}

std::unique_ptr<sdk::Stream> WebSocketChannel::restore(sdk::HostConn conn, const gw_open_info& info,
                                                       sdk::StateReader& in, uint64_t nowNs) {
  auto stream = make(conn, info, nowNs);
  stream->restore(in, nowNs);
  return stream;
}

gw_status WebSocketChannel::encode(std::string_view classDescription, const sdk::EventView& event,
                                   sdk::Builder& out) const {
  if (classDescription == kTerminalName) return TerminalStream::encode(event, options_.colors, out);
  return GatewayStream::encode(event, out);
}

void WebSocketChannel::selftest() const {
  expect(acceptKeyFor("dGhlIHNhbXBsZSBub25jZQ==") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "accept key");
  // "Hello" in two fragments around a ping, then close 1000, all masked with 1 2 3 4.
  constexpr std::string_view kInput(
      "\x01\x83\x01\x02\x03\x04Igo"
      "\x89\x81\x01\x02\x03\x04q"
      "\x80\x82\x01\x02\x03\x04mm"
      "\x88\x82\x01\x02\x03\x04\x02\xEA",
      32);
  SelftestEvents events;
  WebSocketDecoder decoder(kMaxMessageBeforeLogin);
  const FeedResult result = decoder.feed(kInput, events);
  expect(result.failCode == 0 && result.consumed == kInput.size(), "a valid stream was refused");
  expect(events.text == "Hello" && events.closeCode == 1000, "messages and control frames");
  constexpr std::string_view kHuge("\x82\xFF\0\0\0\0\x40\0\0\0", 10);
  expect(WebSocketDecoder(kMaxMessage).feed(kHuge, events).failCode == kCloseTooBig, "an announced GiB was accepted");
  expect(closeFrame(1001, "bye") == std::string_view("\x88\x05\x03\xE9"
                                                     "bye",
                                                     7),
         "close frame");
}

}  // namespace gw::websocket
