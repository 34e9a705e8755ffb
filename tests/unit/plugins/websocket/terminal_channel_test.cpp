// The subprotocol terminal.mudstandards.org against FakeHost.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "channel_fixture.h"

namespace gw::websocket::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST_F(WebSocketChannelTest, IntroducesTerminals) {
  auto conn = connect(kTerminalName);
  ASSERT_THAT(conn->hellos(), SizeIs(1));
  EXPECT_EQ(conn->hellos()[0].mode, static_cast<uint32_t>(GW_HELLO_NEW));
  EXPECT_EQ(conn->hellos()[0].caps, static_cast<uint32_t>(GW_CAP_TERMINAL | GW_CAP_UTF8));
  ASSERT_THAT(conn->classes(), SizeIs(1));
  EXPECT_EQ(conn->classes()[0].flags, static_cast<uint32_t>(GW_CLASS_TEXT_ONLY | GW_CLASS_REPROMPT));
}

TEST_F(WebSocketChannelTest, HoldsATerminalsLinesUntilTheHelloIsAnswered) {
  auto conn = connect(kTerminalName);
  conn->receive(clientFrame(Opcode::kBinary, "anna\r\nsecret\r\nlo"));
  EXPECT_THAT(conn->lines(), IsEmpty());
  conn->answerHello();
  EXPECT_THAT(conn->lines(), ElementsAre("anna", "secret"));
  conn->receive(clientFrame(Opcode::kText, "ok\xC3\xA9\n"));
  EXPECT_THAT(conn->lines(), ElementsAre("anna", "secret", "look\xC3\xA9"));
}

TEST_F(WebSocketChannelTest, NeitherLosesNorDoublesLinesWhenTheHostStopsInTheMiddle) {
  auto conn = connectTerminal();
  std::string many;
  for (int i = 0; i < 50; ++i) many += "line " + std::to_string(i) + "\r\n";
  conn->submitResult = GW_E_AGAIN;
  conn->receive(clientFrame(Opcode::kBinary, many));
  conn->retry();
  EXPECT_THAT(conn->lines(), IsEmpty());
  conn->submitResult = GW_OK;
  conn->retry();
  ASSERT_THAT(conn->lines(), SizeIs(50));
  EXPECT_EQ(conn->lines().back(), "line 49");
}

TEST_F(WebSocketChannelTest, RepairsATerminalsText) {
  auto conn = connectTerminal();
  conn->receive(clientFrame(Opcode::kBinary,
                            "a\xFF"
                            "b\n"));
  EXPECT_THAT(conn->lines(), ElementsAre("a\xEF\xBF\xBD"
                                         "b"));
}

TEST_F(WebSocketChannelTest, TellsATerminalThatItsLineWasCut) {
  auto conn = connectTerminal();
  conn->receive(clientFrame(Opcode::kBinary, std::string(5000, 'x') + "\n"));
  ASSERT_THAT(conn->lines(), SizeIs(1));
  EXPECT_THAT(conn->takeSent(), HasSubstr("too long"));
  EXPECT_EQ(host_.metric("websocket_lines_cut_total"), 1);
}

TEST_F(WebSocketChannelTest, ShowsTextAndPromptsOnATerminal) {
  auto conn = connectTerminal();
  conn->deliver(FakeEvent::line("Anna says hi", {{0, 4, 0, 0, GW_SPAN_BOLD, {nullptr, 0}}}));
  EXPECT_EQ(conn->takeSent(), binary("\x1b[0;1mAnna\x1b[0m says hi\r\n"));
  conn->deliver(FakeEvent::prompt("> "));
  EXPECT_EQ(conn->takeSent(), binary("> "));
  conn->deliver(FakeEvent::line("Rain."));
  EXPECT_EQ(conn->takeSent(), binary("\r\nRain.\r\n"));
  conn->endTurn();
  EXPECT_EQ(conn->takeSent(), binary("> "));
  conn->receive(clientFrame(Opcode::kBinary, "look\r\n"));
  conn->deliver(FakeEvent::line("A room."));
  EXPECT_EQ(conn->takeSent(), binary("A room.\r\n"));
}

TEST_F(WebSocketChannelTest, ShowsATerminalNoBareEchoFlagAndNoData) {
  FakeEvent echo = FakeEvent::prompt("", GW_EVENT_ECHO_ON);
  EXPECT_FALSE(host_.encode(kTerminalName, echo).has_value());
  EXPECT_FALSE(host_.encode(kTerminalName, FakeEvent::data("presence", "{}")).has_value());
  EXPECT_EQ(host_.encode(kTerminalName, FakeEvent::line("")), "\r\n");
  EXPECT_EQ(host_.encode(kTerminalName, FakeEvent::prompt("Password: ", GW_EVENT_ECHO_OFF)), "Password: ");
}

TEST_F(WebSocketChannelTest, GivesATerminalItsBytesAsTheyAre) {
  FakeEvent screen = FakeEvent::line("A menu.");
  screen.terminal = std::string("\x1b[2J\xff\0", 6);
  EXPECT_EQ(host_.encode(kTerminalName, screen), screen.terminal);
  auto conn = connectTerminal();
  conn->deliver(FakeEvent::prompt("> "));
  conn->takeSent();
  conn->deliver(screen);
  EXPECT_EQ(conn->takeSent(), "\x82\x06" + screen.terminal) << "no line break before it";
}

TEST_F(WebSocketChannelTest, SaysGoodbyeOnATerminalInWords) {
  auto conn = connectTerminal();
  conn->deliver(FakeEvent::prompt("> "));
  conn->takeSent();
  conn->closeBegin(GW_CLOSE_SHUTDOWN, "Back in a minute.");
  EXPECT_EQ(conn->takeSent(), binary("\r\nBack in a minute.\r\n") + closeFrame(1001, "Back in a minute."));
}

TEST(WebSocketChannelOptions, MessageIsLineEndsALineWithItsMessage) {
  FakeHost host(sdk::pluginTable<WebSocketChannel>(), R"({"messageIsLine":true,"ansi":"none"})");
  OpenOptions options;
  options.subprotocol = kTerminalName;
  auto conn = host.open(options);
  conn->receive(clientFrame(Opcode::kBinary, "look") + clientFrame(Opcode::kBinary, "north\r\n"));
  EXPECT_THAT(conn->lines(), IsEmpty());
  conn->answerHello();
  EXPECT_THAT(conn->lines(), ElementsAre("look", "north"));
}

}  // namespace
}  // namespace gw::websocket::test
