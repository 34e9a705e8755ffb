// The channel against FakeHost: handshake, gateway.v1, heartbeat, close mapping, options.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "channel_fixture.h"
#include "gateway_stream.h"
#include "terminal_stream.h"

namespace gw::websocket::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Pair;
using ::testing::SizeIs;

const Headers kUpgrade{{"upgrade", "websocket"},
                       {"connection", "Upgrade"},
                       {"sec-websocket-version", "13"},
                       {"sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="}};

Headers offering(const std::string& subprotocols) {
  Headers headers = kUpgrade;
  headers.emplace_back("sec-websocket-protocol", subprotocols);
  return headers;
}

// --- handshake

TEST_F(WebSocketChannelTest, ServesOneRoute) {
  const auto routes = host_.routes();
  ASSERT_THAT(routes, SizeIs(1));
  EXPECT_EQ(routes[0].method, "GET");
  EXPECT_EQ(routes[0].path, "/ws");
  EXPECT_EQ(routes[0].flags, 0u);
}

TEST_F(WebSocketChannelTest, AcceptsTheHandshakeOfTheRfc) {
  const auto request = host_.request("GET", "/ws", "", kUpgrade);
  EXPECT_EQ(request->result, GW_HTTP_ACCEPTED);
  ASSERT_TRUE(request->accept.has_value());
  EXPECT_EQ(request->accept->mode, static_cast<uint32_t>(GW_ACCEPT_UPGRADE));
  EXPECT_THAT(request->accept->headers,
              ElementsAre(Pair("Upgrade", "websocket"), Pair("Sec-WebSocket-Accept", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=")));
  EXPECT_EQ(request->accept->subprotocol, "gateway.v1");
}

TEST_F(WebSocketChannelTest, NamesTheSubprotocolThatItPicked) {
  Headers headers = kUpgrade;
  headers.emplace_back("sec-websocket-protocol", "unknown");
  headers.emplace_back("sec-websocket-protocol", "terminal.mudstandards.org, gateway.v1");
  const auto request = host_.request("GET", "/ws", "", headers);
  ASSERT_TRUE(request->accept.has_value());
  EXPECT_THAT(
      request->accept->headers,
      IsSupersetOf({std::pair<std::string, std::string>("Sec-WebSocket-Protocol", "terminal.mudstandards.org")}));
  EXPECT_EQ(request->accept->subprotocol, "terminal.mudstandards.org");
}

TEST_F(WebSocketChannelTest, AnswersAPlainGetWithUpgradeRequired) {
  const auto request = host_.request("GET", "/ws");
  EXPECT_EQ(request->result, GW_HTTP_RESPONDED);
  ASSERT_TRUE(request->reply.has_value());
  EXPECT_EQ(request->reply->status, 426u);
  EXPECT_THAT(request->reply->headers,
              IsSupersetOf({std::pair<std::string, std::string>("Upgrade", "websocket"),
                            std::pair<std::string, std::string>("Sec-WebSocket-Version", "13")}));
  EXPECT_EQ(host_.metric("websocket_refused_handshakes_total"), 1);
}

TEST_F(WebSocketChannelTest, RefusesOnlyUnknownSubprotocolsWithTheList) {
  const auto request = host_.request("GET", "/ws", "", offering("chat"));
  ASSERT_TRUE(request->reply.has_value());
  EXPECT_EQ(request->reply->status, 400u);
  EXPECT_THAT(request->reply->body, HasSubstr(R"("subprotocols":["gateway.v1","terminal.mudstandards.org"])"));
}

TEST(WebSocketChannelOptions, LenientTakesUnknownSubprotocolsWithoutNamingOne) {
  FakeHost host(sdk::pluginTable<WebSocketChannel>(), R"({"lenientSubprotocol":true,"path":"/socket"})");
  const auto request = host.request("GET", "/socket", "", offering("chat"));
  ASSERT_TRUE(request->accept.has_value());
  EXPECT_THAT(request->accept->headers, SizeIs(2));
  EXPECT_EQ(host.routes()[0].path, "/socket");
}

// --- gateway.v1

TEST_F(WebSocketChannelTest, DeclaresItsClassAndSaysNoHelloForGatewayClients) {
  auto conn = connect();
  ASSERT_THAT(conn->classes(), SizeIs(1));
  EXPECT_EQ(conn->classes()[0].flags, 0u);
  EXPECT_THAT(conn->hellos(), IsEmpty());
}

TEST_F(WebSocketChannelTest, HandsFramesToTheHostAndItsAnswersToTheClient) {
  auto conn = connect();
  conn->receive(clientFrame(Opcode::kText, R"({"type":"req"})"));
  EXPECT_THAT(conn->frames(), ElementsAre(R"({"type":"req"})"));
  conn->event(0, GW_OK, R"({"type":"res"})");
  EXPECT_EQ(conn->takeSent(), text(R"({"type":"res"})"));
  const std::string large(5000, 'x');
  conn->event(0, GW_OK, large);
  EXPECT_EQ(conn->takeSent(), text(large));
}

TEST_F(WebSocketChannelTest, KeepsAMessageThatTheHostCannotTakeYet) {
  auto conn = connect();
  conn->frameResult = GW_E_AGAIN;
  const std::string input = clientFrame(Opcode::kText, "{1}") + clientFrame(Opcode::kText, "{2}");
  for (const char byte : input) conn->receive({&byte, 1});
  EXPECT_THAT(conn->frames(), IsEmpty());
  EXPECT_THAT(conn->unread(), ::testing::Not(IsEmpty()));
  conn->frameResult = GW_OK;
  conn->retry();
  EXPECT_THAT(conn->frames(), ElementsAre("{1}", "{2}"));
  EXPECT_THAT(conn->unread(), IsEmpty());
}

TEST_F(WebSocketChannelTest, RefusesBinaryFrames) {
  auto conn = connect();
  conn->receive(clientFrame(Opcode::kBinary, "x"));
  EXPECT_EQ(conn->sent(), closeFrame(1003, "gateway.v1 has text frames only"));
  ASSERT_TRUE(conn->closedBy().has_value());
}

TEST_F(WebSocketChannelTest, ClosesAfterFiveBadMessagesInARowOnly) {
  auto conn = connect();
  const auto bad = [&](int count) {
    conn->frameResult = GW_E_PROTO;
    for (int i = 0; i < count; ++i) conn->receive(clientFrame(Opcode::kText, "nonsense"));
  };
  bad(4);
  conn->frameResult = GW_OK;
  conn->receive(clientFrame(Opcode::kText, "{}"));
  bad(4);
  EXPECT_FALSE(conn->closedBy().has_value());
  bad(1);
  ASSERT_TRUE(conn->closedBy().has_value());
  EXPECT_EQ(conn->closedBy()->code, static_cast<uint32_t>(GW_CLOSE_POLICY));
  EXPECT_EQ(conn->sent().substr(0, 1), "\x88");
  EXPECT_EQ(host_.metric("websocket_bad_messages_total"), 9);
}

TEST_F(WebSocketChannelTest, ReadsNoFurtherOnceTheHostHasEndedTheStream) {
  auto conn = connect();
  conn->frameResult = GW_E_STATE;
  conn->receive(clientFrame(Opcode::kText, "{1}") + clientFrame(Opcode::kBinary, "would be refused"));
  EXPECT_THAT(conn->sent(), IsEmpty());
  EXPECT_THAT(conn->unread(), IsEmpty());
}

TEST_F(WebSocketChannelTest, TakesARateLimitedRequestAsAnswered) {
  auto conn = connect();
  conn->frameResult = GW_E_LIMIT;
  for (int i = 0; i < 10; ++i) conn->receive(clientFrame(Opcode::kText, "{}"));
  EXPECT_FALSE(conn->closedBy().has_value());
  EXPECT_THAT(conn->unread(), IsEmpty());
}

TEST_F(WebSocketChannelTest, WritesTheEnvelopeOfEvents) {
  auto conn = connect();
  FakeEvent event = FakeEvent::data("presence", R"({"count":3})");
  event.stateVersion = 17;
  conn->deliver(event);
  EXPECT_EQ(conn->takeSent(), text(R"({"type":"event","event":"presence","stateVersion":17,"payload":{"count":3}})"));
}

TEST_F(WebSocketChannelTest, TellsTheEpochWheneverItChanges) {
  auto conn = connect();
  FakeEvent event = FakeEvent::line("hi");
  event.payload = R"({"text":"hi"})";
  conn->deliver(event, 1, 7);
  EXPECT_EQ(conn->takeSent(), text(R"({"type":"event","seq":1,"epoch":7,"event":"output","payload":{"text":"hi"}})"));
  conn->deliver(event, 2, 7);
  EXPECT_EQ(conn->takeSent(), text(R"({"type":"event","seq":2,"event":"output","payload":{"text":"hi"}})"));
  conn->deliver(event, 3, 8);
  EXPECT_EQ(conn->takeSent(), text(R"({"type":"event","seq":3,"epoch":8,"event":"output","payload":{"text":"hi"}})"));
}

TEST_F(WebSocketChannelTest, FitsTheLargestNumbersIntoTheHead) {
  auto conn = connect();
  FakeEvent event = FakeEvent::line("x");
  event.payload = "{\"text\":\"" + std::string(70'000, 'x') + "\"}";
  conn->deliver(event, UINT64_MAX, UINT64_MAX - 1);
  const std::string json = R"({"type":"event","seq":18446744073709551615,"epoch":18446744073709551614,)"
                           R"("event":"output","payload":)" +
                           event.payload + "}";
  EXPECT_EQ(conn->takeSent(), text(json));
}

TEST_F(WebSocketChannelTest, EncodesOnceForAllConnectionsOfAClass) {
  auto first = connect(), second = connect();
  const FakeEvent event = FakeEvent::line("hi");
  const uint64_t before = host_.encodeCalls();
  first->deliver(event, 1);
  second->deliver(event, 9);
  EXPECT_EQ(host_.encodeCalls() - before, 1u);
}

TEST_F(WebSocketChannelTest, TakesLargeMessagesOnlyOnceTheSessionPlays) {
  const std::string large = clientFrame(Opcode::kText, std::string(100'000, 'x'));
  auto early = connect();
  early->receive(large);
  EXPECT_EQ(early->closedBy()->code, static_cast<uint32_t>(GW_CLOSE_TOO_BIG));
  EXPECT_EQ(early->sent().substr(2, 2), "\x03\xF1");

  auto playing = connect();
  playing->notice(GW_NOTICE_STATE, GW_STATE_CHARACTER_SELECTION, GW_STATE_PLAYING);
  playing->receive(large);
  EXPECT_THAT(playing->frames(), SizeIs(1));

  auto resumed = connect();
  resumed->notice(GW_NOTICE_ATTACHED, 1, 1);
  resumed->receive(large);
  EXPECT_THAT(resumed->frames(), SizeIs(1));

  auto fresh = connect();
  fresh->notice(GW_NOTICE_ATTACHED, 1, 0);
  fresh->receive(large);
  EXPECT_THAT(fresh->frames(), IsEmpty());
  EXPECT_EQ(host_.metric("websocket_too_big_total"), 2);
}

// --- control frames and the end

TEST_F(WebSocketChannelTest, AnswersPingsUnlessTheOutputIsFull) {
  auto conn = connect();
  conn->receive(clientFrame(Opcode::kPing, "one"));
  EXPECT_EQ(conn->takeSent(), serverFrame(Opcode::kPong, "one"));
  EXPECT_EQ(conn->charged(), 1u);
  conn->sendResult = GW_E_AGAIN;
  conn->receive(clientFrame(Opcode::kPing, "two"));
  conn->takeSent();
  conn->receive(clientFrame(Opcode::kPing, "three"));
  EXPECT_THAT(conn->takeSent(), IsEmpty());
  conn->sendResult = GW_OK;
  conn->writable();
  conn->receive(clientFrame(Opcode::kPing, "four"));
  EXPECT_EQ(conn->takeSent(), serverFrame(Opcode::kPong, "four"));
}

TEST_F(WebSocketChannelTest, ClosesAFloodOfControlFrames) {
  auto conn = connect();
  conn->chargeLimit = 10;
  for (int i = 0; i < 20; ++i) conn->receive(clientFrame(Opcode::kPong, ""));
  ASSERT_TRUE(conn->closedBy().has_value());
  EXPECT_EQ(conn->closedBy()->code, static_cast<uint32_t>(GW_CLOSE_RATE_LIMIT));
  EXPECT_EQ(conn->sent().substr(2, 2), "\x0F\xA4");
}

TEST_F(WebSocketChannelTest, PingsEveryThirtySecondsAndGivesUpAfterSixtyOfSilence) {
  auto conn = connect();
  host_.advance(30'000);
  EXPECT_EQ(conn->takeSent(), serverFrame(Opcode::kPing, ""));
  conn->receive(clientFrame(Opcode::kPong, ""));
  host_.advance(30'000);
  EXPECT_EQ(conn->takeSent(), serverFrame(Opcode::kPing, ""));
  EXPECT_FALSE(conn->closedBy().has_value());
  host_.advance(60'000);
  ASSERT_TRUE(conn->closedBy().has_value());
  EXPECT_EQ(conn->closedBy()->code, static_cast<uint32_t>(GW_CLOSE_LOST));
  EXPECT_EQ(host_.metric("websocket_dead_peers_total"), 1);
}

TEST_F(WebSocketChannelTest, DoesNotBlameThePeerForInputThatTheHostHolds) {
  auto conn = connect();
  conn->frameResult = GW_E_AGAIN;
  conn->receive(clientFrame(Opcode::kText, "{}"));
  host_.advance(300'000);
  EXPECT_FALSE(conn->closedBy().has_value());
}

struct PeerClose {
  std::string payload;
  uint32_t hostCode;
  std::string answer;
};

TEST_F(WebSocketChannelTest, EchoesThePeersCloseAndEndsTheSessionOnlyOn1000) {
  const std::vector<PeerClose> cases{
      {closePayload(1000, "bye"), GW_CLOSE_NORMAL, closeFrame(1000, "")},
      {closePayload(1001), GW_CLOSE_LOST, closeFrame(1001, "")},
      {"", GW_CLOSE_LOST, closeFrame(1005, "")},
      {closePayload(4321), GW_CLOSE_LOST, closeFrame(4321, "")},
  };
  for (const PeerClose& each : cases) {
    auto conn = connect();
    conn->receive(clientFrame(Opcode::kClose, each.payload) + "ignored");
    EXPECT_EQ(conn->takeSent(), each.answer);
    ASSERT_TRUE(conn->closedBy().has_value());
    EXPECT_EQ(conn->closedBy()->code, each.hostCode);
  }
}

TEST_F(WebSocketChannelTest, FailsBrokenStreamsWithTheFittingCode) {
  struct Case {
    std::string input;
    uint16_t wire;
    uint32_t host;
  };
  const std::vector<Case> cases{{std::string("\x81\x01x"), 1002, GW_CLOSE_PROTOCOL},
                                {clientFrame(Opcode::kText, "\xFF"), 1007, GW_CLOSE_INVALID_DATA}};
  for (const Case& each : cases) {
    auto conn = connect();
    conn->receive(each.input + "more");
    EXPECT_EQ(conn->sent().substr(2, 2), closePayload(each.wire));
    EXPECT_EQ(conn->closedBy()->code, each.host);
  }
  EXPECT_EQ(host_.metric("websocket_protocol_errors_total"), 2);
}

TEST_F(WebSocketChannelTest, TranslatesTheHostsGoodbye) {
  for (const uint32_t code : {1000u, 1001u, 1008u, 1011u, 4000u, 4001u, 4002u, 4003u, 4004u}) {
    auto conn = connect();
    conn->closeBegin(code, "Because.");
    EXPECT_EQ(conn->takeSent(), text(R"({"type":"event","event":"closed","payload":{"code":)" + std::to_string(code) +
                                     R"(,"retry":false}})") +
                                    closeFrame(static_cast<uint16_t>(code), "Because."));
    ASSERT_TRUE(conn->closedBy().has_value());
    EXPECT_EQ(conn->closedBy()->code, code);
  }
}

TEST_F(WebSocketChannelTest, TreatsEndOfInputAsALostConnection) {
  auto conn = connect();
  conn->eof();
  EXPECT_EQ(conn->closedBy()->code, static_cast<uint32_t>(GW_CLOSE_LOST));
}

// --- options, health, size

TEST_F(WebSocketChannelTest, PassesItsOwnSelftest) {
  EXPECT_EQ(host_.selftest(), GW_OK) << host_.error();
  EXPECT_EQ(host_.healthReport().first, static_cast<uint32_t>(GW_HEALTH_OK));
  EXPECT_THAT(host_.configSchema(), HasSubstr("lenientSubprotocol"));
}

TEST_F(WebSocketChannelTest, TakesValidOptions) {
  for (const char* options : {"{}", R"({"path":"/a/b","ansi":"256"})", R"({"ansi":"16"})", R"({"ansi":"truecolor"})",
                              R"({"heartbeatInterval":"500ms","connectionTimeout":"1m"})"}) {
    EXPECT_EQ(host_.validate(options), GW_OK) << options << host_.error();
  }
}

TEST_F(WebSocketChannelTest, RefusesWrongOptionsByName) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"[]", "JSON object"},
      {"{", "JSON object"},
      {R"({"pth":"/ws"})", "options.pth"},
      {R"({"path":"ws"})", "options.path"},
      {R"({"path":7})", "options.path"},
      {R"({"path":"/a b"})", "options.path"},
      {R"({"lenientSubprotocol":1})", "options.lenientSubprotocol"},
      {R"({"heartbeatInterval":30})", "options.heartbeatInterval"},
      {R"({"heartbeatInterval":"30"})", "options.heartbeatInterval"},
      {R"({"heartbeatInterval":"-1s"})", "options.heartbeatInterval"},
      {R"({"heartbeatInterval":"99999999999999999999s"})", "options.heartbeatInterval"},
      {R"({"heartbeatInterval":"86400000m"})", "options.heartbeatInterval"},
      {R"({"heartbeatInterval":"s"})", "options.heartbeatInterval"},
      {R"({"connectionTimeout":"30s"})", "longer than"},
      {R"({"ansi":"many"})", "options.ansi"},
      {R"({"ansi":256})", "options.ansi"},
      {R"({"messageIsLine":"yes"})", "options.messageIsLine"},
  };
  for (const auto& [options, expected] : cases) {
    EXPECT_NE(host_.validate(options), GW_OK) << options;
    EXPECT_THAT(host_.error(), HasSubstr(expected)) << options;
  }
}

TEST(WebSocketStreamSize, IdleConnectionStaysSmall) {
  EXPECT_LE(sizeof(GatewayStream), 120u);
  EXPECT_LE(sizeof(TerminalStream), 168u);
}

TEST_F(WebSocketChannelTest, SurvivesRubbishAtEverySubprotocol) {
  uint32_t state = 12345;
  for (int round = 0; round < 200; ++round) {
    auto conn = round % 2 == 0 ? connect() : connectTerminal();
    std::string rubbish;
    for (int i = 0; i < 200; ++i) rubbish.push_back(static_cast<char>((state = state * 1664525u + 1013904223u) >> 24));
    conn->receive(rubbish);
    host_.advance(1000);
  }
}

}  // namespace
}  // namespace gw::websocket::test
