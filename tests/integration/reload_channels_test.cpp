// The gateway's own channels are reloaded under live clients: in the middle of a line, of a telnet command, of a
// WebSocket frame, between two fragments, with TLS and without; and nobody misses or hears anything twice.

#include <future>
#include <nlohmann/json.hpp>

#include "integration/gateway_fixture.h"
#include "support/http_client.h"
#include "support/tcp_client.h"
#include "support/tls_client.h"
#include "support/v1_client.h"

namespace gw::test {
namespace {

using Json = nlohmann::json;

/// A client's text frame as it goes over the wire.
std::string maskedFrame(const std::string& text, bool isWhole = true, int opcode = 1) {
  constexpr char kMask[4] = {0x12, 0x34, 0x56, 0x78};
  std::string frame(1, static_cast<char>((isWhole ? 0x80 : 0) | opcode));
  if (text.size() > 125) {
    frame += static_cast<char>(0x80 | 126);
    frame += static_cast<char>(text.size() >> 8);
    frame += static_cast<char>(text.size() & 0xff);
  } else {
    frame += static_cast<char>(0x80 | text.size());
  }
  frame.append(kMask, 4);
  for (size_t i = 0; i < text.size(); ++i) frame += static_cast<char>(text[i] ^ kMask[i % 4]);
  return frame;
}

std::string sayRequest(const std::string& id, const std::string& text) {
  return Json{{"type", "req"}, {"id", id}, {"method", "command"}, {"params", {{"text", "say " + text}}}}.dump();
}

class ReloadChannels : public GatewayTest {
 protected:
  void launchAll(int loops) {
    const Json tls{{"certificateFile", certificates_.file("cert.pem")}, {"keyFile", certificates_.file("cert.key")}};
    const auto local = Json{{"bind", "127.0.0.1"}, {"port", 0}};
    launch(Json{{"loops", loops},
                {"accounts",
                 {{{"channel", "telnet"}, {"account", "default"}, {"listen", local}},
                  {{"channel", "telnet"}, {"account", "tls"}, {"listen", local}, {"tls", tls}},
                  {{"channel", "websocket"}, {"account", "default"}, {"http", "main"}},
                  {{"channel", "sse"}, {"account", "default"}, {"http", "main"}}}}}
               .dump());
  }
  Json reload(const std::string& plugin) {
    const Outcome done = gateway().gwctl({"plugin", "reload", plugin, "-o", "json"});
    EXPECT_EQ(done.exit, 0) << plugin << ": " << done.out << done.err;
    return done.exit == 0 ? Json::parse(done.out) : Json::object();
  }

  const TestCertificates certificates_;
};

}  // namespace

TEST_F(ReloadChannels, ALineThatWasHalfTypedIsFinishedOnTheNewCode) {
  launchAll(2);
  TelnetClient plain(gateway().telnetPort());
  plain.enterAsGuest();
  TlsClient tls(gateway().portOf("telnet:tls"), certificates_.authority());
  tls.expect("Name: ");
  tls.send("guest\r\n");
  tls.expect("You are in lobby");
  plain.socket().send("say in pl");
  tls.send("say over T");
  const Json done = reload("telnet");
  EXPECT_EQ(done.at("moved"), 2) << done;
  plain.socket().send("ain text\r\n");
  plain.expect("You say: in plain text\n");
  tls.send("LS\r\n");
  tls.expect("You say: over TLS");
}

TEST_F(ReloadChannels, ATelnetCommandIsFinishedOnTheNewCode) {
  launchAll(1);
  TelnetClient client(gateway().telnetPort());
  client.enterAsGuest();
  client.socket().send("\xff\xfa\x1f\x01");  // IAC SB NAWS, and half a width
  EXPECT_EQ(reload("telnet").at("moved"), 1);
  client.socket().send(std::string("\x00\x00\x28\xff", 4));
  EXPECT_EQ(reload("telnet").at("moved"), 1);  // between IAC and SE
  client.socket().send("\xf0say done\r\n");
  client.expect("You say: done\n");
}

TEST_F(ReloadChannels, AFrameAndAMessageInFragmentsAreFinishedOnTheNewCode) {
  launchAll(2);
  V1Client client(gateway().httpPort());
  client.enterAsGuest();
  const std::string frame = maskedFrame(sayRequest("f1", "one frame"));
  for (const size_t cut : {size_t{1}, size_t{3}, size_t{20}}) {
    client.ws().socket().send(frame.substr(0, cut));
    EXPECT_EQ(reload("websocket").at("moved"), 1) << cut;
    client.ws().socket().send(frame.substr(cut));
    client.expect("You say: one frame");
  }
  const std::string text = sayRequest("f2", "zwei Stücke");
  const size_t inUmlaut = text.find("ü") + 1;  // between the bytes of a character
  client.ws().socket().send(maskedFrame(text.substr(0, inUmlaut), false));
  EXPECT_EQ(reload("websocket").at("moved"), 1);
  client.ws().socket().send(maskedFrame(text.substr(inUmlaut), true, 0));
  client.expect("You say: zwei Stücke");
}

TEST_F(ReloadChannels, NobodyMissesOrHearsTwiceWhatIsSaidMeanwhile) {
  launchAll(2);
  V1Client speaker(gateway().httpPort());
  speaker.enterAsGuest();
  TelnetClient telnet(gateway().telnetPort());
  telnet.enterAsGuest();
  RpcClient rpc(gateway().httpPort());
  (void)rpc.connect({{"auth", {{"guest", true}}}});
  SseStream sse(gateway().httpPort(), rpc.accessToken());
  ASSERT_EQ(sse.status(), 200);
  WsOptions options;
  options.subprotocol = "terminal.mudstandards.org";
  WsClient terminal(gateway().httpPort(), options);
  terminal.sendFrame(2, "guest\n");
  V1Client listener(gateway().httpPort());
  listener.enterAsGuest();
  constexpr int kRounds = 6;
  constexpr int kLines = 50;
  int said = 0;
  const char* const plugins[] = {"telnet", "websocket", "sse"};
  for (int round = 0; round < kRounds; ++round) {
    auto reloading = std::async(std::launch::async, [&] { return reload(plugins[round % 3]); });
    for (int i = 0; i < kLines; ++i) speaker.send("command", {{"text", "say line " + std::to_string(++said)}});
    speaker.expect("You say: line " + std::to_string(said));
    EXPECT_EQ(reloading.get().value("stayed", -1), 0) << plugins[round % 3];
  }
  const std::string last = "says: line " + std::to_string(said);
  const std::string heard = telnet.expect(last);
  size_t at = 0;
  for (int line = 1; line <= said; ++line) {
    at = heard.find("says: line " + std::to_string(line) + (line < said ? "\n" : ""), at);
    ASSERT_NE(at, std::string::npos) << "telnet missed line " << line;
    ++at;
  }
  for (int line = 1; line <= said; ++line) {
    const Json event = listener.expect("says: line ");
    ASSERT_NE(event.at("payload").at("text").get<std::string>().find("says: line " + std::to_string(line)),
              std::string::npos)
        << event;
  }
  EXPECT_EQ(listener.duplicates(), 0u);
  for (int line = 1; line <= said; ++line) {
    const SseEvent event = sse.expect("says: line ");
    ASSERT_NE(event.data.find("says: line " + std::to_string(line) + "\""), std::string::npos) << event.data;
  }
  terminal.sendFrame(2, "say I am a terminal\n");
  speaker.expect("says: I am a terminal");
}

}  // namespace gw::test
