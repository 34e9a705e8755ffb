// The channels under fuzzing, and what the unit tests of each talk about as seeds.

#include "channel_fuzz.h"
#include "gopher_channel.h"
#include "gw/plugin.hpp"
#include "sse_channel.h"
#include "targets.h"
#include "telnet_channel.h"
#include "unit/plugins/websocket/client_frames.h"
#include "websocket_channel.h"

namespace gw::fuzz {
namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;
using testing::OpenOptions;
using websocket::Opcode;
using websocket::test::clientFrame;

std::string bytes(std::string_view text, Script script = Script()) { return script.says(text).bytes(); }

/// The conversation moved before each third byte of what is said.
std::string moved(std::string_view text, Script script = Script()) {
  for (size_t at = 0; at < text.size(); at += 3) script.says(text.substr(at, 3)).then(Op::kMove);
  return script.bytes();
}

// --- telnet

void telnet(std::string_view input) {
  static const ChannelUnderFuzz kChannel{sdk::pluginTable<telnet::TelnetChannel>(),
                                         {"{}", R"({"banner":"== Gate ==","gmcp":false})", R"({"naws":false})"}};
  fuzzChannel(kChannel, input);
}

std::vector<std::string> telnetSeeds() {
  const std::string mudlet =
      "\xff\xfb\x18\xff\xfb\x1f\xff\xfd\x2a\xff\xfd\x19\xff\xfd\xc9\xff\xfa\x1f\0\x64\0\xff\xff\xff\xf0"
      "\xff\xfa\x2a\x02UTF-8\xff\xf0\xff\xfa\x18\0MUDLET\xff\xf0\xff\xfa\x18\0XTERM\xff\xf0\xff\xfa\x18\0MTTS "
      "271\xff\xf0"s;
  const std::string gmcp =
      "\xff\xfd\xc9\xff\xfa\xc9"
      "Core.Hello {\"client\":\"Mudlet\",\"version\":\"4.19\"}\xff\xf0\xff\xfa\xc9"
      "Core.Supports.Set [\"Char 1\",\"Char.Login 2\"]\xff\xf0\xff\xfa\xc9"
      "Char.Login.Credentials {\"account\":\"Anna\",\"password\":\"geheim\"}\xff\xf0\xff\xfa\xc9"
      "Core.Ping\xff\xf0";
  const std::string edits =
      "one two\x17\x15go we\xff\xf7st\xff\xff!\xff\xf8north\r\n\xff\xf6norxx\b\x7fth\r\0\xff\xfe\x01"s;
  Script login;
  login.says(gmcp.substr(0, 60)).then(Op::kAnswerHello, 0).then(Op::kLogin, GW_LOGIN_OPEN).then(Op::kMove);
  login.says(gmcp.substr(60)).then(Op::kLogin, GW_LOGIN_SIGNED_IN).then(Op::kLogin, GW_LOGIN_TOKEN).then(Op::kText, 1);
  Script prompts(1);
  prompts.says("\xff\xfd\x01").then(Op::kAnswerHello, 0).then(Op::kPrompt, 128 + 6).says("secret\r\n", Op::kBytes);
  prompts.then(Op::kText, 5).then(Op::kMove).then(Op::kEndTurn).then(Op::kWait, 4).then(Op::kCloseBegin, 129);
  Script busy(2);
  busy.then(Op::kAnswerHello, 0).then(Op::kSubmitResult, 1).says("kept\nwaiting\n").then(Op::kMove).then(Op::kWait, 2);
  busy.then(Op::kSubmitResult, 0).then(Op::kOutput, 1).says("\xff\xf6").then(Op::kMove).then(Op::kOutput, 0);
  busy.says(
          "caf\xe9\n\xfc"
          "ber\n")
      .then(Op::kText, 5)
      .then(Op::kChargeLimit, 1)
      .says("\xff\xf1\xff\xf1");
  Script shout;
  shout.then(Op::kAnswerHello, 0).says(std::string(4200, 'x')).says("\r\n").then(Op::kEof);
  return {bytes(mudlet),
          moved(mudlet + "look\r\n"),
          moved(edits),
          login.bytes(),
          prompts.bytes(),
          busy.bytes(),
          shout.bytes(),
          "\x02\x01\x04\x06\x02\x01\x01",
          "\x02\x02\x06\x01\x04look\0\x06\x01\x01\0"s};
}

// --- websocket

OpenOptions stream(std::string_view subprotocol) {
  OpenOptions options;
  options.subprotocol = subprotocol;
  return options;
}

void websocketChannel(std::string_view input) {
  static const ChannelUnderFuzz kChannel{
      .plugin = sdk::pluginTable<websocket::WebSocketChannel>(),
      .options = {"{}", R"({"messageIsLine":true,"lenientSubprotocol":true})"},
      .streams = {stream(websocket::kGatewayV1Name), stream(websocket::kTerminalName)},
      .methods = {"GET"},
      .paths = {"/ws"},
      .headers = {"upgrade", "connection", "sec-websocket-version", "sec-websocket-key", "sec-websocket-protocol",
                  "sec-websocket-extensions"}};
  fuzzChannel(kChannel, input);
}

/// A request as fuzzRequest reads it: method and path 0, no query, then the headers by number.
std::string request(std::initializer_list<std::pair<uint8_t, std::string_view>> headers, std::string_view query = {},
                    uint8_t answer = 0, std::string_view body = {}, std::string_view methodAndPath = {"\0\0", 2}) {
  const auto piece = [](std::string_view text) { return static_cast<char>(text.size()) + std::string(text); };
  std::string out = "\x03" + std::string(methodAndPath) + piece(query) + static_cast<char>(headers.size());
  for (const auto& [number, value] : headers) out += static_cast<char>(number) + piece(value);
  return out + static_cast<char>(answer) + piece(body);
}

std::vector<std::string> websocketSeeds() {
  const std::string fragments = clientFrame(Opcode::kText, "{\"a\":\"\xE2\x82", false) +
                                clientFrame(Opcode::kPing, "there?") +
                                clientFrame(Opcode::kContinuation, "\xAC \xF0\x9F", false, {9, 8, 7, 6}) +
                                clientFrame(Opcode::kContinuation, "\x98\x80\"}");
  const std::string lines = clientFrame(Opcode::kBinary, "an\b\x1b[Ana\r\nsec\x15ret\r\nlo") +
                            clientFrame(Opcode::kText, "ok \xC3", false) + clientFrame(Opcode::kContinuation, "\xA9\r");
  const std::string close = clientFrame(Opcode::kClose, websocket::test::closePayload(1001, "bye"));
  Script silence;
  silence.then(Op::kWait, 6).then(Op::kOutput, 1).says(clientFrame(Opcode::kPing, "p")).then(Op::kMove);
  silence.then(Op::kOutput, 0).then(Op::kWait, 6).then(Op::kWait, 6).then(Op::kCloseBegin, 1);
  Script refused;
  refused.then(Op::kFrameResult, 1).says(fragments).then(Op::kMove).then(Op::kFrameResult, 0).then(Op::kText, 1);
  refused.then(Op::kNotice, 2).then(Op::kFrameResult, 2).says(clientFrame(Opcode::kText, "no")).then(Op::kData, 1);
  Script terminal(2);
  terminal.then(Op::kAnswerHello, 0).then(Op::kPrompt, 6).then(Op::kText, 1).then(Op::kEndTurn);
  const std::string upgrade = request({{0, "websocket"},
                                       {1, "keep-alive, Upgrade"},
                                       {2, "13"},
                                       {3, "dGhlIHNhbXBsZSBub25jZQ=="},
                                       {4, "gateway.v1, terminal.mudstandards.org"}});
  const std::string frame = clientFrame(Opcode::kText, R"({"type":"req"})");
  return {bytes(fragments + close),
          moved(fragments + close),
          bytes(lines, terminal),
          moved(lines + close, Script(3)),
          silence.bytes(),
          refused.bytes(),
          upgrade,
          upgrade + Script().says(frame).bytes().substr(1),
          "\x02\x05\x0c\x01\x01\x01\x02\x01\x01\x07\x03xyz\0\0"s,
          "\x82\x81"};
}

// --- sse

void sseChannel(std::string_view input) {
  static const ChannelUnderFuzz kChannel{
      .plugin = sdk::pluginTable<sse::SseChannel>(),
      .options = {"{}", R"({"heartbeatInterval":"1s"})"},
      .streams = {OpenOptions{"127.0.0.1:50000", "127.0.0.1:4000", "default", {}, {}, 0, false, true}},
      .hasInput = false,
      .methods = {"GET", "POST"},
      .paths = {"/events", "/rpc"},
      .headers = {"authorization", "cookie", "last-event-id", "content-type", "origin"}};
  fuzzChannel(kChannel, input);
}

std::vector<std::string> sseSeeds() {
  Script beats;
  beats.then(Op::kText, 1).then(Op::kWait, 5).then(Op::kMove).then(Op::kOutput, 1).then(Op::kWait, 5);
  beats.then(Op::kOutput, 0).then(Op::kWait, 6).then(Op::kText, 65).then(Op::kMove).then(Op::kData, 1);
  beats.then(Op::kCloseBegin, 1);
  const std::string_view rpc = "\1\1"sv;
  return {beats.bytes(),
          request({{0, "Bearer abc.def"}, {2, "3.14"}}),
          request({{1, "a=b; gw_0123456789abcdef=token; c=d"}}, "attach=xyz%20&lastEventId=1.2"),
          request({{0, "bearer  t"}, {3, "application/json; charset=utf-8"}}, {}, 0,
                  R"({"type":"req","id":1,"method":"ping"})", rpc),
          request({{3, "text/plain"}}, {}, 2, "x", rpc),
          request({{0, "Bearer t"}}, {}, 0) + beats.bytes().substr(1),
          "\x02\x01\x01\x01\x02\x01\x05\0"s};
}

// --- gopher, an example of the SDK

void gopherChannel(std::string_view input) {
  static const ChannelUnderFuzz kChannel{sdk::pluginTable<gopher::GopherChannel>(),
                                         {"{}", R"({"hostname":"example.org","port":70,"about":".a\n"})"}};
  fuzzChannel(kChannel, input);
}

std::vector<std::string> gopherSeeds() {
  Script play;
  play.says("/play/AAAAA-BBBBB\tsay hi\t+\r\n").then(Op::kAnswerHello, 0).then(Op::kLogin, GW_LOGIN_OPEN);
  play.then(Op::kMove).then(Op::kWait, 0).then(Op::kNotice, 0).then(Op::kMove).then(Op::kWait, 0);
  play.then(Op::kText, 128 + 15).then(Op::kText, 4).then(Op::kMove).then(Op::kWait, 3);
  Script refused;
  refused.says("/enter\tguest\n").then(Op::kLogin, GW_LOGIN_OPEN).then(Op::kAnswerHello, 0).then(Op::kWait, 2);
  refused.then(Op::kText, 129).then(Op::kLogin, GW_LOGIN_OPEN).then(Op::kMove).then(Op::kWait, 0);
  Script door(1);
  door.says("/welcome\r\n").then(Op::kAnswerHello, 0).then(Op::kText, 4).then(Op::kMove).then(Op::kCloseBegin, 129);
  return {moved("/about\r\n"),
          bytes("\r\n"),
          play.bytes(),
          refused.bytes(),
          door.bytes(),
          "\x02\x03\x04/abc\0"s,
          "\x02\x01\x01\x04\x02\x01\x02\x05\x03"
          "A-1\0"s};
}

}  // namespace

const std::vector<Target>& channelTargets() {
  static const std::vector<Target> all{{"telnet", telnet, telnetSeeds},
                                       {"websocket", websocketChannel, websocketSeeds},
                                       {"sse", sseChannel, sseSeeds},
                                       {"gopher", gopherChannel, gopherSeeds}};
  return all;
}

}  // namespace gw::fuzz
