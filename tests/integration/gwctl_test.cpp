// gwctl against the real process: what operators type, what it does to players, and the exit codes that
// scripts rely on.

#include <sys/stat.h>

#include "integration/gateway_fixture.h"
#include "support/v1_client.h"

namespace gw::test {
namespace {

using Json = nlohmann::json;

class Gwctl : public GatewayTest {
 protected:
  void SetUp() override { launch(); }
  int exitOf(std::vector<std::string> arguments) { return gateway().gwctl(std::move(arguments)).exit; }
  std::string outOf(std::vector<std::string> arguments) {
    const Outcome outcome = gateway().gwctl(std::move(arguments));
    EXPECT_EQ(outcome.exit, 0) << outcome.out << outcome.err;
    return outcome.out;
  }
  std::string sessionOf(const std::string& user) {
    const Json items = gateway().gwctlJson({"session", "list", "--user", user}).at("items");
    return items.size() == 1 ? items[0].at("id").get<std::string>() : "";
  }
};

}  // namespace

TEST_F(Gwctl, StatusHealthAndVersionTellOfARunningGateway) {
  V1Client ws(gateway().httpPort());
  ws.enterAsGuest();
  EXPECT_EQ(outOf({"status"}).rfind("healthy: all is well", 0), 0u);
  waitUntil("status counts the player", [&] {
    const Json status = gateway().gwctlJson({"status"});
    return status.at("sessions").at("playing") == 1 && status.at("health").at("connections") == 1;
  });
  const Json status = gateway().gwctlJson({"status"});
  EXPECT_EQ(status.at("pid"), gateway().pid());
  EXPECT_EQ(status.at("configFile"), gateway().configFile());
  EXPECT_EQ(exitOf({"health", "--strict"}), 0);
  EXPECT_EQ(gateway().gwctlJson({"health"}).at("status"), "healthy");
  EXPECT_EQ(gateway().gwctlJson({"version"}).at("apiVersion"), 1);
  const Json plugins = gateway().gwctlJson({"plugin", "list"}).at("items");
  EXPECT_EQ(plugins.size(), 3u) << plugins;
  EXPECT_EQ(gateway().gwctlJson({"plugin", "show", "telnet"}).at("state"), "loaded");
}

TEST_F(Gwctl, ChannelStopEndsItsConnectionsAloneAndStartBringsThePortBack) {
  V1Client ws(gateway().httpPort());
  ws.enterAsGuest();
  const uint16_t port = gateway().telnetPort();
  TelnetClient telnet(port);
  telnet.enterAsGuest();
  outOf({"channel", "stop", "telnet:default"});
  telnet.readToEnd();
  EXPECT_THROW(TelnetClient{port}, std::runtime_error);
  EXPECT_EQ(gateway().gwctlJson({"channel", "show", "telnet:default"}).at("state"), "stopped");
  EXPECT_EQ(exitOf({"health"}), 0) << "stopped on purpose is no fault";
  EXPECT_EQ(exitOf({"channel", "stop", "telnet:default"}), 6);
  ws.command("say unharmed");
  ws.expect("You say: unharmed");
  outOf({"channel", "start", "telnet:default"});
  const Json shown = gateway().gwctlJson({"channel", "show", "telnet:default"});
  EXPECT_EQ(shown.at("state"), "running");
  const std::string address = shown.at("addresses").at(0);
  TelnetClient again(static_cast<uint16_t>(std::stoul(address.substr(address.rfind(':') + 1))));
  again.enterAsGuest();
  EXPECT_EQ(exitOf({"channel", "start", "telnet:default"}), 6);
  EXPECT_EQ(exitOf({"channel", "start", "telnet:nobody"}), 5);
}

TEST_F(Gwctl, SessionVerbsReachTheirSession) {
  V1Client ws(gateway().httpPort());
  ws.enterAsNew("Lena", "sesame-open-7");
  ws.expect("You are in lobby.");
  const std::string id = sessionOf("Lena");
  ASSERT_FALSE(id.empty());
  EXPECT_NE(outOf({"session", "list"}).find("Lena"), std::string::npos);
  const Json shown = gateway().gwctlJson({"session", "show", id});
  EXPECT_EQ(shown.at("userName"), "Lena");
  EXPECT_EQ(shown.at("state"), "playing");
  ASSERT_EQ(shown.at("connections").size(), 1u);
  const Json connection = shown.at("connections").at(0);
  EXPECT_EQ(connection.at("protocol"), "websocket");
  EXPECT_EQ(connection.at("healthy"), true);
  EXPECT_EQ(connection.at("device"), "");
  EXPECT_TRUE(connection.at("cursor").at("seq").is_number()) << connection;
  EXPECT_GT(connection.at("outBytes").get<uint64_t>(), 0u);
  EXPECT_EQ(shown.at("rooms"), Json({"lobby"}));
  outOf({"session", "send", id, "hello", "from", "the", "operator"});
  EXPECT_EQ(ws.expect("operator").at("payload").at("text"), "hello from the operator");
  const std::string token = ws.reconnectToken();
  const Position at = ws.position();
  outOf({"session", "disconnect", id, "--reason", "upgrade"});
  EXPECT_EQ(ws.readToClose(), 1001);
  EXPECT_EQ(gateway().gwctlJson({"session", "show", id}).at("state"), "disconnected");
  V1Client back(gateway().httpPort());
  EXPECT_EQ(back.resume(token, "a1", at).at("session").at("id"), id);
  const std::string next = back.reconnectToken();
  outOf({"session", "close", id, "--reason", "enough"});
  EXPECT_EQ(back.expectEvent("closed").at("payload"), Json({{"code", 1008}, {"retry", false}}));
  EXPECT_EQ(back.readToClose(), 1008);
  EXPECT_EQ(exitOf({"session", "show", id}), 5);
  V1Client late(gateway().httpPort());
  const Json refused =
      late.tryRequest("connect", {{"resume", {{"token", next}, {"attempt", "a2"}, {"epoch", 1}, {"lastSeq", 0}}}});
  EXPECT_EQ(refused.at("error").at("code"), "UNAUTHORIZED") << refused;
  EXPECT_EQ(exitOf({"session", "show", "00000000-0000-0000-0000-000000000000"}), 5);
  EXPECT_EQ(exitOf({"session", "send", "rubbish", "hi"}), 5);
}

TEST_F(Gwctl, AMutedUserIsHeardAgainWhenUnmuted) {
  V1Client ws(gateway().httpPort());
  ws.enterAsNew("Lena", "sesame-open-7");
  ws.expect("You are in lobby.");
  outOf({"user", "mute", "lena", "--for", "10m"});
  ws.command("say hush");
  ws.expect("You are muted: nobody would hear you.");
  const Json muted = gateway().gwctlJson({"user", "list"}).at("items").at(0);
  EXPECT_EQ(muted.at("muted"), true) << muted;
  EXPECT_FALSE(muted.at("mutedUntilAt").is_null()) << muted;
  outOf({"user", "unmute", "Lena"});
  ws.command("say there you are");
  ws.expect("You say: there you are");

  V1Client visitor(gateway().httpPort());
  const std::string guest = visitor.enterAsGuest().at("session").at("character").at("name");
  outOf({"user", "mute", guest});
  visitor.command("say me too");
  visitor.expect("You are muted: nobody would hear you.");
  EXPECT_EQ(exitOf({"user", "mute", "Nobody"}), 5);
}

TEST_F(Gwctl, ConnectionCloseLeavesTheSessionsOthersOpen) {
  V1Client ws(gateway().httpPort());
  ws.enterAsNew("Mona", "sesame-open-7");
  TelnetClient telnet(gateway().telnetPort());
  telnet.expect("Name: ");
  telnet.sendLine("Mona");
  telnet.expect("Password: ");
  telnet.sendLine("sesame-open-7");
  telnet.expect("You take over your session.\n");
  const Json all = gateway().gwctlJson({"connection", "list", "--session", sessionOf("Mona")}).at("items");
  ASSERT_EQ(all.size(), 2u) << all;
  const Json mine = gateway().gwctlJson({"connection", "list", "--account", "telnet:default"}).at("items");
  ASSERT_EQ(mine.size(), 1u);
  const std::string id = mine[0].at("id");
  EXPECT_EQ(gateway().gwctlJson({"connection", "show", id}).at("userName"), "Mona");
  outOf({"connection", "close", id});
  telnet.readToEnd();
  ws.command("say still here");
  ws.expect("You say: still here");
  telnet.socket().close();
  waitUntil("the connection has gone", [&] { return exitOf({"connection", "show", id}) == 5; });
}

TEST_F(Gwctl, ALockedUserLeavesNoSessionThatATokenResumes) {
  gateway().configure(R"({"limits": {"sessionInMemory": "0s"}})");
  ASSERT_EQ(gateway().stop(), 0);
  gateway().start();
  V1Client here(gateway().httpPort());
  here.enterAsNew("Olga", "sesame-open-7");
  V1Client away(gateway().httpPort());
  away.enterAsNew("Paul", "sesame-open-7");
  away.expect("You are in lobby.");
  away.ws().socket().reset();
  waitUntil("the session is in the store alone", [&] {
    const Json items = gateway().gwctlJson({"session", "list", "--user", "Paul"}).at("items");
    return items.size() == 1 && items[0].at("loop").is_null();
  });
  outOf({"user", "lock", "olga", "--reason", "enough"});
  EXPECT_EQ(here.readToClose(), 1008);
  outOf({"user", "lock", "Paul"});
  for (V1Client* client : {&here, &away}) {
    V1Client back(gateway().httpPort());
    const Json refused = back.tryRequest(
        "connect", {{"resume", {{"token", client->reconnectToken()}, {"attempt", "a"}, {"epoch", 1}, {"lastSeq", 0}}}});
    EXPECT_EQ(refused.at("error").at("code"), "UNAUTHORIZED") << refused;
  }
  V1Client again(gateway().httpPort());
  const Json login = {{"auth", {{"username", "Olga"}, {"password", "sesame-open-7"}}}, {"character", "Olga"}};
  EXPECT_EQ(again.tryRequest("connect", login).at("error").at("details").at("reason"), "accountLocked");
  outOf({"user", "unlock", "Olga"});
  V1Client pardoned(gateway().httpPort());
  pardoned.login("Olga", "sesame-open-7");
}

TEST_F(Gwctl, ABannedUserIsClosedAndKeptOutUntilItIsLifted) {
  V1Client ws(gateway().httpPort());
  ws.enterAsNew("Nina", "sesame-open-7");
  const Json ban = gateway().gwctlJson({"ban", "add", "user", "Nina", "--reason", "test"});
  EXPECT_EQ(ws.readToClose(), 1008);
  V1Client again(gateway().httpPort());
  const Json refused = again.tryRequest(
      "connect", {{"auth", {{"username", "Nina"}, {"password", "sesame-open-7"}}}, {"character", "Nina"}});
  EXPECT_EQ(refused.at("error").at("code"), "FORBIDDEN") << refused;
  EXPECT_EQ(gateway().gwctlJson({"ban", "list"}).at("items").size(), 1u);
  outOf({"ban", "remove", ban.at("id")});
  V1Client pardoned(gateway().httpPort());
  pardoned.login("Nina", "sesame-open-7");
  const Json users = gateway().gwctlJson({"user", "list"}).at("items");
  ASSERT_EQ(users.size(), 1u);
  EXPECT_EQ(users[0].at("name"), "Nina");
}

TEST_F(Gwctl, ABannedAddressIsKeptOutAndOthersAreNot) {
  outOf({"ban", "add", "address", "127.0.7.0/24"});
  bool isOut = false;
  try {
    TelnetClient banned(gateway().telnetPort(), "127.0.7.9");
    banned.expect("Name: ", Ms(10'000));
  } catch (const std::exception& problem) {
    isOut = std::string(problem.what()).rfind("closed", 0) == 0;
  }
  EXPECT_TRUE(isOut);
  TelnetClient other(gateway().telnetPort(), "127.0.8.9");
  other.enterAsGuest();
  EXPECT_EQ(exitOf({"ban", "add", "address", "no-address"}), 2);
}

TEST_F(Gwctl, BroadcastReachesEveryoneAndARoomItsMembers) {
  V1Client ws(gateway().httpPort());
  ws.enterAsGuest();
  TelnetClient telnet(gateway().telnetPort());
  telnet.enterAsGuest();
  telnet.sendLine("join garden");
  telnet.expect("You are in garden.");
  outOf({"broadcast", "dinner", "is", "ready"});
  ws.expect("dinner is ready");
  telnet.expect("dinner is ready\n");
  outOf({"broadcast", "--room", "garden", "roses"});
  telnet.expect("roses\n");
  outOf({"broadcast", "the end"});
  for (Json event = *ws.next();; event = *ws.next()) {
    const std::string text = event.at("payload").value("text", "");
    EXPECT_EQ(text.find("roses"), std::string::npos);
    if (text == "the end") break;
  }
}

TEST_F(Gwctl, ConfigCanBeReadCheckedAndReloaded) {
  EXPECT_EQ(gateway().gwctlJson({"config", "get"}).at("gatewayId"), "gw-test");
  outOf({"config", "validate", gateway().configFile()});
  const std::string bad = gateway().files().write("bad.json", R"({"loops": "x"})");
  const Outcome invalid = gateway().gwctl({"config", "validate", bad});
  EXPECT_EQ(invalid.exit, 7) << invalid.err;
  EXPECT_NE(invalid.err.find("/loops: expected 0..256"), std::string::npos) << invalid.err;
  gateway().configure(R"({"lobby": {"guests": false}, "loops": 2})");
  const Json plan = gateway().gwctlJson({"config", "reload"});
  EXPECT_EQ(plan.at("applied"), Json({"/lobby/guests"})) << plan;
  EXPECT_EQ(plan.at("needRestart"), Json({"/loops"})) << plan;
  gateway().configure(R"({"surprise": 1})");
  EXPECT_EQ(exitOf({"config", "reload"}), 7);
}

TEST_F(Gwctl, TokensOpenTheTcpApiByRole) {
  gateway().configure(R"({"admin": {"tcp": {"enabled": true, "bind": "loopback", "port": 0}}})");
  ASSERT_EQ(gateway().stop(), 0);
  gateway().start();
  ASSERT_NE(gateway().adminTcpPort(), 0);
  const std::string secret = outOf({"token", "create", "watcher", "--role", "view"});
  const std::string file = gateway().files().write("token", secret);
  const auto byTcp = [&](std::vector<std::string> arguments) {
    std::vector<std::string> argv{GWCTL_PROGRAM, "--tcp", "127.0.0.1:" + std::to_string(gateway().adminTcpPort()),
                                  "--token-file", file};
    argv.insert(argv.end(), arguments.begin(), arguments.end());
    return run(std::move(argv), gateway().folder());
  };
  EXPECT_EQ(byTcp({"status"}).exit, 0);
  EXPECT_EQ(byTcp({"broadcast", "hi"}).exit, 4) << "view may not";
  ASSERT_EQ(::chmod(file.c_str(), 0644), 0);
  EXPECT_EQ(byTcp({"status"}).exit, 4) << "others can read the file";
  ASSERT_EQ(::chmod(file.c_str(), 0600), 0);
  EXPECT_EQ(gateway().gwctlJson({"token", "list"}).at("items").size(), 1u);
  outOf({"token", "revoke", "watcher"});
  EXPECT_EQ(byTcp({"status"}).exit, 4);
  EXPECT_EQ(exitOf({"token", "revoke", "watcher"}), 5);
}

TEST_F(Gwctl, ShutdownIsAnnouncedCancelledAndCarriedOut) {
  V1Client ws(gateway().httpPort());
  ws.enterAsGuest();
  outOf({"shutdown", "--in", "1h", "--message", "Back at noon."});
  ws.expect("Back at noon.");
  EXPECT_EQ(gateway().gwctlJson({"status"}).at("shutdown").at("pending"), true);
  outOf({"shutdown", "--cancel"});
  EXPECT_EQ(gateway().gwctlJson({"status"}).at("shutdown").at("pending"), false);
  EXPECT_EQ(exitOf({"shutdown", "--cancel"}), 6);
  outOf({"shutdown"});
  EXPECT_EQ(ws.readToClose(), 1001);
  ws.ws().socket().close();
  EXPECT_EQ(gateway().waitExit(), 0);
  EXPECT_EQ(exitOf({"status"}), 3);
  expectStopped();
}

TEST_F(Gwctl, UsageErrorsExitWithTwo) {
  EXPECT_EQ(exitOf({"frobnicate"}), 2);
  EXPECT_EQ(exitOf({"session", "show"}), 2);
  EXPECT_EQ(exitOf({"status", "-o", "yaml"}), 2);
  EXPECT_EQ(exitOf({"--help"}), 0);
}

}  // namespace gw::test
