// The gateway stops, is killed and comes back; reloads; refuses a second process on its state.

#include <signal.h>

#include "integration/gateway_fixture.h"
#include "support/http_client.h"
#include "support/v1_client.h"

namespace gw::test {
namespace {

using Json = nlohmann::json;

class Restart : public GatewayTest {};

}  // namespace

TEST_F(Restart, SigtermClosesWith1001AfterTheGoodbyeOnEveryChannel) {
  launch();
  V1Client ws(gateway().httpPort());
  ws.enterAsGuest();
  RpcClient rpc(gateway().httpPort());
  rpc.connect({{"auth", {{"guest", true}}}});
  SseStream sse(gateway().httpPort(), rpc.accessToken());
  TelnetClient telnet(gateway().telnetPort());
  telnet.enterAsGuest();
  gateway().signal(SIGTERM);
  const Json shutdown = ws.expectEvent("shutdown");
  EXPECT_EQ(shutdown.at("payload").at("text"), "The gateway is stopping. Your session is kept; come back soon.");
  EXPECT_GT(shutdown.at("payload").at("restartExpectedMs").get<int>(), 0);
  EXPECT_EQ(ws.readToClose(), 1001);
  sse.expect("The gateway is stopping.");
  const SseEvent closed = sse.expect("1001");
  EXPECT_EQ(closed.event, "closed");
  EXPECT_EQ(Json::parse(closed.data).at("retry"), true);
  telnet.expect("The gateway is stopping. Your session is kept; come back soon.\n");
  telnet.readToEnd();
  ws.ws().socket().close();
  sse.socket().close();
  telnet.socket().close();
  EXPECT_EQ(gateway().waitExit(), 0);
  EXPECT_EQ(gateway().log().find("cut off at the end"), std::string::npos) << gateway().log();
  expectStopped();
}

// What was said while nobody listened, before the stop, is there after the start; positions go on.
TEST_F(Restart, ACleanRestartLosesNothing) {
  launch();
  V1Client speaker(gateway().httpPort());
  speaker.enterAsGuest();
  V1Client ws(gateway().httpPort());
  ws.enterAsNew("Ida", "sesame-open-7");
  ws.expect("You are in lobby.");
  ws.command("join garden");
  ws.expect("You are in garden.");
  speaker.command("join garden");
  speaker.expect("You are in garden.");
  const std::string token = ws.reconnectToken();
  const Position at = ws.position();
  ws.ws().socket().reset();
  std::vector<std::string> said;
  for (int i = 0; i < 20; ++i) {
    said.push_back("says: while away " + std::to_string(i) + ".");
    speaker.command("say while away " + std::to_string(i) + ".");
  }
  speaker.expect("You say: while away 19.");
  speaker.ws().socket().close();
  ASSERT_EQ(gateway().stop(), 0);

  gateway().start();
  V1Client back(gateway().httpPort());
  const Json hello = back.resume(token, "a1", at);
  EXPECT_EQ(hello.at("session").at("resumed"), true);
  EXPECT_EQ(hello.at("session").at("epoch").get<uint64_t>(), at.epoch) << "a clean stop keeps the epoch";
  Position last = at;
  for (const std::string& line : said) {
    const Json event = back.expect("says: while away");
    EXPECT_NE(event.at("payload").at("text").get<std::string>().find(line), std::string::npos) << event;
    const Position here = Position::parse(event.at("position"));
    EXPECT_GT(here, last);
    last = here;
  }
  EXPECT_EQ(back.duplicates(), 0u);
  back.command("look");
  back.expect("You are in garden.");
  for (const Json& event : back.events()) EXPECT_NE(event.value("event", ""), "gap");
}

TEST_F(Restart, AfterKillTheSessionComesBackWithAHigherEpochAndAGap) {
  launch();
  V1Client ws(gateway().httpPort());
  ws.enterAsNew("Jonas", "sesame-open-7");
  ws.expect("You are in lobby.");
  const std::string token = ws.reconnectToken();
  const Position at = ws.position();
  // Written when it was left; the store's one worker has done that before it answers the registration.
  ws.ws().socket().reset();
  waitUntil("the session is Disconnected", [&] {
    return gateway().gwctlJson({"session", "list", "--user", "Jonas"}).at("items").at(0).at("state") == "disconnected";
  });
  V1Client other(gateway().httpPort());
  other.enterAsNew("Karla", "sesame-open-7");
  gateway().kill();
  gateway().start();
  V1Client back(gateway().httpPort());
  const Json answer = back.tryRequest(
      "connect", {{"resume", {{"token", token}, {"attempt", "a1"}, {"epoch", at.epoch}, {"lastSeq", at.seq}}}});
  ASSERT_EQ(answer.at("ok"), true) << answer;
  EXPECT_GT(back.session().at("epoch").get<uint64_t>(), at.epoch);
  EXPECT_EQ(back.expectEvent("gap").at("payload").at("reason"), "hostCrash");
  back.command("say I live");
  back.expect("You say: I live");
}

TEST_F(Restart, ASecondProcessOnTheSameStateIsRefusedByName) {
  launch();
  const Outcome second = gateway().startAndFail();
  EXPECT_EQ(second.exit, 1);
  EXPECT_NE(second.err.find("another gwhost (pid " + std::to_string(gateway().pid()) + ") uses this state directory"),
            std::string::npos)
      << second.err;
  V1Client ws(gateway().httpPort());
  ws.enterAsGuest();
}

TEST_F(Restart, SighupAppliesWhatCanBeAppliedAndKeepsConnections) {
  launch();
  V1Client ws(gateway().httpPort());
  ws.enterAsGuest();
  gateway().configure(R"({"lobby": {"guests": false}})");
  gateway().signal(SIGHUP);
  gateway().waitForLog("configuration reloaded");
  V1Client late(gateway().httpPort());
  const Json refused = late.tryRequest("connect", {{"auth", {{"guest", true}}}});
  EXPECT_EQ(refused.at("error").at("code"), "FORBIDDEN") << refused;
  ws.command("say unharmed");
  ws.expect("You say: unharmed");
}

TEST_F(Restart, AWrongConfigurationIsNotReloadedAndChangesNothing) {
  launch();
  gateway().configure(R"({"lobby": {"guests": false}, "surprise": 1})");
  gateway().signal(SIGHUP);
  gateway().waitForLog("the configuration was not reloaded");
  gateway().waitForLog("/surprise: unknown key");
  V1Client ws(gateway().httpPort());
  ws.enterAsGuest();
}

// A client that never reads its goodbye is cut off when the grace is over.
TEST_F(Restart, AClientThatStaysIsCutOffAtTheEndOfTheGrace) {
  launch(R"({"shutdown": {"grace": "300ms"}})");
  TelnetClient telnet(gateway().telnetPort());
  telnet.enterAsGuest();
  EXPECT_EQ(gateway().stop(), 0);
  expectStopped();
  EXPECT_NE(gateway().log().find("connections were cut off at the end of the grace"), std::string::npos)
      << gateway().log();
}

}  // namespace gw::test
