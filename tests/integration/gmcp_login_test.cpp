// Signing in over GMCP (Char.Login 1 and 2) as Mudlet does, on plain and on TLS sockets of the real process.

#include <filesystem>
#include <fstream>
#include <sstream>

#include "integration/gateway_fixture.h"
#include "integration/gmcp_client.h"

namespace gw::test {
namespace {

using Json = nlohmann::json;

constexpr char kPassword[] = "sesame-open-7";

class GmcpLogin : public GatewayTest {
 protected:
  void SetUp() override {
    const Json tls{{"certificateFile", certificates_.file("cert.pem")}, {"keyFile", certificates_.file("cert.key")}};
    const Json listen{{"bind", "127.0.0.1"}, {"port", 0}};
    const Json patch{{"log", {{"level", "debug"}}},
                     {"accounts",
                      {{{"channel", "telnet"}, {"account", "default"}, {"listen", listen}},
                       {{"channel", "telnet"}, {"account", "tls"}, {"listen", listen}, {"tls", tls}},
                       {{"channel", "telnet"}, {"account", "mute"}, {"listen", listen}, {"options", {{"gmcp", false}}}},
                       {{"channel", "websocket"}, {"account", "default"}, {"http", "main"}},
                       {{"channel", "sse"}, {"account", "default"}, {"http", "main"}}}}};
    launch(patch.dump());
    TelnetClient first(gateway().telnetPort());
    first.enterAsNew("Anna", kPassword);
    first.sendLine("quit");
    first.readToEnd();
  }

  GmcpClient plain(const std::string& charLogin = "Char.Login 2") {
    return GmcpClient(gateway().telnetPort(), charLogin);
  }
  GmcpClient secure(const std::string& charLogin = "Char.Login 2") {
    return GmcpClient(gateway().portOf("telnet:tls"), certificates_.authority(), charLogin);
  }
  /// Logs in by password over TLS, and leaves; answers the token.
  std::string firstToken() {
    GmcpClient client = secure();
    client.expect("Char.Login.Default");
    client.credentials("Anna", kPassword);
    EXPECT_EQ(client.expect("Char.Login.Result").at("success"), true);
    return take(client);
  }
  /// Shows a token over TLS, and leaves; answers the next one.
  std::string comeBack(const std::string& token) {
    GmcpClient client = secure();
    client.expect("Char.Login.Default");
    client.reconnect("Anna", token);
    const Json result = client.expect("Char.Login.Result");
    EXPECT_EQ(result, Json({{"success", true}, {"message", "Welcome, Anna."}}));
    return take(client);
  }
  void expectVoid(const std::string& token) {
    GmcpClient client = secure();
    client.expect("Char.Login.Default");
    client.reconnect("Anna", token);
    const Json result = client.expect("Char.Login.Result");
    EXPECT_EQ(result.at("success"), false);
    client.expectText(result.at("message").get<std::string>());
    client.expectText("Name: ");
  }

  TestCertificates certificates_;

 private:
  static std::string take(GmcpClient& client) {
    const Json token = client.expect("Char.Login.Token");
    EXPECT_EQ(token.at("account"), "Anna");
    EXPECT_EQ(token.at("secure_only"), true);
    client.expectText("Welcome, Anna!");
    client.expectText("You are in lobby.");
    client.sendLine("quit");
    client.readToEnd();
    return token.at("token");
  }
};

}  // namespace

TEST_F(GmcpLogin, CredentialsSignInOnAPlainSocketAndNoTokenIsGiven) {
  GmcpClient client = plain();
  EXPECT_EQ(client.expect("Char.Login.Default"), Json::parse(R"({"version":2,"type":["password-credentials"]})"));
  client.credentials("Anna", kPassword);
  EXPECT_EQ(client.expect("Char.Login.Result"), Json({{"success", true}, {"message", "Welcome, Anna."}}));
  client.expectText("Welcome, Anna!");
  client.expectText("You are in lobby.");
  client.sendLine("say hello by GMCP");
  client.expectText("You say: hello by GMCP");
  EXPECT_EQ(client.pending(), 0u) << "a token would travel in the clear";
}

TEST_F(GmcpLogin, Version1NamesNoVersion) {
  GmcpClient client = plain("Char.Login 1");
  EXPECT_EQ(client.expect("Char.Login.Default"), Json::parse(R"({"type":["password-credentials"]})"));
  GmcpClient tls = secure("Char.Login 1");
  tls.expect("Char.Login.Default");
  tls.credentials("Anna", kPassword);
  EXPECT_EQ(tls.expect("Char.Login.Result").at("success"), true);
  tls.expectText("You are in lobby.");
  EXPECT_EQ(tls.pending(), 0u);
}

TEST_F(GmcpLogin, AClientThatDoesNotListItGetsNothing) {
  GmcpClient client = plain("Comm.Channel 1");
  client.expectText("Name: ");
  client.sendLine("guest");
  client.expectText("You are in lobby.");
  EXPECT_EQ(client.pending(), 0u);
}

TEST_F(GmcpLogin, AfterAWrongPasswordThePersonMayType) {
  GmcpClient client = plain();
  client.expect("Char.Login.Default");
  client.credentials("Anna", "not the password");
  const Json refused = client.expect("Char.Login.Result");
  EXPECT_EQ(refused, Json({{"success", false}, {"message", "That name and password do not match."}}));
  client.expectText("That name and password do not match.");
  client.expectText("Name: ");
  client.sendLine("anna");
  client.expectText("Password: ");
  client.sendLine(kPassword);
  EXPECT_EQ(client.expect("Char.Login.Result").at("success"), true);
  client.expectText("You are in lobby.");
}

TEST_F(GmcpLogin, ItMaySignInWhileAPasswordIsBeingAsked) {
  GmcpClient client = plain();
  client.expect("Char.Login.Default");
  client.expectText("Name: ");
  client.sendLine("somebody");
  client.expectText("Password: ");
  client.credentials("Anna", kPassword);
  EXPECT_EQ(client.expect("Char.Login.Result").at("success"), true);
  client.expectText("Welcome, Anna!");
}

TEST_F(GmcpLogin, FiveWrongOnesEndTheConnectionAndThrottleTheAddress) {
  GmcpClient client = plain();
  client.expect("Char.Login.Default");
  for (int i = 0; i < 5; ++i) {
    client.credentials("Anna", "not the password");
    EXPECT_EQ(client.expect("Char.Login.Result").at("success"), false);
  }
  EXPECT_NE(client.readToEnd().find("Too many attempts. Goodbye."), std::string::npos);
  GmcpClient next = plain();
  next.expect("Char.Login.Default");
  next.credentials("Anna", kPassword);
  const Json throttled = next.expect("Char.Login.Result");
  EXPECT_EQ(throttled.at("success"), false);
  EXPECT_NE(throttled.at("message").get<std::string>().find("Too many tries."), std::string::npos) << throttled;
}

TEST_F(GmcpLogin, ATokenBringsTheUserBackAndAnotherFollows) {
  const std::string first = firstToken();
  const std::string second = comeBack(first);
  EXPECT_NE(second, first);
  const std::string third = comeBack(second);
  expectVoid(first);
  EXPECT_NE(comeBack(third), third);
}

TEST_F(GmcpLogin, ALostAnswerLocksNobodyOut) {
  const std::string first = firstToken();
  {
    GmcpClient dying = secure();
    dying.expect("Char.Login.Default");
    dying.reconnect("Anna", first);
    dying.expect("Char.Login.Result");
    dying.reset();
  }
  const std::string second = comeBack(first);
  comeBack(second);
  expectVoid(first);
}

TEST_F(GmcpLogin, TokensOutliveARestart) {
  const std::string first = firstToken();
  ASSERT_EQ(gateway().stop(), 0);
  gateway().start();
  const std::string second = comeBack(first);
  gateway().kill();
  gateway().start();
  comeBack(second);
}

TEST_F(GmcpLogin, ATokenIsNotTakenOnAPlainSocket) {
  const std::string token = firstToken();
  GmcpClient client = plain();
  client.expect("Char.Login.Default");
  client.reconnect("Anna", token);
  EXPECT_EQ(client.expect("Char.Login.Result").at("success"), false);
  comeBack(token);
}

TEST_F(GmcpLogin, ATokenServesItsUserOnly) {
  const std::string token = firstToken();
  GmcpClient client = secure();
  client.expect("Char.Login.Default");
  client.reconnect("Berta", token);
  EXPECT_EQ(client.expect("Char.Login.Result").at("success"), false);
  comeBack(token);
}

TEST_F(GmcpLogin, WhoKeepsNoTokensGetsNone) {
  GmcpClient client = secure();
  client.expect("Char.Login.Default");
  client.send("Char.Login.Credentials", {{"account", "Anna"}, {"password", kPassword}, {"token_storage", false}});
  EXPECT_EQ(client.expect("Char.Login.Result").at("success"), true);
  client.expectText("You are in lobby.");
  EXPECT_EQ(client.pending(), 0u);
}

TEST_F(GmcpLogin, WhoTypesGetsATokenTooIfTheClientAskedForOne) {
  GmcpClient client = secure();
  client.expect("Char.Login.Default");
  client.send("Char.Login.Credentials", {{"version", 2}, {"token_storage", true}});
  client.expectText("Name: ");
  client.sendLine("anna");
  client.expectText("Password: ");
  client.sendLine(kPassword);
  EXPECT_EQ(client.expect("Char.Login.Result").at("success"), true);
  const std::string token = client.expect("Char.Login.Token").at("token");
  client.expectText("You are in lobby.");
  client.sendLine("quit");
  client.readToEnd();
  comeBack(token);
}

TEST_F(GmcpLogin, GuestsGetNoToken) {
  GmcpClient client = secure();
  client.expect("Char.Login.Default");
  client.send("Char.Login.Credentials", {{"version", 2}, {"token_storage", true}});
  client.expectText("Name: ");
  client.sendLine("guest");
  EXPECT_EQ(client.expect("Char.Login.Result").at("success"), true);
  client.expectText("You are in lobby.");
  EXPECT_EQ(client.pending(), 0u);
}

TEST_F(GmcpLogin, LockingAndBanningRevokeTokens) {
  const std::string locked = firstToken();
  ASSERT_EQ(gateway().gwctl({"user", "lock", "Anna"}).exit, 0);
  expectVoid(locked);
  ASSERT_EQ(gateway().gwctl({"user", "unlock", "Anna"}).exit, 0);
  expectVoid(locked);
  const std::string banned = firstToken();
  const Outcome ban = gateway().gwctl({"ban", "add", "user", "anna"});
  ASSERT_EQ(ban.exit, 0) << ban.err;
  const std::string id = gateway().gwctlJson({"ban", "list"}).at("items").at(0).at("id");
  ASSERT_EQ(gateway().gwctl({"ban", "remove", id}).exit, 0);
  expectVoid(banned);
}

TEST_F(GmcpLogin, SwitchedOffItIsNotOffered) {
  TelnetClient client(gateway().portOf("telnet:mute"));
  client.expect("Name: ");
  EXPECT_EQ(client.raw().find("\xff\xfb\xc9"), std::string::npos);
  TelnetClient other(gateway().telnetPort());
  other.expect("Name: ");
  EXPECT_NE(other.raw().find("\xff\xfb\xc9"), std::string::npos);
}

TEST_F(GmcpLogin, RubbishIsIgnoredAndCounted) {
  GmcpClient client = plain();
  client.expect("Char.Login.Default");
  client.send("Char.Login.Credentials", {{"account", 7}, {"password", "x"}});
  client.send("Char.Login.Credentials", "text");
  client.send("Room.Info", Json::object());
  client.send("Core.Ping", 7);
  EXPECT_EQ(client.expect("Core.Ping"), Json());
  client.credentials("Anna", kPassword);
  EXPECT_EQ(client.expect("Char.Login.Result").at("success"), true);
}

TEST_F(GmcpLogin, NoSecretIsInTheLogOrInTheState) {
  const std::string first = firstToken();
  const std::string second = comeBack(first);
  GmcpClient wrong = secure();
  wrong.expect("Char.Login.Default");
  wrong.credentials("Anna", "wrong-secret-9");
  wrong.expect("Char.Login.Result");
  wrong.reconnect("Anna", "wrong-token-9");
  wrong.expect("Char.Login.Result");
  GmcpClient staying = plain();
  staying.expect("Char.Login.Default");
  staying.credentials("Anna", kPassword);
  staying.expectText("You are in lobby.");
  ASSERT_EQ(gateway().stop(), 0);
  expectStopped();
  EXPECT_NE(gateway().log().find("login failed"), std::string::npos) << "this is the log";
  size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(gateway().folder())) {
    if (!entry.is_regular_file()) continue;
    ++files;
    std::ostringstream content;
    content << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    for (const std::string& secret :
         {std::string(kPassword), std::string("wrong-secret-9"), std::string("wrong-token-9"), first, second}) {
      EXPECT_EQ(content.str().find(secret), std::string::npos) << secret << " is in " << entry.path();
    }
  }
  EXPECT_GT(files, 2u);
}

}  // namespace gw::test
