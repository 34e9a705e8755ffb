// A telnet connection's code is replaced under it, at every byte: neither the client nor the host sees it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../migration_script.h"
#include "gmcp.h"
#include "gw/plugin.hpp"
#include "telnet_channel.h"
#include "telnet_codec.h"
#include "telnet_script.h"

namespace gw::telnet {
namespace {

using gw::testing::FakeConn;
using gw::testing::FakeEvent;
using gw::testing::FakeGeneration;
using gw::testing::FakeHost;
using gw::testing::FakeMigration;
using gw::testing::MigrationScript;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string gmcp(const std::string& message) {
  std::string out;
  appendSubnegotiation(kOptGmcp, message, out);
  return out;
}

std::string terminalType(const std::string& answer) {
  return "\xff\xfa\x18" + std::string(1, '\0') + answer + "\xff\xf0";
}

MigrationScript script(std::string options = "{}") {
  return MigrationScript(sdk::pluginTable<TelnetChannel>(), options);
}

void answering(FakeConn& conn) { conn.autoAnswerHello = true; }

/// Mudlet, from the first byte to playing.
MigrationScript mudlet() {
  auto all = script();
  all.then(answering)
      .bytes("\xff\xfb\x18\xff\xfb\x1f\xff\xfd\x2a\xff\xfd\x19\xff\xfd\xc9")
      .bytes(bytes("\xff\xfa\x1f\0\x64\0\xff\xff\xff\xf0"))
      .bytes(gmcp(R"(Core.Hello {"client":"Mudlet","version":"4.19"})"))
      .bytes(gmcp(R"(Core.Supports.Set ["Char 1","Char.Login 2"])"))
      .bytes("\xff\xfa\x2a\x02UTF-8\xff\xf0")
      .bytes(terminalType("MUDLET") + terminalType("XTERM") + terminalType("MTTS 271"))
      .then([](FakeConn& conn) { conn.login({.kind = GW_LOGIN_OPEN}); })
      .prompt("Name: ")
      .bytes(gmcp(R"(Char.Login.Credentials {"account":"Anna","password":"geheim"})"))
      .then([](FakeConn& conn) {
        conn.login({.kind = GW_LOGIN_SIGNED_IN, .account = "Anna", .message = "Hi."});
        conn.login({.kind = GW_LOGIN_TOKEN, .account = "Anna", .token = "t0k"});
      })
      .text("Welcome.")
      .prompt("> ")
      .bytes("look\r\nsay caf\xc3\xa9\r")
      .text("A room.")
      .then([](FakeConn& conn) { conn.endTurn(); })
      .bytes(std::string("\0norxx\b\x7fth\n", 11))
      .text("North.")
      .then([](FakeConn& conn) { conn.closeBegin(GW_CLOSE_SHUTDOWN, "Bye."); });
  return all;
}

/// A terminal in character mode: passwords, edits, commands in the middle of a line.
MigrationScript terminal() {
  auto all = script(R"({"banner":"== Gate ==","gmcp":false})");
  all.bytes("\xff\xfc\x18\xff\xfb\x1f\xff\xfd\x03\xff\xfe\x2a\xff\xfd\x01\xff\xfb\x63\xff\xfd\x06")
      .bytes("early\r\n")
      .then([](FakeConn& conn) { conn.answerHello(); })
      .bytes(bytes("\xff\xfa\x1f\0\x50\0\x18\xff\xf0"))
      .prompt("Password: ", GW_EVENT_ECHO_OFF)
      .bytes("\xff\xfd\x01sec")
      .text("Rain starts.")
      .bytes("ret\r\n")
      .text("Welcome.")
      .bytes("\xff\xfe\x01")
      .bytes("one two\x17\x15go we\xff\xf7st\xff\xff!\xff\xf8north\r\n\xff\xf6")
      .prompt("> ")
      .bytes("\xff\xfb\x18")
      .bytes(terminalType("vt100") + terminalType("vt100"))
      .text("Done.")
      .then([](FakeConn& conn) { conn.deliver(FakeEvent::prompt("> ")); });
  return all;
}

/// Nothing telnet, bytes that are no UTF-8, lines too long, a host that says not now.
MigrationScript plain() {
  auto all = script();
  all.then(answering)
      .wait(300)
      .wait(300)
      .bytes("caf\xe9\n\xfc\x62\x65r\n")
      .text("\xc3\xbf")
      .piece(std::string(4090, 'x'))
      .bytes("0123456789")
      .piece(std::string(1500, 'y'))
      .bytes("\r\n")
      .then([](FakeConn& conn) { conn.submitResult = GW_E_AGAIN; })
      .piece("kept\r\nwaiting\r\n")
      .wait(20)
      .then([](FakeConn& conn) { conn.submitResult = GW_OK; })
      .wait(40)
      .then([](FakeConn& conn) { conn.sendResult = GW_E_AGAIN; })
      .piece("\xff\xf6")
      .piece("later\r\n")
      .then([](FakeConn& conn) {
        conn.sendResult = GW_OK;
        conn.writable();
      })
      .piece("\xff\xfa\x18" + std::string(16 * 1024, 'z'))
      .bytes("\xff\xff!\xff\xf0ok\r\n")
      .then([](FakeConn& conn) { conn.chargeLimit = conn.charged(); })
      .bytes("\xff\xf1\xff\xf1");
  return all;
}

/// Sign-ins that wait for their turn, and a client that takes its time.
MigrationScript waitingLogin() {
  auto all = script();
  all.bytes("\xff\xfd\xc9\xff\xfb\x18")
      .wait(700)
      .bytes(gmcp(R"(Core.Supports.Set ["Char.Login 1"])"))
      .wait(600)
      .wait(100)
      .then([](FakeConn& conn) { conn.signInResult = GW_E_AGAIN; })
      .bytes(gmcp(R"(Char.Login.Credentials {"account":"Anna","password":"first","token_storage":false})"))
      .then([](FakeConn& conn) {
        conn.answerHello();
        conn.signInResult = GW_OK;
        conn.login({.kind = GW_LOGIN_OPEN});
      })
      .bytes(gmcp(R"(Char.Login.Reconnect {"account":"Anna","token":"t0k"})"))
      .then([](FakeConn& conn) { conn.login({.kind = GW_LOGIN_REFUSED, .message = "No."}); })
      .then([](FakeConn& conn) { conn.login({.kind = GW_LOGIN_OPEN}); })
      .then([](FakeConn& conn) { conn.login({.kind = GW_LOGIN_UNDECIDED, .message = "Later."}); })
      .bytes(gmcp("Core.Ping"));
  return all;
}

TEST(TelnetMigration, MudletSeesNothing) { mudlet().expectMovesAreUnseen(); }
TEST(TelnetMigration, ATerminalInCharacterModeSeesNothing) { terminal().expectMovesAreUnseen(); }
TEST(TelnetMigration, AClientWithoutTelnetSeesNothing) { plain().expectMovesAreUnseen(); }
TEST(TelnetMigration, WaitingSignInsGoAlong) { waitingLogin().expectMovesAreUnseen(); }

TEST(TelnetMigration, HostileStatesAreHarmless) {
  const auto use = [](FakeConn& conn) {
    conn.chargeLimit = 1000;
    conn.answerHello();
    conn.receive("\xff\xfb\x18\xff\xfd\xc9");
    conn.receive(gmcp(R"(Core.Supports.Add ["Char.Login 2"])") + terminalType("A") + "look\r\n");
    conn.login({.kind = GW_LOGIN_OPEN});
    conn.login({.kind = GW_LOGIN_UNDECIDED, .message = "Later."});
    conn.deliver(FakeEvent::line("Rain."));
    conn.deliver(FakeEvent::prompt("> ", GW_EVENT_ECHO_OFF));
    conn.receive("x\xff\xff\b\b\x15\x17y\r\n");
    conn.writable();
    conn.closeBegin(GW_CLOSE_SHUTDOWN);
  };
  for (const MigrationScript& each : {mudlet(), terminal(), waitingLogin()}) {
    std::vector<std::string> few;
    const std::vector<std::string> states = each.states();
    for (size_t i = 0; i < states.size(); i += 1 + states.size() / 6) few.push_back(states[i]);
    each.expectHostileStatesAreHarmless(few, use);
  }
}

TEST(TelnetMigration, RefusalsNameTheField) {
  FakeHost host(sdk::pluginTable<TelnetChannel>());
  const auto refusal = [&](auto write) {
    sdk::StateWriter out(1, 32 * 1024);
    write(out);
    EXPECT_EQ(host.adopt(1, out.finish()), nullptr);
    return host.error();
  };
  using Writer = sdk::StateWriter;
  const auto inCodec = [&](uint32_t tag, auto write) {
    return refusal([&](Writer& out) { out.section(1, "", [&](Writer& codec) { codec.section(tag, "", write); }); });
  };
  EXPECT_THAT(refusal([](Writer& out) {
                out.section(2, "", [](Writer& line) { line.text(1, "", std::string(kMaxLine + 1, 'x'), 9999); });
              }),
              HasSubstr("line.text has 4097 bytes"));
  EXPECT_THAT(inCodec(1, [](Writer& parser) { parser.number(1, "", 9u, 99u); }), HasSubstr("codec.parser.state is 9"));
  EXPECT_THAT(inCodec(1, [](Writer& parser) { parser.number(1, "", 2u, 99u); }), HasSubstr("parser.verb does not fit"));
  EXPECT_THAT(inCodec(1, [](Writer& parser) { parser.text(5, "", "x", 9); }), HasSubstr("parser.payload is outside"));
  EXPECT_THAT(inCodec(2, [](Writer& options) { options.text(1, "", "\x07\x01", 9); }), HasSubstr("options.us has an"));
  EXPECT_THAT(inCodec(2, [](Writer& options) { options.text(3, "", "\x18\x06", 9); }), HasSubstr("options.client has"));
  EXPECT_THAT(inCodec(2, [](Writer& options) { options.text(1, "", "\x18", 9); }), HasSubstr("options.us has an"));
  EXPECT_THAT(inCodec(3, [](Writer& profile) { profile.text(1, "", "a\x1b", 9); }), HasSubstr("profile.name is not"));
  EXPECT_THAT(inCodec(3, [](Writer& profile) { profile.number(5, "", 1001u, 9999u); }), HasSubstr("profile.width"));
}

TEST(TelnetMigration, AnIdleConnectionIsSmall) {
  EXPECT_LT(mudlet().states().back().size(), 200u);
  for (const std::string& state : terminal().states()) EXPECT_LT(state.size(), 150u);
  EXPECT_LT(plain().states()[3].size(), 60u);
}

TEST(TelnetMigration, TheNewAccountsOptionsApplyAtTheSwap) {
  FakeHost host(sdk::pluginTable<TelnetChannel>());
  FakeGeneration& next = host.load(sdk::pluginTable<TelnetChannel>(), R"({"charset":"ascii","ansi":"none"})");
  const auto conn = host.open();
  conn->autoAnswerHello = true;
  conn->receive("\xff\xfc\x18");
  conn->takeSent();
  ASSERT_EQ(host.migrate(*conn, next).outcome, FakeMigration::Outcome::kMoved);
  ASSERT_EQ(conn->inputs().size(), 1u) << "the host learns that UTF-8 is over";
  EXPECT_EQ(conn->inputs()[0].caps, static_cast<uint32_t>(GW_CAP_TERMINAL));
  conn->deliver(FakeEvent::line("caf\xc3\xa9"));
  EXPECT_EQ(conn->takeSent(), "cafe\r\n");
}

TEST(TelnetMigration, AConnectionThatWasClosedDoesNotMove) {
  FakeHost host(sdk::pluginTable<TelnetChannel>());
  const auto conn = host.open();
  conn->chargeLimit = 0;
  conn->receive("\xff\xf1");
  EXPECT_EQ(host.migrate(*conn, host.generation()).outcome, FakeMigration::Outcome::kNever);
}

}  // namespace
}  // namespace gw::telnet
