// Limits as their users meet them: who is turned away, with what words, and that it is counted.

#include "integration/gateway_fixture.h"
#include "support/tcp_client.h"
#include "support/v1_client.h"

namespace gw::test {
namespace {

class Limits : public GatewayTest {
 protected:
  uint64_t refusedBy(const std::string& limit) {
    return gateway().gwctlJson({"status"}).at("refused").at(limit).get<uint64_t>();
  }
};

TEST_F(Limits, OneConnectionTooManyOnAChannelEndsTheLeastUsedOneThere) {
  launch(R"({"limits": {"connectionsPerUserAndChannel": 2}})");
  V1Client first(gateway().httpPort());
  first.enterAsNew("Nora", "sesame-open-7");
  TelnetClient telnet(gateway().telnetPort());
  telnet.expect("Name: ");
  telnet.sendLine("Nora");
  telnet.expect("Password: ");
  telnet.sendLine("sesame-open-7");
  telnet.expect("You take over your session.");
  V1Client second(gateway().httpPort());
  second.login("Nora", "sesame-open-7");
  first.command("say still here");  // used more lately than the second one
  second.expect("You say: still here");
  EXPECT_EQ(refusedBy("connectionsPerUserAndChannel"), 0u);
  V1Client third(gateway().httpPort());
  third.login("Nora", "sesame-open-7");
  EXPECT_EQ(second.readToClose(), 1008);
  EXPECT_EQ(refusedBy("connectionsPerUserAndChannel"), 1u);
  third.command("say all the same");
  first.expect("You say: all the same");
  telnet.expect("You say: all the same");
}

TEST_F(Limits, WhoTypesNothingIsWarnedThenLeavesAndMayResume) {
  launch(R"({"limits": {"idleTimeout": "3s", "idleWarning": "1s", "exemptUsers": ["olga"]}})");
  V1Client exempt(gateway().httpPort());
  exempt.enterAsNew("Olga", "sesame-open-7");
  V1Client idle(gateway().httpPort());
  idle.enterAsNew("Paul", "sesame-open-7");
  idle.expect("You will be disconnected in 1 second unless you type something.");
  EXPECT_EQ(idle.readToClose(), 4003);
  EXPECT_EQ(refusedBy("idleTimeout"), 1u);
  V1Client back(gateway().httpPort());
  back.resume(idle.reconnectToken(), "attempt-1", idle.position());
  back.command("say here again");
  exempt.expect("Paul says: here again");
}

TEST_F(Limits, ASessionThatHasLastedLongEnoughEndsForGood) {
  launch(R"({"limits": {"sessionLifetime": "3s", "idleWarning": "1s"}})");
  V1Client client(gateway().httpPort());
  client.enterAsNew("Quin", "sesame-open-7");
  client.command("say busy");
  client.expect("Your session ends in 1 second");
  EXPECT_EQ(client.readToClose(), 1008);
  V1Client back(gateway().httpPort());
  EXPECT_THROW(back.resume(client.reconnectToken(), "attempt-1", client.position()), std::exception);
  EXPECT_EQ(refusedBy("sessionLifetime"), 1u);
}

// One budget for all connections of a user: a second one does not double it, and nobody else pays.
TEST_F(Limits, AUsersConnectionsShareTheUsersBudgetOfCommands) {
  launch(R"({"limits": {"commandRatePerUser": 0.01, "commandBurstPerUser": 3}})");
  V1Client first(gateway().httpPort());
  first.enterAsNew("Rita", "sesame-open-7");
  V1Client second(gateway().httpPort());
  second.login("Rita", "sesame-open-7");
  first.command("say one");
  second.command("say two");
  first.command("say three");
  const auto refused = second.tryRequest("command", {{"text", "say four"}, {"clientSeq", 1}});
  EXPECT_EQ(refused.at("error").at("code"), "RATE_LIMITED") << refused;
  EXPECT_GT(refused.at("error").at("retryAfterMs").get<int>(), 10'000) << refused;
  EXPECT_EQ(refusedBy("userCommandRate"), 1u);
  EXPECT_EQ(refusedBy("commandRate"), 0u);
  V1Client other(gateway().httpPort());
  other.enterAsNew("Sven", "sesame-open-7");
  other.command("say hello");
  first.expect("Sven says: hello");
}

TEST_F(Limits, AnAccountMayHaveARateOfItsOwn) {
  launch(R"({"accounts": [
    {"channel": "telnet", "account": "default", "commandRate": 0.01, "commandBurst": 4,
     "listen": {"bind": "127.0.0.1", "port": 0}},
    {"channel": "websocket", "account": "default", "http": "main"}]})");
  TelnetClient telnet(gateway().telnetPort());
  telnet.enterAsGuest();
  for (int i = 0; i < 4; ++i) telnet.sendLine("say " + std::to_string(i));
  telnet.expect("You type too fast; that line was not taken.");
  V1Client ws(gateway().httpPort());
  ws.enterAsGuest();
  for (int i = 0; i < 10; ++i) ws.command("say " + std::to_string(i));
  ws.expect("You say: 9");
}

TEST_F(Limits, WhoIsTurnedAwayAtTheDoorIsToldWhy) {
  launch(R"({"limits": {"unauthenticatedPerAddress": 1, "exemptAddresses": []}})");
  TelnetClient first(gateway().telnetPort());
  first.expect("Name: ");
  TelnetClient second(gateway().telnetPort());
  second.expect("Sorry, too many connections from this address that have not logged in. Please try again later.");
  second.readToEnd();
  EXPECT_EQ(refusedBy("unauthenticatedPerAddress"), 1u);
}

// Whoever of two comes first, one session plays in the end, and the other login has taken it over.
TEST_F(Limits, TwoLoginsAtTheSameInstantEndWithOneSession) {
  launch(R"({"loops": 2})");
  V1Client made(gateway().httpPort());
  made.enterAsNew("Tina", "sesame-open-7");
  made.request("logout");
  made.readToClose();
  for (int round = 0; round < 10; ++round) {
    V1Client one(gateway().httpPort()), two(gateway().httpPort());
    for (V1Client* client : {&one, &two})
      client->send("connect", {{"auth", {{"username", "Tina"}, {"password", "sesame-open-7"}}}, {"character", "Tina"}});
    const auto isIn = [](V1Client& client) {
      client.poll();
      return client.session().value("state", "") == "playing";
    };
    waitUntil("both are in", [&] { return isIn(one) && isIn(two); });
    EXPECT_EQ(one.session().at("id"), two.session().at("id"));
    const auto list = gateway().gwctlJson({"session", "list"});
    EXPECT_EQ(list.at("items").size(), 1u) << list;
    one.request("logout");
    two.readToClose();
  }
}

// More sessions than are saved at a time are due when the stop comes.
TEST_F(Limits, AStopRightAfterManyLoginsIsCleanAndKeepsThem) {
  launch(R"({"limits": {"unauthenticatedPerAddress": 2000, "connectionsPerAddress": 2000,
             "connectionBurstPerAddress": 2000}})");
  std::vector<std::unique_ptr<V1Client>> clients;
  for (int i = 0; i < 600; ++i) {
    clients.push_back(std::make_unique<V1Client>(gateway().httpPort()));
    clients.back()->enterAsGuest();
  }
  EXPECT_EQ(gateway().stop(), 0) << gateway().log();
  gateway().start();
  for (size_t i = 0; i < clients.size(); i += 100) {
    while (clients[i]->poll()) {
    }
    V1Client back(gateway().httpPort());
    back.resume(clients[i]->reconnectToken(), "attempt-1", clients[i]->position());
  }
}

}  // namespace
}  // namespace gw::test
