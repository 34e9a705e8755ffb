// People on different channels, with the programs that people use, talk to each other.

#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/WebSocket.h>

#include "integration/gateway_fixture.h"
#include "support/http_client.h"
#include "support/pty_program.h"
#include "support/v1_client.h"

namespace gw::test {
namespace {

using Json = nlohmann::json;

class Conversation : public GatewayTest {
 protected:
  void SetUp() override { launch(); }
};

std::string nameOf(const Json& hello) { return hello.at("session").at("character").at("name").get<std::string>(); }

/// `curl -N` on the event stream of a session.
std::unique_ptr<ChildProcess> curlEvents(const GatewayProcess& gateway, const std::string& accessToken) {
  return std::make_unique<ChildProcess>(
      std::vector<std::string>{"curl", "-sN", "-H", "Authorization: Bearer " + accessToken,
                               "http://127.0.0.1:" + std::to_string(gateway.httpPort()) + "/events"},
      gateway.folder());
}

Outcome curlRpc(const GatewayProcess& gateway, const std::string& accessToken, const std::string& frame) {
  std::vector<std::string> argv{"curl", "-s", "-H", "Content-Type: application/json"};
  if (!accessToken.empty()) argv.insert(argv.end(), {"-H", "Authorization: Bearer " + accessToken});
  argv.insert(argv.end(), {"-d", frame, "http://127.0.0.1:" + std::to_string(gateway.httpPort()) + "/rpc"});
  return run(std::move(argv), gateway.folder());
}

}  // namespace

TEST_F(Conversation, CrossesTelnetWebSocketAndSse) {
  TelnetClient telnet(gateway().telnetPort());
  const std::string anna = telnet.enterAsGuest();
  V1Client ws(gateway().httpPort());
  const std::string ben = nameOf(ws.enterAsGuest());
  telnet.expect(ben + " arrives.\n");

  const Outcome connected =
      curlRpc(gateway(), "", R"({"type":"req","id":"1","method":"connect","params":{"auth":{"guest":true}}})");
  ASSERT_EQ(connected.exit, 0) << connected.err;
  const Json hello = Json::parse(connected.out).at("payload");
  const std::string carl = nameOf(hello);
  const std::string token = hello.at("session").at("accessToken");
  const auto curl = curlEvents(gateway(), token);
  curl->readUntil("You are in lobby.");
  telnet.expect(carl + " arrives.\n");

  telnet.sendLine("say hello from telnet");
  EXPECT_EQ(telnet.expect("from telnet\n"), "You say: hello from telnet\n");
  EXPECT_EQ(ws.expect("hello from").at("payload").at("text"), anna + " says: hello from telnet");
  curl->readUntil("\"text\":\"" + anna + " says: hello from telnet\"");

  ws.command("say hello from a browser");
  EXPECT_EQ(telnet.expect("a browser\n"), ben + " says: hello from a browser\n");
  EXPECT_EQ(ws.expect("a browser").at("payload").at("text"), "You say: hello from a browser");
  curl->readUntil("\"text\":\"" + ben + " says: hello from a browser\"");

  const Outcome said =
      curlRpc(gateway(), token,
              R"({"type":"req","id":"2","method":"command","params":{"text":"say hello from curl","clientSeq":1}})");
  EXPECT_EQ(Json::parse(said.out).at("payload").at("duplicate"), false) << said.out;
  EXPECT_EQ(telnet.expect("from curl\n"), carl + " says: hello from curl\n");
  EXPECT_EQ(ws.expect("from curl").at("payload").at("text"), carl + " says: hello from curl");
  curl->readUntil("\"text\":\"You say: hello from curl\"");
}

// A program counts its commands; sent again after a lost answer, one is carried out once.
TEST_F(Conversation, ACommandSentTwiceIsSaidOnce) {
  V1Client listener(gateway().httpPort());
  listener.enterAsGuest();
  RpcClient rpc(gateway().httpPort());
  rpc.connect({{"auth", {{"guest", true}}}, {"device", {{"id", "d1"}}}});
  EXPECT_EQ(rpc.request("command", {{"text", "say once"}, {"clientSeq", 1}}).at("duplicate"), false);
  EXPECT_EQ(rpc.request("command", {{"text", "say once"}, {"clientSeq", 1}}).at("duplicate"), true);
  const Json conflict = rpc.tryRequest("command", {{"text", "say far"}, {"clientSeq", 5}});
  EXPECT_EQ(conflict.at("error").at("code"), "CONFLICT") << conflict;
  EXPECT_EQ(conflict.at("error").at("details").at("expected"), 2) << conflict;
  rpc.request("command", {{"text", "say then"}, {"clientSeq", 2}});
  listener.expect("says: once");
  size_t others = 0;
  for (Json event = *listener.next();; event = *listener.next()) {
    const std::string text = event.at("payload").value("text", "");
    if (text.find("says: then") != std::string::npos) break;
    others += text.find("says:") != std::string::npos;
  }
  EXPECT_EQ(others, 0u);
}

TEST_F(Conversation, InetutilsTelnetRegistersWithHiddenPasswordAndTalks) {
  V1Client ws(gateway().httpPort());
  const std::string ben = nameOf(ws.enterAsGuest());
  PtyProgram telnet({"telnet", "127.0.0.1", std::to_string(gateway().telnetPort())}, gateway().folder());
  telnet.expect("Name: ");
  telnet.typeLine("new");
  telnet.expect("Choose a name");
  telnet.typeLine("Dora");
  telnet.expect("Choose a password");
  waitUntil("telnet stops echoing", [&] { return !telnet.doesEcho(); });
  telnet.typeLine("sesame-open-7");
  telnet.expect("The same password again");
  telnet.typeLine("sesame-open-7");
  const std::string seen = telnet.expect("Name your character [Dora]: ");
  EXPECT_EQ(seen.find("sesame"), std::string::npos) << seen;
  waitUntil("telnet echoes again", [&] { return telnet.doesEcho(); });
  telnet.typeLine("");
  telnet.expect("Welcome, Dora! Type help for the commands.");
  ws.expect("Dora arrives.");
  telnet.typeLine("say good evening");
  telnet.expect("You say: good evening");
  EXPECT_EQ(ws.expect("good evening").at("payload").at("text"), "Dora says: good evening");
  ws.command("say good night");
  telnet.expect(ben + " says: good night");
  telnet.typeLine("quit");
  telnet.expect("Connection closed by foreign host.");
  telnet.waitExit();
}

TEST_F(Conversation, TinTinPlusPlusTalks) {
  V1Client ws(gateway().httpPort());
  const std::string ben = nameOf(ws.enterAsGuest());
  PtyProgram tintin({"tt++", "-G", "-e", "#session gw 127.0.0.1 " + std::to_string(gateway().telnetPort())},
                    gateway().folder());
  tintin.expect("Name:");
  tintin.typeLine("guest");
  const std::string greeting = tintin.expect("Type help for the commands.");
  const std::string name = Json(ws.expect("arrives.").at("payload")).at("from");
  EXPECT_NE(greeting.find("Welcome, " + name + "!"), std::string::npos) << greeting;
  tintin.typeLine("say hello from tintin");
  tintin.expect("You say: hello from tintin");
  EXPECT_EQ(ws.expect("from tintin").at("payload").at("text"), name + " says: hello from tintin");
  ws.command("say welcome aboard");
  tintin.expect(ben + " says: welcome aboard");
}

TEST_F(Conversation, PocosWebSocketClientTalks) {
  TelnetClient telnet(gateway().telnetPort());
  const std::string anna = telnet.enterAsGuest();
  Poco::Net::HTTPClientSession http("127.0.0.1", gateway().httpPort());
  Poco::Net::HTTPRequest request("GET", "/ws", "HTTP/1.1");
  request.set("Sec-WebSocket-Protocol", "gateway.v1");
  Poco::Net::HTTPResponse response;
  Poco::Net::WebSocket ws(http, request, response);
  EXPECT_EQ(response.get("Sec-WebSocket-Protocol", ""), "gateway.v1");
  ws.setReceiveTimeout(Poco::Timespan(30, 0));
  const auto send = [&](const Json& frame) {
    const std::string text = frame.dump();
    ws.sendFrame(text.data(), static_cast<int>(text.size()));
  };
  const auto receive = [&](const std::string& part) {
    for (;;) {
      std::string text(65536, '\0');
      int flags = 0;
      const int n = ws.receiveFrame(text.data(), static_cast<int>(text.size()), flags);
      if (n <= 0) throw std::runtime_error("closed before " + part);
      text.resize(static_cast<size_t>(n));
      if (text.find(part) != std::string::npos) return text;
    }
  };
  send({{"type", "req"}, {"id", "1"}, {"method", "connect"}, {"params", {{"auth", {{"guest", true}}}}}});
  receive("reconnectToken");
  telnet.sendLine("say hello Poco");
  receive(anna + " says: hello Poco");
  send({{"type", "req"}, {"id", "2"}, {"method", "command"}, {"params", {{"text", "say hello telnet"}}}});
  telnet.expect(" says: hello telnet\n");
  ws.shutdown();
}

// One session, three connections: every event on each, and one that goes takes none of the others along.
TEST_F(Conversation, OneSessionOnThreeChannelsGetsEachEventOnEach) {
  V1Client ws(gateway().httpPort());
  const Json hello = ws.enterAsNew("Emma", "sesame-open-7");
  SseStream sse(gateway().httpPort(), hello.at("session").at("accessToken"));
  ASSERT_EQ(sse.status(), 200);
  TelnetClient telnet(gateway().telnetPort());
  telnet.expect("Name: ");
  telnet.sendLine("Emma");
  telnet.expect("Password: ");
  telnet.sendLine("sesame-open-7");
  telnet.expect("You take over your session.\n");

  V1Client other(gateway().httpPort());
  const std::string ben = nameOf(other.enterAsGuest());
  other.command("say to all of you");
  const Json event = ws.expect("to all of you");
  EXPECT_EQ(sse.expect("to all of you").id, event.at("position").get<std::string>());
  telnet.expect(ben + " says: to all of you\n");

  ws.ws().socket().reset();
  other.command("say still there");
  sse.expect("still there");
  telnet.expect(ben + " says: still there\n");
  telnet.socket().reset();
  other.command("say and now");
  sse.expect("and now");
  const Json sessions = gateway().gwctlJson({"session", "list", "--user", "Emma"});
  ASSERT_EQ(sessions.at("items").size(), 1u) << sessions;
  EXPECT_EQ(sessions.at("items")[0].at("state"), "playing");
}

}  // namespace gw::test
