#include "gmcp.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "gmcp_json.h"
#include "telnet_script.h"

namespace gw::telnet {
namespace {

using Heard = Gmcp::Heard;
using Json = nlohmann::json;
using testing::ElementsAre;

// --- Core

TEST(Gmcp, HelloNamesTheClientInAnyCase) {
  Gmcp gmcp;
  EXPECT_EQ(gmcp.receive(R"(CORE.hello {"client":"Mudlet","version":"4.19.1"})"), Heard::kNothing);
  EXPECT_EQ(gmcp.client(), "Mudlet 4.19.1");
  EXPECT_EQ(gmcp.receive(R"(Core.Hello {"client":"tt++"})"), Heard::kNothing);
  EXPECT_EQ(gmcp.client(), "tt++");
  EXPECT_EQ(gmcp.receive("Core.Hello {\"client\":\"" + std::string(5000, 'x') + "\"}"), Heard::kNothing);
  EXPECT_EQ(gmcp.client().size(), 40u);
}

TEST(Gmcp, SupportsAreSetAddedAndRemoved) {
  Gmcp gmcp;
  EXPECT_EQ(gmcp.versionOf("Char.Login"), 0u);
  EXPECT_EQ(gmcp.receive(R"(Core.Supports.Set ["Char 1", "Char.Login 2" , "Room"])"), Heard::kSupports);
  EXPECT_EQ(gmcp.versionOf("char.LOGIN"), 2u);
  EXPECT_EQ(gmcp.versionOf("Room"), 1u) << "no number is version 1";
  EXPECT_EQ(gmcp.receive(R"(core.supports.ADD ["Comm 3","char.login 1"])"), Heard::kSupports);
  EXPECT_EQ(gmcp.versionOf("Char.Login"), 1u) << "said again: the new version";
  EXPECT_EQ(gmcp.versionOf("Comm"), 3u);
  EXPECT_EQ(gmcp.receive(R"(Core.Supports.Remove ["Char.Login","Room 1","Never"])"), Heard::kSupports);
  EXPECT_EQ(gmcp.versionOf("Char.Login"), 0u);
  EXPECT_EQ(gmcp.versionOf("Room"), 0u);
  EXPECT_EQ(gmcp.versionOf("Char"), 1u);
  EXPECT_EQ(gmcp.receive(R"(Core.Supports.Set ["Room 1"])"), Heard::kSupports);
  EXPECT_EQ(gmcp.versionOf("Char"), 0u) << "Set replaces";
}

TEST(Gmcp, ListsOnlyWhatIsAnEntry) {
  Gmcp gmcp;
  EXPECT_EQ(gmcp.receive(R"(Core.Supports.Set ["Char.Login two", "Char.Login 0", "Char.Login -1", "1Char 1", "", 7,
                            null, {"Char.Login":1}, "Char.Login 2 3", "Good 1"])"),
            Heard::kSupports);
  EXPECT_EQ(gmcp.versionOf("Char.Login"), 0u);
  EXPECT_EQ(gmcp.versionOf("Good"), 1u);
}

TEST(Gmcp, KeepsABoundedList) {
  Gmcp gmcp;
  Json many = Json::array();
  for (int i = 0; i < 1000; ++i) many.push_back("P" + std::to_string(i) + " 1");
  EXPECT_EQ(gmcp.receive("Core.Supports.Set " + many.dump()), Heard::kSupports);
  EXPECT_EQ(gmcp.versionOf("P63"), 1u);
  EXPECT_EQ(gmcp.versionOf("P64"), 0u);
}

TEST(Gmcp, PingIsToBeAnsweredAndKeepAliveIsNot) {
  Gmcp gmcp;
  EXPECT_EQ(gmcp.receive("Core.Ping"), Heard::kPing);
  EXPECT_EQ(gmcp.receive("core.ping 120"), Heard::kPing);
  EXPECT_EQ(gmcp.receive("Core.KeepAlive"), Heard::kNothing);
}

TEST(Gmcp, TellsUnknownFromUnusable) {
  Gmcp gmcp;
  for (const char* unknown : {"Room.Info", "Core.Goodbye", "Core.Supports.Query []", "Char.Login",
                              "Char.Login.AuthCode {}", "Char.Items.Inv \"\"", "External.Discord.Hello"}) {
    EXPECT_EQ(gmcp.receive(unknown), Heard::kUnknown) << unknown;
  }
  const std::string deep(65, '[');
  for (const std::string& unusable :
       {std::string(), std::string(" "), std::string("{}"), std::string("9.x {}"), std::string(65, 'a'),
        std::string("Core.Hello"), std::string("Core.Hello []"), std::string("Core.Hello {"),
        std::string("Core.Hello {\"client\":7}"), std::string("Core.Hello {\"client\":\"\xff\"}"),
        std::string("Core.Supports.Set {}"), std::string("Core.Supports.Set"), std::string("Core.Supports.Set [\"a\""),
        std::string("Core.Supports.Add \"Char 1\""), "Core.Supports.Set " + deep + std::string(65, ']'),
        std::string("Core\0.Ping", 10)}) {
    EXPECT_EQ(gmcp.receive(unusable), Heard::kUnusable) << unusable;
  }
}

TEST(Gmcp, DepthIsCountedOutsideStringsOnly) {
  EXPECT_TRUE(parseGmcpJson("\"" + std::string(100, '[') + "\\\"" + std::string(100, '{') + "\"").is_string());
  EXPECT_TRUE(parseGmcpJson(std::string(64, '[') + std::string(64, ']')).is_array());
  EXPECT_TRUE(parseGmcpJson(std::string(65, '[') + std::string(65, ']')).is_discarded());
  EXPECT_TRUE(parseGmcpJson(std::string(8000, '[')).is_discarded());
}

// --- Char.Login

TEST(CharLogin, ReadsCredentialsAndReconnect) {
  Gmcp gmcp;
  ASSERT_EQ(gmcp.receive(R"(Char.Login.Credentials {"account":"Anna","password":"pässword \"1\""})"), Heard::kSignIn);
  const SignIn password = gmcp.takeSignIn();
  EXPECT_EQ(password.kind, SignIn::Kind::kPassword);
  EXPECT_EQ(password.account, "Anna");
  EXPECT_EQ(password.secret, "pässword \"1\"");
  EXPECT_FALSE(password.keepsTokens.has_value());
  ASSERT_EQ(gmcp.receive(R"(char.login.reconnect {"account":"Anna","token":"t0k","version":2,"token_storage":true})"),
            Heard::kSignIn);
  const SignIn token = gmcp.takeSignIn();
  EXPECT_EQ(token.kind, SignIn::Kind::kToken);
  EXPECT_EQ(token.secret, "t0k");
  EXPECT_EQ(token.keepsTokens, true);
  EXPECT_EQ(gmcp.takeSignIn().secret, "") << "once";
}

TEST(CharLogin, WithoutAccountOrPasswordThePersonTypes) {
  for (const char* json : {"", " {}", R"( {"version":2,"token_storage":"true"})", R"( {"account":"Anna"})",
                           R"( {"account":"Anna","provider":"discord"})", R"( {"account":"","password":"x"})",
                           R"( {"account":"Anna","password":null})"}) {
    Gmcp gmcp;
    ASSERT_EQ(gmcp.receive(std::string("Char.Login.Credentials") + json), Heard::kSignIn) << json;
    EXPECT_EQ(gmcp.takeSignIn().kind, SignIn::Kind::kByHand) << json;
  }
}

TEST(CharLogin, RefusesWrongTypesAndLengths) {
  for (const std::string& json :
       {std::string("[]"), std::string("7"), std::string(R"({"account":7,"password":"x"})"),
        std::string(R"({"account":"a","password":["x"]})"), std::string(R"({"account":"a","password":"x")"),
        R"({"account":")" + std::string(257, 'a') + R"(","password":"x"})",
        R"({"account":"a","password":")" + std::string(1025, 'x') + R"("})"}) {
    Gmcp gmcp;
    EXPECT_EQ(gmcp.receive("Char.Login.Credentials " + json), Heard::kUnusable) << json;
  }
  for (const char* json : {"", " {}", R"( {"account":"a"})", R"( {"token":"t"})", R"( {"account":"a","token":7})"}) {
    Gmcp gmcp;
    EXPECT_EQ(gmcp.receive(std::string("Char.Login.Reconnect") + json), Heard::kUnusable) << json;
  }
}

TEST(CharLogin, ATokenIsWantedByVersion2UnlessItWouldBeThrownAway) {
  Gmcp gmcp;
  EXPECT_FALSE(gmcp.wantsToken());
  gmcp.receive(R"(Core.Supports.Set ["Char.Login 1"])");
  EXPECT_FALSE(gmcp.wantsToken());
  gmcp.receive(R"(Core.Supports.Set ["Char.Login 2"])");
  EXPECT_TRUE(gmcp.wantsToken()) << "not said: clients before token_storage kept them";
  for (const char* no : {"false", "0", "\"False\""}) {
    gmcp.receive(std::string("Char.Login.Credentials {\"token_storage\":") + no + "}");
    EXPECT_FALSE(gmcp.wantsToken()) << no;
    gmcp.receive(R"(Char.Login.Credentials {"token_storage":"maybe"})");
    EXPECT_FALSE(gmcp.wantsToken()) << "no answer changes nothing";
    gmcp.receive(R"(Char.Login.Credentials {"token_storage":1})");
    EXPECT_TRUE(gmcp.wantsToken());
  }
}

TEST(CharLogin, WritesItsMessages) {
  EXPECT_EQ(Json::parse(loginDefault(1)), Json::parse(R"({"type":["password-credentials"]})"));
  EXPECT_EQ(Json::parse(loginDefault(2)), Json::parse(R"({"version":2,"type":["password-credentials"]})"));
  EXPECT_EQ(Json::parse(loginResult(false, "No \"way\".")),
            Json::parse(R"({"success":false,"message":"No \"way\"."})"));
  EXPECT_EQ(Json::parse(loginToken("Anna", "t", true)),
            Json::parse(R"({"account":"Anna","token":"t","secure_only":true})"));
}

TEST(CharLogin, ASignInIsWipedWhenItIsMovedAway) {
  SignIn from;
  from.secret = "short";
  const char* bytes = from.secret.data();
  const SignIn to = std::move(from);
  EXPECT_EQ(to.secret, "short");
  EXPECT_EQ(std::string(bytes, 5), std::string(5, '\0')) << "also inside a short string";
}

// --- in the telnet stream

std::string gmcp(const std::string& payload) {
  std::string out;
  appendSubnegotiation(kOptGmcp, payload, out);
  return out;
}

/// The payloads that the codec found, and what else it saw.
std::vector<std::string> payloadsOf(const std::vector<std::string_view>& segments) {
  Script script;
  for (const std::string_view segment : segments) script.receive(segment);
  return script.gmcp;
}

TEST(GmcpInTelnet, PayloadsSurviveEverySegmentation) {
  const std::string first = "Core.Hello {\"client\":\"\xff\xc3\xbc\"}";  // an IAC inside, doubled on the wire
  const std::string second = R"(Char.Login.Credentials {"account":"Anna","password":"geheim"})";
  const std::string input = "\xff\xfd\xc9" + gmcp(first) + "look" + gmcp(second) + "\r\n";
  const std::string_view view = input;
  for (size_t cut = 0; cut <= view.size(); ++cut) {
    EXPECT_THAT(payloadsOf({view.substr(0, cut), view.substr(cut)}), ElementsAre(first, second)) << "cut at " << cut;
  }
  std::vector<std::string_view> single;
  for (size_t i = 0; i < view.size(); ++i) single.push_back(view.substr(i, 1));
  EXPECT_THAT(payloadsOf(single), ElementsAre(first, second));
  Script script;
  script.receive(input);
  EXPECT_THAT(script.seen.lines, ElementsAre("look"));
  EXPECT_EQ(script.seen.units, 3u) << "the negotiation and each message cost";
  EXPECT_EQ(script.seen.answers, "");
}

TEST(GmcpInTelnet, NothingIsReadBeforeTheClientAgreed) {
  EXPECT_THAT(payloadsOf({gmcp("Core.Ping")}), ElementsAre());
  EXPECT_THAT(payloadsOf({"\xff\xfe\xc9" + gmcp("Core.Ping")}), ElementsAre()) << "refused";
}

TEST(GmcpInTelnet, OversizedMessagesAreDiscarded) {
  const std::string most = "Core.Hello " + std::string(kMaxSubnegotiation - 11, ' ');
  EXPECT_THAT(payloadsOf({"\xff\xfd\xc9" + gmcp(most)}), ElementsAre(most));
  Script script;
  script.receive("\xff\xfd\xc9" + gmcp(most + " ") + gmcp("Core.Ping"));
  EXPECT_THAT(script.gmcp, ElementsAre("Core.Ping"));
  EXPECT_EQ(script.seen.oversized, 1u);
}

TEST(GmcpInTelnet, IsNotOfferedWhenItIsSwitchedOff) {
  TelnetCodec codec;
  std::string out;
  codec.start({.naws = false, .gmcp = false}, out);
  EXPECT_EQ(out, "\xff\xfd\x18\xff\xfb\x2a\xff\xfb\x19");
  out.clear();
  TelnetCodec::Step step;
  for (std::string_view input = "\xff\xfd\xc9"; !input.empty();) input.remove_prefix(codec.next(input, step, out));
  EXPECT_EQ(out, "\xff\xfc\xc9") << "asked for by the client: refused";
}

TEST(GmcpInTelnet, AMessageWithoutDataHasNoSpace) {
  std::string out;
  appendGmcp("Core.Ping", {}, out);
  EXPECT_EQ(out,
            "\xff\xfa\xc9"
            "Core.Ping\xff\xf0");
  out.clear();
  appendGmcp("A.B", "\"\xff\"", out);
  EXPECT_EQ(out,
            "\xff\xfa\xc9"
            "A.B \"\xff\xff\"\xff\xf0");
}

}  // namespace
}  // namespace gw::telnet
