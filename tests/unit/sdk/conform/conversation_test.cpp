#include "conform/conversation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conform/report.h"
#include "conform/transcript.h"
#include "conform/visit.h"

namespace gw::conform {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

std::string errorOf(std::string_view text) {
  try {
    parseConversation(text, "a.txt");
  } catch (const ConversationError& error) {
    return error.what();
  }
  return "no error";
}

TEST(Conversation, HasStepsInTheOrderOfItsLines) {
  const Conversation made = parseConversation(
      "# a comment\n\nsend \"look\\r\\n\\x41\\0\\\"\"\ntext \"A room.\"\nprompt \"> \" hidden # another\n"
      "data presence {\"who\":\"# nobody\"}\nwait 1500\nlogin open\neof",
      "a.txt");
  ASSERT_EQ(made.steps.size(), 7u);
  EXPECT_EQ(made.steps[0].bytes, std::string("look\r\nA\0\"", 9));
  EXPECT_EQ(made.bytesSent(), 9u);
  EXPECT_EQ(made.steps[1].kind, Step::Kind::kText);
  EXPECT_TRUE(made.steps[2].isHidden);
  EXPECT_EQ(made.steps[3].name, "presence");
  EXPECT_EQ(made.steps[3].bytes, "{\"who\":\"# nobody\"}");
  EXPECT_EQ(made.steps[4].ms, 1500u);
  EXPECT_EQ(made.steps[5].login, static_cast<uint32_t>(GW_LOGIN_OPEN));
  EXPECT_EQ(made.steps[6].kind, Step::Kind::kEof);
  EXPECT_FALSE(made.request.has_value());
}

TEST(Conversation, BeginsWithARequestOfAnHttpChannel) {
  const Conversation made = parseConversation(
      "options {\"path\":\"/x\"}\ntls\nrequest GET /ws?a=b\nheader Upgrade: websocket\nbody \"x\"\nanswer 401\nsend "
      "\"y\"",
      "a.txt");
  EXPECT_EQ(made.options, "{\"path\":\"/x\"}");
  EXPECT_TRUE(made.isTls);
  ASSERT_TRUE(made.request.has_value());
  EXPECT_EQ(made.request->path, "/ws");
  EXPECT_EQ(made.request->query, "a=b");
  EXPECT_THAT(made.request->headers, ElementsAre(Pair("upgrade", "websocket")));
  EXPECT_EQ(made.request->answer, 401u);
}

TEST(Conversation, NamesFileLineAndWhatWasExpected) {
  EXPECT_EQ(errorOf("send \"x"), "a.txt:1: the closing quote is missing");
  EXPECT_THAT(errorOf("\nsend x"), HasSubstr("a.txt:2: expected bytes in double quotes"));
  EXPECT_THAT(errorOf("send \"\\q\""), HasSubstr("unknown escape \\q"));
  EXPECT_THAT(errorOf("send \"\\x4\""), HasSubstr("two hexadecimal digits"));
  EXPECT_THAT(errorOf("send \"x\" y"), HasSubstr("unexpected: y"));
  EXPECT_THAT(errorOf("sned \"x\""), HasSubstr("unknown word sned"));
  EXPECT_THAT(errorOf("wait long"), HasSubstr("expected milliseconds"));
  EXPECT_THAT(errorOf("header a: b\nsend \"x\""), HasSubstr("belongs to a request"));
  EXPECT_THAT(errorOf("send \"x\"\ntls"), HasSubstr("stands before"));
  EXPECT_THAT(errorOf("request GET ws"), HasSubstr("a path begins with /"));
  EXPECT_THAT(errorOf("# nothing"), HasSubstr("nothing is sent or shown"));
  EXPECT_THAT(errorOf("send \"" + std::string(5000, 'x') + "\""), HasSubstr("at most 4096 bytes"));
}

Transcript seen(std::vector<Transcript::Entry> entries) { return {std::move(entries)}; }

TEST(Transcript, SaysTheFirstDifference) {
  const Transcript expected = seen({{"input 1", "a"}, {"input 2", "b"}, {"sent", "one two"}});
  EXPECT_EQ(differenceOf(expected, expected), "");
  EXPECT_EQ(differenceOf(expected, seen({{"input 1", "x"}, {"input 2", "b"}, {"sent", "one two"}})),
            "input 1: expected a, got x");
  EXPECT_EQ(differenceOf(expected, seen({{"input 1", "a"}, {"sent", "one two"}})), "input 2 is missing: b");
  EXPECT_EQ(differenceOf(seen({{"input 1", "a"}, {"sent", "one two"}}), expected), "input 2 is one too many: b");
  EXPECT_EQ(differenceOf(expected, seen({{"input 1", "a"}, {"input 2", "b"}})), "sent is missing: one two");
  EXPECT_THAT(differenceOf(expected, seen({{"input 1", "a"}, {"input 2", "b"}, {"sent", "one 2"}})),
              HasSubstr("from byte 4 on"));
}

TEST(Places, AreAllOfAFewAndAChoiceOfMany) {
  EXPECT_THAT(placesAmong(3, 10, 1), ElementsAre(0, 1, 2, 3));
  const std::vector<size_t> some = placesAmong(1000, 10, 7);
  EXPECT_EQ(some.size(), 10u);
  EXPECT_EQ(some, placesAmong(1000, 10, 7));
  EXPECT_NE(some, placesAmong(1000, 10, 8));
}

TEST(Junit, HoldsWhateverAPluginSays) {
  EXPECT_EQ(xmlText("a<b> & \"c\"\n"), "a&lt;b&gt; &amp; &quot;c&quot;\n");
  EXPECT_EQ(xmlText(std::string("\0\x1b\xff\xc3", 4)), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(xmlText("\xc3\xbc\xe2\x82\xac\xf0\x9f\x90\x89"), "\xc3\xbc\xe2\x82\xac\xf0\x9f\x90\x89");
  EXPECT_EQ(xmlText("\xed\xa0\x80").substr(0, 3), "\xEF\xBF\xBD");  // half of a surrogate pair
}

}  // namespace
}  // namespace gw::conform
