// Signing in over GMCP, as a host and a client see the channel between them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "gmcp.h"
#include "gw/plugin.hpp"
#include "telnet_channel.h"
#include "telnet_codec.h"
#include "testing/fake_host.h"

namespace gw::telnet {
namespace {

using gw::testing::FakeConn;
using gw::testing::FakeHost;
using gw::testing::FakeLogin;
using gw::testing::RecordedSignIn;
using Json = nlohmann::json;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kTypical[] = R"(Core.Supports.Set ["Char 1","Room 1","Char.Login 2"])";

class TelnetLoginTest : public ::testing::Test {
 protected:
  void start(std::string_view options = "{}") {
    host_ = std::make_unique<FakeHost>(sdk::pluginTable<TelnetChannel>(), options);
    ASSERT_TRUE(host_->ok()) << host_->error();
    conn_ = host_->open();
    conn_->autoAnswerHello = true;
    conn_->receive("\xff\xfc\x18\xff\xfd\xc9");  // no TTYPE; GMCP
    ASSERT_EQ(conn_->hellos().size(), 1u);
    conn_->takeSent();
  }
  /// A client that has listed its packages, and a host that asks who it is.
  void startAsked(const std::string& supports = kTypical) {
    start();
    send(supports);
    conn_->login({.kind = GW_LOGIN_OPEN});
    conn_->takeSent();
  }
  void TearDown() override {
    conn_.reset();
    host_.reset();
  }
  void send(const std::string& message) {
    std::string bytes;
    appendSubnegotiation(kOptGmcp, message, bytes);
    conn_->receive(bytes);
  }
  /// Everything sent since the last look must be these GMCP messages: name and data.
  std::vector<std::pair<std::string, Json>> sent() {
    std::vector<std::pair<std::string, Json>> out;
    std::string bytes = conn_->takeSent();
    while (bytes.starts_with("\xff\xfa\xc9")) {
      const size_t end = bytes.find("\xff\xf0");
      const std::string payload = bytes.substr(3, end - 3);
      const size_t space = payload.find(' ');
      out.emplace_back(payload.substr(0, space),
                       space == std::string::npos ? Json() : Json::parse(payload.substr(space + 1)));
      bytes.erase(0, end + 2);
    }
    EXPECT_EQ(bytes, "");
    return out;
  }
  using Sent = std::pair<std::string, Json>;

  std::unique_ptr<FakeHost> host_;
  std::unique_ptr<FakeConn> conn_;
};

const Json kDefault2 = Json::parse(R"({"version":2,"type":["password-credentials"]})");

Json result(bool isSuccess, const std::string& message) { return {{"success", isSuccess}, {"message", message}}; }

TEST_F(TelnetLoginTest, OffersLoginOnceWhenAskedAndListed) {
  start();
  send(kTypical);
  EXPECT_THAT(sent(), IsEmpty()) << "nobody asks yet";
  conn_->login({.kind = GW_LOGIN_OPEN});
  EXPECT_THAT(sent(), ElementsAre(Sent("Char.Login.Default", kDefault2)));
  conn_->login({.kind = GW_LOGIN_OPEN});
  send(kTypical);
  EXPECT_THAT(sent(), IsEmpty()) << "a second Default would start the client's login anew";
}

TEST_F(TelnetLoginTest, OffersLoginToAClientThatListsItLater) {
  start();
  conn_->login({.kind = GW_LOGIN_OPEN});
  send(R"(Core.Supports.Set ["Char 1"])");
  EXPECT_THAT(sent(), IsEmpty());
  send(R"(Core.Supports.Add ["char.login 1"])");
  EXPECT_THAT(sent(), ElementsAre(Sent("Char.Login.Default", Json::parse(R"({"type":["password-credentials"]})"))));
}

TEST_F(TelnetLoginTest, OffersNoMoreThanItSpeaks) {
  start();
  conn_->login({.kind = GW_LOGIN_OPEN});
  send(R"(Core.Supports.Set ["Char.Login 9"])");
  EXPECT_THAT(sent(), ElementsAre(Sent("Char.Login.Default", kDefault2)));
}

TEST_F(TelnetLoginTest, AClientWithoutThePackageGetsNothing) {
  startAsked(R"(Core.Supports.Set ["Char 1"])");
  send(R"(Char.Login.Credentials {"account":"Anna","password":"geheim"})");
  EXPECT_EQ(conn_->signIns().size(), 1u) << "it may sign in all the same";
  conn_->login({.kind = GW_LOGIN_REFUSED, .message = "No."});
  conn_->login({.kind = GW_LOGIN_SIGNED_IN, .account = "Anna"});
  conn_->login({.kind = GW_LOGIN_TOKEN, .account = "Anna", .token = "t"});
  EXPECT_THAT(sent(), IsEmpty());
  EXPECT_FALSE(conn_->signIns()[0].wantsToken);
}

TEST_F(TelnetLoginTest, CredentialsAreCarriedAndTheVerdictComesBack) {
  startAsked();
  send(R"(Char.Login.Credentials {"account":"Anna","password":"geheim","version":2})");
  EXPECT_THAT(conn_->signIns(), ElementsAre(RecordedSignIn{GW_SIGN_IN_PASSWORD, true, "Anna", "geheim"}));
  EXPECT_THAT(conn_->lines(), IsEmpty());
  conn_->login({.kind = GW_LOGIN_REFUSED, .message = "That name and password do not match."});
  conn_->login({.kind = GW_LOGIN_OPEN});
  EXPECT_THAT(sent(), ElementsAre(Sent("Char.Login.Result", result(false, "That name and password do not match."))));
  send(R"(Char.Login.Credentials {"account":"Anna","password":"right"})");
  conn_->login({.kind = GW_LOGIN_SIGNED_IN, .account = "Anna", .message = "Welcome, Anna."});
  conn_->login({.kind = GW_LOGIN_TOKEN, .account = "Anna", .token = "t0k"});
  EXPECT_THAT(sent(),
              ElementsAre(Sent("Char.Login.Result", result(true, "Welcome, Anna.")),
                          Sent("Char.Login.Token", {{"account", "Anna"}, {"token", "t0k"}, {"secure_only", true}})));
}

TEST_F(TelnetLoginTest, ATypedLoginIsToldToo) {
  startAsked();
  send("Char.Login.Credentials {}");
  EXPECT_THAT(conn_->signIns(), ElementsAre(RecordedSignIn{GW_SIGN_IN_BY_HAND, true, "", ""}));
  conn_->receive("anna\r\n");
  conn_->login({.kind = GW_LOGIN_SIGNED_IN, .account = "Anna", .message = "Welcome, Anna."});
  EXPECT_THAT(sent(), ElementsAre(Sent("Char.Login.Result", result(true, "Welcome, Anna."))));
}

TEST_F(TelnetLoginTest, Version1GetsNoToken) {
  startAsked(R"(Core.Supports.Set ["Char.Login 1"])");
  send(R"(Char.Login.Credentials {"account":"Anna","password":"geheim"})");
  EXPECT_FALSE(conn_->signIns().at(0).wantsToken);
  conn_->login({.kind = GW_LOGIN_TOKEN, .account = "Anna", .token = "t"});
  EXPECT_THAT(sent(), IsEmpty());
}

TEST_F(TelnetLoginTest, AClientThatKeepsNoTokensAsksForNone) {
  startAsked();
  send(R"(Char.Login.Credentials {"account":"Anna","password":"geheim","token_storage":false})");
  EXPECT_FALSE(conn_->signIns().at(0).wantsToken);
}

TEST_F(TelnetLoginTest, ReconnectIsCarriedAndAnOutageIsNoVerdict) {
  startAsked();
  send(R"(Char.Login.Reconnect {"account":"Anna","token":"t0k","version":2,"token_storage":true})");
  EXPECT_THAT(conn_->signIns(), ElementsAre(RecordedSignIn{GW_SIGN_IN_TOKEN, true, "Anna", "t0k"}));
  conn_->login({.kind = GW_LOGIN_UNDECIDED, .message = "Later."});
  EXPECT_THAT(sent(), IsEmpty()) << "told no, the client would throw a good token away";
  conn_->login({.kind = GW_LOGIN_OPEN});
  send(R"(Char.Login.Reconnect {"account":"Anna","token":"t0k"})");
  conn_->login({.kind = GW_LOGIN_REFUSED, .message = "No longer good."});
  EXPECT_THAT(sent(), ElementsAre(Sent("Char.Login.Result", result(false, "No longer good."))));
}

TEST_F(TelnetLoginTest, AnUndecidedPasswordIsAnswered) {
  startAsked();
  send(R"(Char.Login.Credentials {"account":"Anna","password":"geheim"})");
  conn_->login({.kind = GW_LOGIN_UNDECIDED, .message = "Wait 15 seconds."});
  EXPECT_THAT(sent(), ElementsAre(Sent("Char.Login.Result", result(false, "Wait 15 seconds."))));
}

TEST_F(TelnetLoginTest, WhatComesTooEarlyWaitsForTheQuestion) {
  start();
  conn_->signInResult = GW_E_AGAIN;
  send(R"(Char.Login.Credentials {"account":"Anna","password":"first"})");
  send(R"(Char.Login.Credentials {"account":"Anna","password":"second"})");
  EXPECT_THAT(conn_->signIns(), IsEmpty());
  conn_->signInResult = GW_OK;
  conn_->login({.kind = GW_LOGIN_OPEN});
  EXPECT_THAT(conn_->signIns(), ElementsAre(RecordedSignIn{GW_SIGN_IN_PASSWORD, false, "Anna", "second"}))
      << "one is kept, the latest";
}

TEST_F(TelnetLoginTest, OneSignInIsUnderWayAtATime) {
  startAsked();
  for (int i = 0; i < 3; ++i)
    send(R"(Char.Login.Credentials {"account":"Anna","password":"no)" + std::to_string(i) + "\"}");
  EXPECT_EQ(conn_->signIns().size(), 1u);
  conn_->login({.kind = GW_LOGIN_REFUSED});
  conn_->login({.kind = GW_LOGIN_OPEN});
  ASSERT_EQ(conn_->signIns().size(), 2u);
  EXPECT_EQ(conn_->signIns()[1].secret, "no2");
  conn_->login({.kind = GW_LOGIN_SIGNED_IN});
  conn_->signInResult = GW_E_STATE;
  send(R"(Char.Login.Credentials {"account":"Bert","password":"late"})");
  EXPECT_EQ(host_->metric("telnet_gmcp_ignored_total"), 1);
}

TEST_F(TelnetLoginTest, OverTheRateLimitThePasswordIsRefused) {
  startAsked();
  conn_->signInResult = GW_E_LIMIT;
  send(R"(Char.Login.Credentials {"account":"Anna","password":"x"})");
  EXPECT_THAT(sent(), ElementsAre(Sent("Char.Login.Result", result(false, "Too many tries. Wait a little."))));
}

TEST_F(TelnetLoginTest, PingIsAnsweredAndEveryMessageCosts) {
  start();
  const uint32_t before = conn_->charged();
  send("Core.Ping 120");
  EXPECT_THAT(sent(), ElementsAre(Sent("Core.Ping", Json())));
  send("Core.KeepAlive");
  send("Room.Info {}");
  send("not a message");
  EXPECT_THAT(sent(), IsEmpty());
  EXPECT_EQ(conn_->charged() - before, 4u);
  EXPECT_EQ(host_->metric("telnet_gmcp_ignored_total"), 2);
  conn_->chargeLimit = conn_->charged();
  send("Core.Ping");
  ASSERT_TRUE(conn_->closedBy());
  EXPECT_EQ(conn_->closedBy()->code, static_cast<uint32_t>(GW_CLOSE_RATE_LIMIT));
  EXPECT_EQ(conn_->takeSent(), "Too much at once.\r\n") << "over the limit nothing is answered";
}

TEST_F(TelnetLoginTest, TheHelloNamesTheClientOfCoreHello) {
  host_ = std::make_unique<FakeHost>(sdk::pluginTable<TelnetChannel>());
  conn_ = host_->open();
  conn_->receive("\xff\xfd\xc9");
  send("Core.Hello {\"client\":\"Mud\\u001blet\",\"version\":\"4.19\"}");
  conn_->receive("\xff\xfc\x18");
  ASSERT_EQ(conn_->hellos().size(), 1u);
  EXPECT_EQ(conn_->hellos()[0].client, "Mud?let 4.19");
}

TEST_F(TelnetLoginTest, SwitchedOffItIsNotSpoken) {
  host_ = std::make_unique<FakeHost>(sdk::pluginTable<TelnetChannel>(), R"({"gmcp":false})");
  conn_ = host_->open();
  EXPECT_EQ(conn_->takeSent(), "\xff\xfd\x18\xff\xfd\x1f\xff\xfb\x2a\xff\xfb\x19");
  conn_->receive("\xff\xfd\xc9");
  EXPECT_EQ(conn_->takeSent(), "\xff\xfc\xc9");
  send(kTypical);
  conn_->login({.kind = GW_LOGIN_OPEN});
  EXPECT_EQ(conn_->takeSent(), "");
}

TEST_F(TelnetLoginTest, NoSecretReachesTheLog) {
  startAsked();
  send(R"(Char.Login.Credentials {"account":"Anna","password":"geheim"})");
  send(R"(Char.Login.Credentials {"account":7,"password":"geheim"})");
  conn_->login({.kind = GW_LOGIN_TOKEN, .account = "Anna", .token = "geheim"});
  EXPECT_THAT(host_->logs(), IsEmpty());
}

}  // namespace
}  // namespace gw::telnet
