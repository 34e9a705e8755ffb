// A WebSocket connection's code is replaced under it, at every byte: neither the client nor the host sees it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../migration_script.h"
#include "channel_fixture.h"
#include "websocket_stream.h"

namespace gw::websocket::test {
namespace {

using gw::testing::MigrationScript;
using ::testing::HasSubstr;

MigrationScript script(std::string_view subprotocol, std::string options = "{}") {
  OpenOptions open;
  open.subprotocol = subprotocol;
  return MigrationScript(sdk::pluginTable<WebSocketChannel>(), std::move(options), open);
}

MigrationScript gateway() { return script(kGatewayV1Name); }
MigrationScript terminal(std::string options = "{}") { return script(kTerminalName, std::move(options)); }

std::string fragments() {
  return clientFrame(Opcode::kText, "{\"a\":\"\xE2\x82", false) + clientFrame(Opcode::kPing, "there?") +
         clientFrame(Opcode::kContinuation, "\xAC \xF0\x9F", false, {9, 8, 7, 6}) +
         clientFrame(Opcode::kContinuation, "", false) + clientFrame(Opcode::kContinuation, "\x98\x80\"}");
}

/// gateway.v1: whole messages, fragments that cut characters, pings, events of several epochs, goodbye.
MigrationScript conversation() {
  auto all = gateway();
  all.bytes(clientFrame(Opcode::kText, R"({"type":"req","id":1})"))
      .then([](FakeConn& conn) { conn.event(0, GW_OK, R"({"type":"res"})"); })
      .text("Hello.", 1, 3)
      .bytes(fragments())
      .text("Again.", 2, 3)
      .text("A new epoch.", 1, 4)
      .then([](FakeConn& conn) { conn.notice(GW_NOTICE_STATE, GW_STATE_AUTHENTICATING, GW_STATE_PLAYING); })
      .bytes(clientFrame(Opcode::kPong, "late"))
      .piece(clientFrame(Opcode::kText, std::string(70'000, 'x')))
      .bytes(clientFrame(Opcode::kText, "\xC3\xA9" + std::string(130, 'y')))
      .then([](FakeConn& conn) { conn.frameResult = GW_E_PROTO; })
      .piece(clientFrame(Opcode::kText, "no") + clientFrame(Opcode::kText, "no"))
      .then([](FakeConn& conn) { conn.frameResult = GW_E_AGAIN; })
      .bytes(clientFrame(Opcode::kText, "kept") + clientFrame(Opcode::kText, "", false) +
             clientFrame(Opcode::kContinuation, ""))
      .then([](FakeConn& conn) {
        conn.frameResult = GW_OK;
        conn.retry();
      })
      .text("Bye.", 2, 4)
      .then([](FakeConn& conn) { conn.closeBegin(GW_CLOSE_SHUTDOWN, "Back soon."); });
  return all;
}

/// Silence, pings and a full output queue.
MigrationScript heartbeat() {
  auto all = gateway();
  all.wait(29'000)
      .wait(2'000)
      .then([](FakeConn& conn) { conn.sendResult = GW_E_AGAIN; })
      .wait(20'000)
      .bytes(clientFrame(Opcode::kPing, "p"))
      .wait(20'000)
      .wait(20'000)
      .then([](FakeConn& conn) {
        conn.sendResult = GW_OK;
        conn.writable();
      })
      .bytes(clientFrame(Opcode::kPing, "q"))
      .wait(31'000)
      .wait(31'000);
  return all;
}

/// terminal.mudstandards.org: lines cut anywhere, escapes, a host that says not now, prompts.
MigrationScript lines() {
  auto all = terminal(R"({"messageIsLine":true})");
  all.bytes(clientFrame(Opcode::kBinary, "an\b\x1b[Ana\r\nsec\x15ret\r\nlo"))
      .then([](FakeConn& conn) { conn.answerHello(); })
      .prompt("> ")
      .text("Rain.")
      .then([](FakeConn& conn) { conn.endTurn(); })
      .bytes(clientFrame(Opcode::kText, "ok \xC3", false) + clientFrame(Opcode::kContinuation, "\xA9\r"))
      .bytes(clientFrame(Opcode::kBinary, "\nnorth\xFF\x1b"))
      .bytes(clientFrame(Opcode::kBinary, "Ox"))
      .piece(clientFrame(Opcode::kBinary, std::string(5000, 'x') + "\n"))
      .then([](FakeConn& conn) { conn.submitResult = GW_E_AGAIN; })
      .bytes(clientFrame(Opcode::kBinary, "one\ntwo\n"))
      .then([](FakeConn& conn) {
        conn.submitResult = GW_OK;
        conn.retry();
      })
      .prompt("> ")
      .bytes(clientFrame(Opcode::kClose, closePayload(1001)));
  return all;
}

TEST(WebSocketMigration, AConversationGoesOn) { conversation().expectMovesAreUnseen(); }
TEST(WebSocketMigration, TheHeartbeatGoesOn) { heartbeat().expectMovesAreUnseen(); }
TEST(WebSocketMigration, ATerminalsLinesGoOn) { lines().expectMovesAreUnseen(); }

TEST(WebSocketMigration, MistakesAreFoundWhereverTheyBegan) {
  for (const std::string& mistake :
       {clientFrame(Opcode::kText, "ab\xE2\x28\xA1"), clientFrame(Opcode::kText, "\xF0\x9F\x98"),
        clientFrame(Opcode::kText, "\xED", false) + clientFrame(Opcode::kContinuation, "\xA0\x80"),
        clientFrame(Opcode::kText, "a", false) + clientFrame(Opcode::kText, "b"),
        clientFrame(Opcode::kContinuation, ""), clientFrame(Opcode::kPing, "x", false),
        clientFrame(Opcode::kBinary, "x"), std::string("\x81\x05hello")}) {
    auto all = gateway();
    all.bytes(mistake).expectMovesAreUnseen();
  }
}

TEST(WebSocketMigration, HostileStatesAreHarmless) {
  const auto use = [](FakeConn& conn) {
    conn.answerHello();
    conn.receive(clientFrame(Opcode::kContinuation, "rest\r\n"));
    conn.receive(clientFrame(Opcode::kText, "look\r\n") + std::string(40, 'x'));
    conn.deliver(FakeEvent::line("Rain."), 1, 1);
    conn.writable();
    conn.retry();
    conn.closeBegin(GW_CLOSE_SHUTDOWN);
  };
  for (const MigrationScript& each : {conversation(), heartbeat(), lines()}) {
    std::vector<std::string> few;
    for (const std::string& state : each.states()) {
      const bool isNews = few.empty() || few.back().size() != state.size();
      if (state.size() < 300 && isNews && few.size() < 24) few.push_back(state);
    }
    each.expectHostileStatesAreHarmless(few, use);
  }
}

class WebSocketStates : public WebSocketChannelTest {
 protected:
  template <class Write>
  std::string refusal(Write write, std::string_view subprotocol = kGatewayV1Name) {
    sdk::StateWriter out(1, 2 * kMaxMessage);
    write(out);
    OpenOptions options;
    options.subprotocol = subprotocol;
    EXPECT_EQ(host_.adopt(1, out.finish(), options), nullptr);
    return host_.error();
  }
  /// A decoder's fields: isOpen, isText, remaining, message.
  std::string decoder(bool isOpen, bool isText, uint32_t remaining, std::string_view message) {
    return refusal([&](sdk::StateWriter& out) {
      out.section(5, "", [&](sdk::StateWriter& in) {
        in.flag(1, "", isOpen);
        in.flag(2, "", isText);
        in.number(5, "", remaining, UINT32_MAX);
        in.text(7, "", message, 2 * kMaxMessage);
      });
    });
  }
};

TEST_F(WebSocketStates, RefusalsNameTheField) {
  EXPECT_THAT(decoder(false, false, 0, "x"), HasSubstr("decoder.message is none that could have begun"));
  EXPECT_THAT(decoder(false, false, 1, ""), HasSubstr("decoder.message is none"));
  EXPECT_THAT(decoder(true, true, 1, "\xFF"), HasSubstr("decoder.message is none"));
  EXPECT_THAT(decoder(true, false, 60'000, std::string(60'000, 'x')), HasSubstr("decoder.message is none"));
  EXPECT_THAT(decoder(true, false, kMaxMessageBeforeLogin + 1, ""), HasSubstr("decoder.remaining is 65537"));
  EXPECT_THAT(decoder(true, false, 0, std::string(70'000, 'x')), HasSubstr("decoder.message has 70000 bytes"));
  EXPECT_THAT(refusal([](sdk::StateWriter& out) { out.number(2, "", UINT64_MAX, UINT64_MAX); }), HasSubstr("heardNs"));
  EXPECT_THAT(refusal(
                  [](sdk::StateWriter& out) {
                    out.section(6, "", [](sdk::StateWriter& in) { in.number(2, "", kMaxMessage + 1, UINT32_MAX); });
                  },
                  kTerminalName),
              HasSubstr("own.messageRead"));
}

TEST(WebSocketMigration, AnIdleConnectionIsSmall) {
  for (const MigrationScript& each : {gateway(), terminal(), heartbeat()}) {
    for (const std::string& state : each.states()) EXPECT_LT(state.size(), 40u);
  }
}

TEST_F(WebSocketStates, TheLargestMessageMoves) {
  auto conn = connect();
  conn->notice(GW_NOTICE_STATE, GW_STATE_AUTHENTICATING, GW_STATE_PLAYING);
  const std::string frame = clientFrame(Opcode::kText, std::string(kMaxMessage, 'x'));
  conn->receive(std::string_view(frame).substr(0, frame.size() - 1));
  const auto moved = host_.migrate(*conn, host_.load(sdk::pluginTable<WebSocketChannel>()));
  EXPECT_EQ(moved.outcome, gw::testing::FakeMigration::Outcome::kMoved) << moved.reason;
  conn->receive(std::string_view(frame).substr(frame.size() - 1));
  ASSERT_EQ(conn->frames().size(), 1u);
  EXPECT_EQ(conn->frames()[0].size(), kMaxMessage);
}

}  // namespace
}  // namespace gw::websocket::test
