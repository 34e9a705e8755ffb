// Configurations that gwhost refuses: exit code 7 and one line that names the file and
// the place in it.

#include <nlohmann/json.hpp>

#include "integration/gateway_fixture.h"
#include "support/tcp_client.h"

namespace gw::test {
namespace {

struct Case {
  const char* name;
  const char* patch;
  const char* where;  // the JSON path
  const char* what;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

class BadConfig : public ::testing::TestWithParam<Case> {};

std::string lastLine(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text.substr(text.rfind('\n') + 1);
}

}  // namespace

TEST_P(BadConfig, EndsWithSevenAndOneLineThatNamesFileAndPath) {
  const GatewayProcess gateway(GetParam().patch);
  const Outcome outcome = gateway.startAndFail();
  EXPECT_EQ(outcome.exit, 7) << outcome.err;
  EXPECT_EQ(outcome.out, "");
  const std::string line = lastLine(outcome.err);
  EXPECT_EQ(line.rfind("gwhost: " + gateway.configFile() + ": " + GetParam().where, 0), 0u) << outcome.err;
  EXPECT_NE(line.find(GetParam().what), std::string::npos) << outcome.err;
}

const Case kCases[] = {
    {"UnknownKey", R"({"limits": {"conections": 5}})", "/limits/conections", "did you mean \"connections\"?"},
    {"WrongType", R"({"loops": "two"})", "/loops", "expected"},
    {"InlineSecret", R"({"admin": {"token": "hunter2"}})", "/admin/token", "a secret must not stand in this file"},
    {"BeyondLoopbackWithoutTls",
     R"({"accounts": [{"channel": "telnet", "listen": {"bind": "0.0.0.0", "port": 0}}], "http": []})",
     "/accounts/0/listen", "TLS"},
    {"AccountOnAListenerThatIsNotThere",
     R"({"accounts": [{"channel": "websocket", "account": "default", "http": "other"}]})", "/accounts/0/http", "other"},
};
INSTANTIATE_TEST_SUITE_P(Each, BadConfig, ::testing::ValuesIn(kCases), [](const auto& p) { return p.param.name; });

TEST(BadConfigFile, ThatIsNotThereOrNotJsonOrWritableByOthersIsRefused) {
  const TempFolder folder;
  const auto start = [&](const std::string& file) { return run({GWHOST_PROGRAM, "--config", file}, folder.path()); };
  const Outcome missing = start("nowhere.json");
  EXPECT_EQ(missing.exit, 7);
  EXPECT_NE(missing.err.find("nowhere.json"), std::string::npos) << missing.err;
  const Outcome broken = start(folder.write("broken.json", "{\n  // no\n}"));
  EXPECT_EQ(broken.exit, 7);
  EXPECT_NE(broken.err.find("broken.json:2:3: not strict JSON"), std::string::npos) << broken.err;
  const Outcome open = start(folder.write("open.json", "{}", 0666));
  EXPECT_EQ(open.exit, 7);
  EXPECT_NE(open.err.find("open.json"), std::string::npos) << open.err;
}

TEST(BadConfigFile, CheckTellsWithoutStarting) {
  const TempFolder folder;
  const std::string good = folder.write("good.json", "{}");
  const Outcome valid = run({GWHOST_PROGRAM, "--check", good}, folder.path());
  EXPECT_EQ(valid.exit, 0) << valid.err;
  EXPECT_EQ(valid.out, good + ": valid\n");
  const std::string bad = folder.write("bad.json", R"({"loops": -1})");
  const Outcome invalid = run({GWHOST_PROGRAM, "--check", bad}, folder.path());
  EXPECT_EQ(invalid.exit, 7);
  EXPECT_NE(invalid.err.find(bad + ": /loops: expected 0..256, got -1"), std::string::npos) << invalid.err;
}

// The file is right, the machine is not: only what needs the port or the file fails, and says so.
TEST(BadConfigFile, APortThatIsTakenPutsItsAccountInErrorAndTheRestRuns) {
  GatewayProcess first;
  first.start();
  const std::string port = std::to_string(first.telnetPort());
  GatewayProcess second(R"({"accounts": [
      {"channel": "telnet", "account": "default", "listen": {"bind": "127.0.0.1", "port": 0}},
      {"channel": "telnet", "account": "taken", "listen": {"bind": "127.0.0.1", "port": )" +
                        port + "}}]}");
  second.start();
  const nlohmann::json taken = second.gwctlJson({"channel", "show", "telnet:taken"});
  EXPECT_EQ(taken.at("state"), "error") << taken;
  EXPECT_NE(taken.value("lastError", "").find("127.0.0.1:" + port), std::string::npos) << taken;
  EXPECT_NE(taken.value("lastError", "").find("in use"), std::string::npos) << taken;
  EXPECT_EQ(second.gwctl({"health"}).exit, 11);
  TelnetClient telnet(second.telnetPort());
  telnet.enterAsGuest();
  // Once the port is free, starting the account is enough.
  EXPECT_EQ(first.stop(), 0);
  const Outcome started = second.gwctl({"channel", "start", "telnet:taken"});
  EXPECT_EQ(started.exit, 0) << started.err;
  TelnetClient late(static_cast<uint16_t>(std::stoul(port)));
  late.enterAsGuest();
  telnet.socket().close();
  late.socket().close();
  EXPECT_EQ(second.stop(), 0);
}

TEST(BadConfigFile, ACertificateThatIsNotThereIsNamedByTheAccountsThatNeedIt) {
  GatewayProcess gateway(R"({"http": [{"name": "main", "listen": {"bind": "127.0.0.1", "port": 0},
      "tls": {"certificateFile": "missing.pem", "keyFile": "missing.key"}}]})");
  gateway.start();
  const nlohmann::json shown = gateway.gwctlJson({"channel", "show", "websocket:default"});
  EXPECT_EQ(shown.at("state"), "error") << shown;
  EXPECT_NE(shown.value("lastError", "").find("missing.pem"), std::string::npos) << shown;
  EXPECT_EQ(gateway.readyLine().find("https://"), std::string::npos) << gateway.readyLine();
  TelnetClient telnet(gateway.telnetPort());
  telnet.enterAsGuest();
  telnet.socket().close();
  EXPECT_EQ(gateway.stop(), 0);
}

}  // namespace gw::test
