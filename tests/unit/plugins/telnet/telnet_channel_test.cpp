#include "telnet_channel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <thread>

#include "gw/plugin.hpp"
#include "testing/fake_host.h"

namespace gw::telnet {
namespace {

using gw::testing::FakeConn;
using gw::testing::FakeEvent;
using gw::testing::FakeHost;
using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr char kWontTtype[] = "\xff\xfc\x18";

std::string mtts(const std::string& bits) {
  std::string out = "\xff\xfb\x18";
  for (const std::string& answer : {std::string("MUDLET"), std::string("XTERM"), "MTTS " + bits}) {
    out += std::string("\xff\xfa\x18\0", 4) + answer + "\xff\xf0";
  }
  return out;
}

class TelnetChannelTest : public ::testing::Test {
 protected:
  void start(std::string_view options = "{}") {
    host_ = std::make_unique<FakeHost>(sdk::pluginTable<TelnetChannel>(), options);
    ASSERT_TRUE(host_->ok()) << host_->error();
    conn_ = host_->open();
    ASSERT_NE(conn_, nullptr);
    conn_->autoAnswerHello = true;
  }
  /// A telnet client without TTYPE, introduced and with nothing left to read.
  void startKnown(std::string_view options = "{}") {
    start(options);
    conn_->receive(kWontTtype);
    ASSERT_EQ(conn_->hellos().size(), 1u);
    conn_->takeSent();
  }
  void TearDown() override {
    conn_.reset();
    host_.reset();
  }
  std::string deliver(const FakeEvent& event) {
    conn_->deliver(event);
    return conn_->takeSent();
  }

  std::unique_ptr<FakeHost> host_;
  std::unique_ptr<FakeConn> conn_;
};

// --- introduction

TEST_F(TelnetChannelTest, NegotiatesAtOnceAndSaysHelloWhenTheTerminalIsKnown) {
  start();
  EXPECT_EQ(conn_->takeSent(), "\xff\xfd\x18\xff\xfd\x1f\xff\xfb\x2a\xff\xfb\x19\xff\xfb\xc9");
  EXPECT_THAT(conn_->hellos(), IsEmpty());
  conn_->receive(std::string("\xff\xfb\x1f\xff\xfa\x1f\0\x64\0\x20\xff\xf0", 12));
  conn_->receive(mtts("271"));
  ASSERT_EQ(conn_->hellos().size(), 1u);
  const auto& hello = conn_->hellos()[0];
  EXPECT_EQ(hello.mode, static_cast<uint32_t>(GW_HELLO_NEW));
  EXPECT_EQ(hello.client, "MUDLET");
  EXPECT_EQ(hello.width, 100u);
  EXPECT_EQ(hello.height, 32u);
  EXPECT_EQ(hello.caps, static_cast<uint32_t>(GW_CAP_TERMINAL | GW_CAP_UTF8));
  EXPECT_THAT(conn_->timers(), IsEmpty());
}

TEST_F(TelnetChannelTest, SilentClientIsIntroducedAfterHalfASecond) {
  start();
  host_->advance(499);
  EXPECT_THAT(conn_->hellos(), IsEmpty());
  host_->advance(1);
  EXPECT_EQ(conn_->hellos().size(), 1u);
}

TEST_F(TelnetChannelTest, AnsweringClientGetsLongerButNotForEver) {
  start();
  conn_->receive("\xff\xfb\x18");  // WILL TTYPE, and then no answer
  host_->advance(1399);
  EXPECT_THAT(conn_->hellos(), IsEmpty());
  host_->advance(1);
  EXPECT_EQ(conn_->hellos().size(), 1u) << "before the host's own 1.5 s";
}

TEST_F(TelnetChannelTest, TypedLineEndsTheWaiting) {
  start();
  conn_->receive("anna\r\n");
  EXPECT_EQ(conn_->hellos().size(), 1u);
  EXPECT_THAT(conn_->lines(), ElementsAre("anna")) << "kept while the hello was pending";
}

TEST_F(TelnetChannelTest, BannerIsForEyesOnly) {
  start(R"({"banner":"== Gate ==\nWelcome"})");
  conn_->takeSent();
  conn_->receive(kWontTtype);
  EXPECT_EQ(conn_->takeSent(), "== Gate ==\r\nWelcome\r\n");
  conn_ = host_->open();
  conn_->autoAnswerHello = true;
  conn_->takeSent();
  conn_->receive(mtts("69"));  // ANSI, UTF-8, screen reader
  EXPECT_THAT(conn_->takeSent(), Not(HasSubstr("Welcome")));
  EXPECT_TRUE(conn_->hellos()[0].caps & GW_CAP_SCREEN_READER);
}

TEST_F(TelnetChannelTest, BytesForTerminalsArriveAsTheyAreWithNothingAround) {
  startKnown();
  FakeEvent screen = FakeEvent::line("A menu.");
  screen.terminal = std::string("\x1b[2J\xb0\xff\0\r", 8);
  deliver(FakeEvent::prompt("> "));
  EXPECT_EQ(deliver(screen), std::string("\x1b[2J\xb0\xff\xff\0\r", 9)) << "0xFF would be IAC";
  EXPECT_EQ(deliver(FakeEvent::line("Next.")), "Next.\r\n");
  screen.text.clear();
  EXPECT_EQ(deliver(screen), std::string("\x1b[2J\xb0\xff\xff\0\r", 9));
}

TEST_F(TelnetChannelTest, AScreenReaderGetsTheTextInPlaceOfAPicture) {
  start();
  conn_->receive(mtts("69"));
  conn_->takeSent();
  FakeEvent screen = FakeEvent::line("A menu.");
  screen.terminal = "\x1b[2J";
  EXPECT_EQ(deliver(screen), "A menu.\r\n");
  screen.text.clear();
  EXPECT_EQ(deliver(screen), "\x1b[2J") << "there is nothing else";
}

TEST_F(TelnetChannelTest, ScreenReadersGetNoRepeatedPrompt) {
  start();
  conn_->receive(mtts("69"));
  EXPECT_FALSE(conn_->classes().back().flags & GW_CLASS_REPROMPT);
  conn_ = host_->open();
  conn_->receive(mtts("5"));
  EXPECT_TRUE(conn_->classes().back().flags & GW_CLASS_REPROMPT);
}

TEST_F(TelnetChannelTest, RefusedHelloIsToldAndEndsTheConnection) {
  start();
  conn_->autoAnswerHello = false;
  conn_->receive(kWontTtype);
  conn_->takeSent();
  conn_->answerHello(GW_E_LIMIT, R"({"code":"UNAVAILABLE"})");
  EXPECT_THAT(conn_->sent(), HasSubstr("try again later"));
  ASSERT_TRUE(conn_->closedBy());
  EXPECT_EQ(conn_->closedBy()->code, static_cast<uint32_t>(GW_CLOSE_POLICY));
}

TEST_F(TelnetChannelTest, LaterNewsOfTheClientReachTheHost) {
  startKnown();
  conn_->receive(std::string("\xff\xfb\x1f\xff\xfa\x1f\0\x50\0\x18\xff\xf0", 12));
  ASSERT_FALSE(conn_->inputs().empty());
  const auto& input = conn_->inputs().back();
  EXPECT_EQ(input.kind, static_cast<uint32_t>(GW_INPUT_CAPS));
  EXPECT_EQ(input.width, 80u);
  EXPECT_EQ(input.height, 24u);
}

TEST_F(TelnetChannelTest, WhatTheHostKnowsIsNotToldAgain) {
  startKnown();
  conn_->receive("\xff\xfd\x19\xff\xfd\x03");
  EXPECT_THAT(conn_->inputs(), IsEmpty()) << "EOR and SGA change nothing for the host";
}

TEST_F(TelnetChannelTest, NewsDuringAPendingHelloAreReportedAfterIt) {
  start();
  conn_->autoAnswerHello = false;
  conn_->receive(kWontTtype);
  conn_->receive(std::string("\xff\xfb\x1f\xff\xfa\x1f\0\x50\0\x18\xff\xf0", 12));
  EXPECT_THAT(conn_->inputs(), IsEmpty());
  conn_->answerHello();
  ASSERT_EQ(conn_->inputs().size(), 1u);
  EXPECT_EQ(conn_->inputs()[0].width, 80u);
}

TEST_F(TelnetChannelTest, NewsTheHostDoesNotTakeAreReportedLater) {
  startKnown();
  conn_->submitResult = GW_E_AGAIN;
  conn_->receive(std::string("\xff\xfb\x1f\xff\xfa\x1f\0\x50\0\x18\xff\xf0", 12));
  EXPECT_THAT(conn_->inputs(), IsEmpty());
  conn_->submitResult = GW_OK;
  host_->advance(100);
  ASSERT_EQ(conn_->inputs().size(), 1u);
  EXPECT_EQ(conn_->inputs()[0].width, 80u);
}

// --- input

TEST_F(TelnetChannelTest, LinesAreSubmittedInOrder) {
  startKnown();
  conn_->receive(std::string("look\r\nsay hi\r\0\nquit", 19));
  EXPECT_THAT(conn_->lines(), ElementsAre("look", "say hi", ""));
  EXPECT_EQ(conn_->unread(), "");
}

TEST_F(TelnetChannelTest, LineTheHostDoesNotTakeIsKeptAndAskedAgain) {
  startKnown();
  conn_->submitResult = GW_E_AGAIN;
  conn_->receive("one\r\ntwo\r\n");
  EXPECT_THAT(conn_->lines(), IsEmpty());
  EXPECT_EQ(conn_->unread(), "\r\ntwo\r\n");
  EXPECT_FALSE(conn_->isReadPaused());
  conn_->submitResult = GW_OK;
  host_->advance(50);
  EXPECT_THAT(conn_->lines(), ElementsAre("one", "two"));
}

TEST_F(TelnetChannelTest, PipelinedLoginWaitsForThePendingHello) {
  start();
  conn_->autoAnswerHello = false;
  conn_->receive("login anna\r\nsecret\r\nlook\r\n");
  EXPECT_THAT(conn_->lines(), IsEmpty());
  conn_->answerHello();
  EXPECT_THAT(conn_->lines(), ElementsAre("login anna", "secret", "look"));
}

TEST_F(TelnetChannelTest, RateLimitedLineIsDropped) {
  startKnown();
  conn_->submitResult = GW_E_LIMIT;
  conn_->receive("spam\r\n");
  EXPECT_EQ(conn_->unread(), "");
  EXPECT_FALSE(conn_->closedBy());
}

TEST_F(TelnetChannelTest, OverlongLineIsCutAndToldOnce) {
  startKnown();
  conn_->receive(std::string(6000, 'x'));
  conn_->receive("\r\nnext\r\n");
  ASSERT_EQ(conn_->lines().size(), 2u);
  EXPECT_EQ(conn_->lines()[0], std::string(4096, 'x'));
  EXPECT_EQ(conn_->lines()[1], "next");
  EXPECT_EQ(conn_->takeSent(), "That line was too long; only its first 4096 bytes were used.\r\n");
  EXPECT_EQ(host_->metric("telnet_lines_cut_total"), 1);
}

TEST_F(TelnetChannelTest, EndlessLineIsPaidForAndEnds) {
  startKnown();
  conn_->chargeLimit = 20;
  for (int i = 0; i < 64 && !conn_->closedBy(); ++i) conn_->receive(std::string(1024, 'x'));
  ASSERT_TRUE(conn_->closedBy());
  EXPECT_EQ(conn_->closedBy()->code, static_cast<uint32_t>(GW_CLOSE_RATE_LIMIT));
}

TEST_F(TelnetChannelTest, NegotiationFloodIsCutOff) {
  startKnown();
  conn_->chargeLimit = conn_->charged() + 10;
  std::string flood;
  for (int i = 0; i < 1000; ++i) flood += "\xff\xf1";
  conn_->receive(flood);
  ASSERT_TRUE(conn_->closedBy());
  EXPECT_EQ(conn_->closedBy()->code, static_cast<uint32_t>(GW_CLOSE_RATE_LIMIT));
  EXPECT_EQ(conn_->charged(), conn_->chargeLimit + 1) << "nothing is dealt with after the limit";
  EXPECT_EQ(host_->metric("telnet_rate_limited_total"), 1);
}

TEST_F(TelnetChannelTest, OversizedSubnegotiationIsCounted) {
  startKnown();
  conn_->receive("\xff\xfa\x18" + std::string(20000, 'x') + "\xff\xf0look\r\n");
  EXPECT_EQ(host_->metric("telnet_subnegotiations_discarded_total"), 1);
  EXPECT_THAT(conn_->lines(), ElementsAre("look"));
}

TEST_F(TelnetChannelTest, FullOutputStopsReadingUntilWritable) {
  startKnown();
  conn_->sendResult = GW_E_AGAIN;
  conn_->receive("\xff\xf6");  // AYT, whose answer does not fit any more
  EXPECT_TRUE(conn_->isReadPaused());
  conn_->sendResult = GW_OK;
  conn_->writable();
  EXPECT_FALSE(conn_->isReadPaused());
  conn_->receive("look\r\n");
  EXPECT_THAT(conn_->lines(), ElementsAre("look"));
}

TEST_F(TelnetChannelTest, ClientThatTypesLatin1IsServedLatin1) {
  startKnown();
  conn_->receive("caf\xe9\r\n");
  EXPECT_EQ(deliver(FakeEvent::line("caf\xc3\xa9")), "caf\xc3\xa9\r\n") << "once may be an accident";
  conn_->receive("\xfc\x62\x65r\r\n");
  EXPECT_THAT(conn_->lines(), ElementsAre("caf\xc3\xa9", "\xc3\xbc\x62\x65r"));
  EXPECT_EQ(deliver(FakeEvent::line("\xc3\xbf")), "\xff\xff\r\n");
}

// --- output

TEST_F(TelnetChannelTest, TextIsALineInTheClientsColours) {
  start();
  conn_->receive(mtts("13"));  // ANSI, UTF-8, 256 colours
  conn_->takeSent();
  const gw_span red{0, 3, GW_COLOR_RGB(0xff0000), 0, 0, {nullptr, 0}};
  EXPECT_EQ(deliver(FakeEvent::line("red fox", {red})), "\x1b[38;5;196mred\x1b[0m fox\r\n");
}

TEST_F(TelnetChannelTest, OptionsOverrideTheClient) {
  start(R"({"ansi":"none","charset":"ascii","naws":false})");
  EXPECT_EQ(conn_->takeSent(), "\xff\xfd\x18\xff\xfb\x2a\xff\xfb\x19\xff\xfb\xc9");
  conn_->receive(mtts("13"));
  conn_->takeSent();
  const gw_span red{0, 3, GW_COLOR_RGB(0xff0000), 0, 0, {nullptr, 0}};
  EXPECT_EQ(deliver(FakeEvent::line("red caf\xc3\xa9", {red})), "red cafe\r\n");
}

TEST_F(TelnetChannelTest, OutputNeverRunsIntoAPrompt) {
  startKnown();
  EXPECT_EQ(deliver(FakeEvent::prompt("> ")), "> \xff\xf9") << "GA: neither EOR nor SGA is on";
  EXPECT_EQ(deliver(FakeEvent::line("Ben smiles.")), "\r\nBen smiles.\r\n");
  EXPECT_EQ(deliver(FakeEvent::line("Ben leaves.")), "Ben leaves.\r\n");
  conn_->endTurn();
  EXPECT_EQ(conn_->takeSent(), "> \xff\xf9") << "the prompt again, once";
  conn_->receive("look\r\n");
  EXPECT_EQ(deliver(FakeEvent::line("A room.")), "A room.\r\n") << "the client's own newline has moved on";
}

TEST_F(TelnetChannelTest, PromptEndsWithEorWhereAgreedAndWithNothingUnderSga) {
  startKnown();
  conn_->receive("\xff\xfd\x19");
  EXPECT_EQ(deliver(FakeEvent::prompt("> ")), "> \xff\xef");
  conn_ = host_->open();
  conn_->autoAnswerHello = true;
  conn_->receive(std::string(kWontTtype) + "\xff\xfd\x03");
  conn_->takeSent();
  EXPECT_EQ(deliver(FakeEvent::prompt("> ")), "> ");
}

TEST_F(TelnetChannelTest, ClientWithoutTelnetGetsTextOnly) {
  start();
  host_->advance(500);
  conn_->takeSent();
  EXPECT_EQ(deliver(FakeEvent::prompt("Password: ", GW_EVENT_ECHO_OFF)), "Password: ");
  conn_->receive("secret\n");
  EXPECT_THAT(conn_->lines(), ElementsAre("secret"));
  EXPECT_EQ(deliver(FakeEvent::line("Welcome.")), "\r\nWelcome.\r\n");
  EXPECT_THAT(conn_->sent(), Not(HasSubstr("\xff")));
}

TEST_F(TelnetChannelTest, ClientThatShowsItselfLateGetsColours) {
  start();
  conn_->receive("a typed line\r\n");
  ASSERT_EQ(conn_->classes().size(), 1u);
  conn_->receive("\xff\xf1");
  ASSERT_EQ(conn_->classes().size(), 2u);
  conn_->takeSent();
  EXPECT_THAT(deliver(FakeEvent::line("red", {{0, 3, GW_COLOR_PALETTE(1), 0, 0, {}}})), HasSubstr("\x1b["));
}

TEST_F(TelnetChannelTest, PasswordIsHiddenFromPromptToAnswer) {
  startKnown();
  EXPECT_EQ(deliver(FakeEvent::prompt("Password: ", GW_EVENT_ECHO_OFF)), "\xff\xfb\x01Password: \xff\xf9");
  conn_->receive("\xff\xfd\x01");
  EXPECT_EQ(deliver(FakeEvent::line("Rain starts.")), "\r\nRain starts.\r\n") << "others' text keeps it hidden";
  conn_->endTurn();
  EXPECT_EQ(conn_->takeSent(), "Password: \xff\xf9");
  conn_->receive("secret\r\n");
  EXPECT_EQ(deliver(FakeEvent::line("Welcome.")), "\xff\xfc\x01\r\nWelcome.\r\n")
      << "shown again, and on a new line: the client has not echoed the newline";
}

TEST_F(TelnetChannelTest, EchoOnEventOrPlainPromptShowsTypingAgain) {
  startKnown();
  FakeEvent shown;
  shown.flags = GW_EVENT_ECHO_ON;
  deliver(FakeEvent::prompt("Password: ", GW_EVENT_ECHO_OFF));
  conn_->receive("\xff\xfd\x01");
  EXPECT_EQ(deliver(shown), "\xff\xfc\x01") << "no text, so no empty line";
  conn_->receive("\xff\xfe\x01");
  deliver(FakeEvent::prompt("Password: ", GW_EVENT_ECHO_OFF));
  conn_->receive("\xff\xfd\x01");
  EXPECT_EQ(deliver(FakeEvent::prompt("> ")), "\xff\xfc\x01\r\n> \xff\xf9");
}

TEST_F(TelnetChannelTest, HidingStartsWhenTheClientShowsItselfLate) {
  start();
  host_->advance(500);
  conn_->takeSent();
  deliver(FakeEvent::prompt("Password: ", GW_EVENT_ECHO_OFF));
  conn_->receive(kWontTtype);
  EXPECT_EQ(conn_->takeSent(), "\xff\xfb\x01");
}

TEST_F(TelnetChannelTest, StructuredEventsAreNotForTelnet) {
  startKnown();
  EXPECT_EQ(host_->encode("t00-", FakeEvent::data("presence", "{}")), std::nullopt);
  EXPECT_EQ(deliver(FakeEvent::data("presence", "{}")), "");
}

TEST_F(TelnetChannelTest, ClientsOfOneKindShareTheEncodedBytes) {
  startKnown();
  auto second = host_->open();
  second->autoAnswerHello = true;
  second->receive(kWontTtype);
  const FakeEvent event = FakeEvent::line("A storm rises.");
  conn_->deliver(event);
  second->deliver(event);
  EXPECT_EQ(host_->encodeCalls(), 1u);
  EXPECT_THAT(second->sent(), EndsWith("A storm rises.\r\n"));
}

// --- the end

TEST_F(TelnetChannelTest, GoodbyeIsALineAndTypingIsShownAgain) {
  startKnown();
  deliver(FakeEvent::prompt("Password: ", GW_EVENT_ECHO_OFF));
  conn_->receive("\xff\xfd\x01");
  conn_->closeBegin(GW_CLOSE_SHUTDOWN, "The gateway restarts.");
  EXPECT_EQ(conn_->takeSent(), "\xff\xfc\x01\r\nThe gateway restarts.\r\n");
  ASSERT_TRUE(conn_->closedBy());
  EXPECT_EQ(conn_->closedBy()->code, static_cast<uint32_t>(GW_CLOSE_SHUTDOWN));
}

TEST_F(TelnetChannelTest, GoodbyeWithoutTextStillSaysSomething) {
  for (const uint32_t code : {GW_CLOSE_NORMAL, GW_CLOSE_SHUTDOWN, GW_CLOSE_IDLE, GW_CLOSE_REPLACED, GW_CLOSE_SLOW}) {
    start();
    conn_->takeSent();
    conn_->closeBegin(code);
    EXPECT_GT(conn_->sent().size(), 5u) << code;
    EXPECT_EQ(conn_->closedBy()->code, code);
    conn_.reset();
    host_.reset();
  }
}

TEST_F(TelnetChannelTest, EndOfInputEndsTheConnectionButNotTheSession) {
  startKnown();
  conn_->eof();
  ASSERT_TRUE(conn_->closedBy());
  EXPECT_EQ(conn_->closedBy()->code, static_cast<uint32_t>(GW_CLOSE_LOST));
}

// --- the account

TEST_F(TelnetChannelTest, SelftestAndHealthAreFine) {
  start();
  EXPECT_EQ(host_->selftest(), GW_OK) << host_->error();
  EXPECT_EQ(host_->healthReport().first, static_cast<uint32_t>(GW_HEALTH_OK));
  EXPECT_THAT(host_->configSchema(), HasSubstr("\"banner\""));
}

TEST_F(TelnetChannelTest, WrongOptionsAreRefusedByName) {
  start();
  for (const auto& [options, part] :
       std::vector<std::pair<std::string, std::string>>{{R"({"ansi":"pink"})", "options.ansi"},
                                                        {R"({"ansi":16})", "options.ansi"},
                                                        {R"({"charset":"ebcdic"})", "options.charset"},
                                                        {R"({"naws":1})", "options.naws"},
                                                        {R"({"banner":7})", "options.banner"},
                                                        {R"({"bannner":"x"})", "options.bannner"},
                                                        {R"({"banner":")" + std::string(4097, 'x') + R"("})", "4096"},
                                                        {"[]", "object"},
                                                        {"{", "object"}}) {
    EXPECT_EQ(host_->validate(options), GW_E_INVALID) << options;
    EXPECT_THAT(host_->error(), HasSubstr(part));
  }
  for (const char* good : {"{}", R"({"ansi":"16"})", R"({"ansi":"256","charset":"utf-8"})",
                           R"({"ansi":"truecolor","charset":"latin-1"})", R"({"ansi":"auto","charset":"auto"})"}) {
    EXPECT_EQ(host_->validate(good), GW_OK) << good;
  }
}

TEST_F(TelnetChannelTest, ReconfigureAppliesToNewConnections) {
  start();
  EXPECT_EQ(host_->reconfigure(R"({"naws":false})"), GW_RECONF_APPLIED);
  EXPECT_EQ(host_->reconfigure(R"({"naws":"no"})"), GW_RECONF_REJECTED);
  EXPECT_THAT(host_->error(), HasSubstr("options.naws"));
  auto later = host_->open();
  EXPECT_EQ(later->takeSent(), "\xff\xfd\x18\xff\xfb\x2a\xff\xfb\x19\xff\xfb\xc9");
  for (int i = 0; i < 80; ++i) host_->reconfigure("{}");
  EXPECT_EQ(host_->reconfigure("{}"), GW_RECONF_NEEDS_RECREATE) << "old configurations are bounded";
}

TEST_F(TelnetChannelTest, EncodesOnManyThreadsWhileReconfigured) {
  start();
  const gw_plugin& plugin = sdk::pluginTable<TelnetChannel>();
  const auto* ext = static_cast<const gw_encode_ext*>(plugin.get_extension(sdk::slice(GW_EXT_ENCODE)));
  const gw_span span{0, 1, GW_COLOR_RGB(0xff0000), 0, 0, {nullptr, 0}};
  gw_event event{};
  event.kind = GW_KIND_TEXT;
  event.text = sdk::slice("a storm rises");
  event.spans = &span;
  event.span_count = 1;
  std::atomic<size_t> wrong{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 500; ++n) {
        std::string body;  // FakeHost's builder
        ext->encode(host_->instance(), sdk::slice("t10-"), &event, reinterpret_cast<gw_builder*>(&body));
        if (body != "\x1b[91ma\x1b[0m storm rises\r\n") ++wrong;
      }
    });
  }
  for (int n = 0; n < 30; ++n) host_->reconfigure(R"({"ansi":"none"})");
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(wrong, 0u);
}

TEST_F(TelnetChannelTest, RubbishNeverEndsInAnythingButAClose) {
  std::mt19937 random(42);
  for (int round = 0; round < 60; ++round) {
    start();
    conn_->chargeLimit = 500;
    for (int i = 0; i < 30 && !conn_->closedBy(); ++i) {
      std::string input;
      for (size_t n = random() % 200; n > 0; --n) {
        input.push_back(static_cast<char>(random() % 4 == 0 ? 240 + random() % 16 : random() % 256));
      }
      conn_->receive(input);
      conn_->deliver(FakeEvent::line("tick"));
      if (random() % 5 == 0) conn_->deliver(FakeEvent::prompt("> ", random() & GW_EVENT_ECHO_OFF));
      host_->advance(random() % 300);
    }
    conn_.reset();
    host_.reset();
  }
}

}  // namespace
}  // namespace gw::telnet
