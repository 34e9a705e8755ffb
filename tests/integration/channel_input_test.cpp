// What the host promises to a channel that brings hello and numbered commands without any JSON of its own
// (gw/host.h): each command once, whatever becomes of its connection, and an answer to every token.

#include <sys/stat.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "integration/gateway_fixture.h"
#include "support/tcp_client.h"
#include "support/v1_client.h"

namespace gw::test {
namespace {

using Json = nlohmann::json;

class ChannelInput : public GatewayTest {
 protected:
  void SetUp() override {
    std::filesystem::copy_file(testPlugin("asking"), plugins_.file("asking.so"));
    ASSERT_EQ(::chmod(plugins_.file("asking.so").c_str(), 0755), 0);
    const Json asking{{"channel", "asking"}, {"account", "default"}, {"listen", {{"bind", "127.0.0.1"}, {"port", 0}}}};
    launch(Json{{"loops", 2},
                {"plugins", {{"dirs", {pluginFolder(), plugins_.path()}}}},
                {"accounts", {asking, {{"channel", "websocket"}, {"account", "default"}, {"http", "main"}}}},
                {"lobby", {{"guests", true}}}}
               .dump());
  }
  TelnetClient connected() { return TelnetClient(gateway().portOf("asking:default")); }
  TelnetClient entered() {
    TelnetClient client = connected();
    client.sendLine("new");
    client.expect("answer 1 0 {}\n");
    client.enterAsGuest();
    return client;
  }

  TempFolder plugins_;
};

TEST_F(ChannelInput, ANumberedCommandIsCarriedOutOnce) {
  TelnetClient client = entered();
  client.sendLine("#1 say one");
  client.expect("answer 101 0 {\"duplicate\":false}\n");
  client.expect("You say: one\n");
  client.sendLine("#1 say one");
  client.expect("answer 101 0 {\"duplicate\":true}\n");
  client.sendLine("#3 say three");
  const std::string ahead = client.expect("\n");
  EXPECT_EQ(ahead.rfind("answer 103 -2 ", 0), 0u) << ahead;
  EXPECT_EQ(Json::parse(ahead.substr(14)).at("details").at("expected"), 2) << ahead;
  client.sendLine("#2 say two");
  EXPECT_EQ(client.expect("You say: two\n"), "answer 102 0 {\"duplicate\":false}\nYou say: two\n")
      << "and nothing else";
  client.sendLine("#0 say nothing");
  client.expect("at once -2\n");
}

TEST_F(ChannelInput, ALineIsAnsweredByItsToken) {
  TelnetClient client = entered();
  client.sendLine("say hello");
  client.expect("answer 7 0 {}\n");
}

TEST_F(ChannelInput, ALineThatEndsItsSessionHarmsNobody) {
  TelnetClient client = connected();
  client.sendLine("new");
  client.expect("Name: ");
  client.sendLine("quit");
  client.readToEnd();
  TelnetClient another = entered();
  another.sendLine("say still here");
  another.expect("You say: still here\n");
}

TEST_F(ChannelInput, AResumeIsAnsweredByItsToken) {
  V1Client player(gateway().httpPort());
  player.enterAsGuest();
  player.command("say from afar");
  TelnetClient client = connected();
  client.sendLine("resume " + player.reconnectToken());
  client.expect("answer 1 0 ");
  const Json hello = Json::parse(client.expect("\n"));
  EXPECT_TRUE(hello.contains("session")) << hello;
  client.expect("You say: from afar\n");
  client.sendLine("#1 say and from here");
  client.expect("You say: and from here\n");
}

TEST_F(ChannelInput, ARefusedResumeSaysWhyAndAsksTheOrdinaryQuestions) {
  TelnetClient client = connected();
  client.sendLine("resume nonsense");
  client.expect("answer 1 -2 ");
  EXPECT_EQ(Json::parse(client.expect("\n")).at("code"), "UNAUTHORIZED");
  client.enterAsGuest();
}

TEST_F(ChannelInput, AnUnknownModeOfHelloIsUnsupportedAndNotTheEnd) {
  TelnetClient client = connected();
  client.sendLine("unknown");
  client.expect("at once -5\n");
  client.sendLine("new");
  client.expect("answer 1 0 {}\n");
}

}  // namespace
}  // namespace gw::test
