#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "telnet_script.h"

namespace gw::telnet {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Golden {
  const char* name;
  std::string input;
  std::vector<std::string> lines;
  std::string answers;
};

// DO TTYPE, DO NAWS, WILL CHARSET and WILL EOR are under way when each of these arrives.
std::vector<Golden> goldens() {
  return {
      {"LineEnds", bytes("a\r\nb\r\0c\nd\re\r\n"), {"a", "b", "c", "d", "e"}, ""},
      {"EmptyLines", "\r\n\n\r\n", {"", "", ""}, ""},
      {"CrCrLf", "a\r\r\n", {"a", ""}, ""},
      {"EscapedIac", "a\xff\xff\x62\r\n", {"a\xff\x62"}, ""},
      {"TextAroundCommand", "ab\xff\xf1\x63\r\n", {"abc"}, ""},
      {"CommandInsideCrLf", "ab\r\xff\xf1\ncd\r\n", {"ab", "cd"}, ""},
      {"RefusesUnknownDo", "\xff\xfd\x56", {}, "\xff\xfc\x56"},
      {"RefusesUnknownWill", "\xff\xfb\x22", {}, "\xff\xfe\x22"},
      {"RefusesUnknownOnce", "\xff\xfd\x56\xff\xfd\x56\xff\xfb\x56\xff\xfb\x56", {}, "\xff\xfc\x56\xff\xfe\x56"},
      {"SilentOnUnknownDont", "\xff\xfe\x56\xff\xfc\x56", {}, ""},
      {"RefusesEchoByClient", "\xff\xfb\x01", {}, "\xff\xfe\x01"},
      {"RefusesUnaskedDoEcho", "\xff\xfd\x01", {}, "\xff\xfc\x01"},
      {"AcceptsSgaOnce", "\xff\xfd\x03\xff\xfd\x03", {}, "\xff\xfb\x03"},
      {"AcceptsBinaryPerDirection", bytes("\xff\xfd\0\xff\xfb\0"), {}, bytes("\xff\xfb\0\xff\xfd\0")},
      {"TakesSgaBack", "\xff\xfd\x03\xff\xfe\x03", {}, "\xff\xfb\x03\xff\xfc\x03"},
      {"TimingMarkAlwaysAnswered", "\xff\xfd\x06\xff\xfd\x06", {}, "\xff\xfb\x06\xff\xfb\x06"},
      {"NoAnswerToOurOwnOffersAccepted", "\xff\xfd\x19\xff\xfb\x1f", {}, ""},
      {"AreYouThere", "\xff\xf6", {}, "\r\n[Yes]\r\n"},
      {"EraseCharAndLine", "abc\xff\xf7\r\nxyz\xff\xf8q\r\n", {"ab", "q"}, ""},
      {"TerminalTypes",
       bytes("\xff\xfb\x18\xff\xfa\x18\0TINTIN++\xff\xf0\xff\xfa\x18\0XTERM\xff\xf0\xff\xfa\x18\0MTTS 333\xff\xf0"),
       {},
       "\xff\xfa\x18\x01\xff\xf0\xff\xfa\x18\x01\xff\xf0\xff\xfa\x18\x01\xff\xf0"},
      {"TerminalTypeStopsOnRepeat",
       bytes("\xff\xfb\x18\xff\xfa\x18\0XTERM\xff\xf0\xff\xfa\x18\0XTERM\xff\xf0"),
       {},
       "\xff\xfa\x18\x01\xff\xf0\xff\xfa\x18\x01\xff\xf0"},
      {"CharsetRequested", "\xff\xfd\x2a", {}, "\xff\xfa\x2a\x01;UTF-8;ISO-8859-1;US-ASCII\xff\xf0"},
      {"MissingSeEndsAtNextCommand",
       bytes("\xff\xfb\x1f\xff\xfa\x1f\0\x50\0\x18\xff\xfd\x56hi\r\n"),
       {"hi"},
       "\xff\xfc\x56"},
      {"SubnegotiationNeverAskedFor",
       "\xff\xfa\xc9"
       "Core.Hello {}\xff\xf0hi\r\n",
       {"hi"},
       ""},
      {"EmptySubnegotiations", bytes("\xff\xfa\x18\xff\xf0\xff\xfa\x2a\xff\xf0\xff\xfa\x1f\xff\xf0ok\r\n"), {"ok"}, ""},
  };
}

TEST(TelnetCodec, AnswersGoldenInputs) {
  for (const Golden& golden : goldens()) {
    const Transcript seen = run({golden.input});
    EXPECT_EQ(seen.lines, golden.lines) << golden.name;
    EXPECT_EQ(seen.answers, golden.answers) << golden.name;
  }
}

TEST(TelnetCodec, SegmentationChangesNothing) {
  for (const Golden& golden : goldens()) {
    const Transcript whole = run({golden.input});
    const std::string_view input = golden.input;
    std::vector<std::string_view> single;
    for (size_t i = 0; i < input.size(); ++i) single.push_back(input.substr(i, 1));
    EXPECT_EQ(run(single), whole) << golden.name << ", one byte at a time";
    for (size_t cut = 1; cut < input.size(); ++cut) {
      EXPECT_EQ(run({input.substr(0, cut), input.substr(cut)}), whole) << golden.name << ", cut at " << cut;
    }
  }
}

TEST(TelnetCodec, OffersOnlyWhatItSpeaks) {
  const Script script;
  EXPECT_EQ(script.opening, "\xff\xfd\x18\xff\xfd\x1f\xff\xfb\x2a\xff\xfb\x19\xff\xfb\xc9");
  TelnetCodec withoutNaws;
  std::string out;
  withoutNaws.start({.naws = false}, out);
  EXPECT_EQ(out, "\xff\xfd\x18\xff\xfb\x2a\xff\xfb\x19\xff\xfb\xc9");
}

TEST(TelnetCodec, LearnsNamesAndAbilities) {
  const Transcript seen = run({goldens()[19].input});
  EXPECT_EQ(seen.name, "TINTIN++");
  EXPECT_EQ(seen.terminal, "XTERM");
  EXPECT_EQ(seen.mtts, 333u);
}

TEST(TelnetCodec, TerminalIsKnownAfterMttsRepeatOrRefusal) {
  Script refused;
  EXPECT_FALSE(refused.codec.isTerminalKnown());
  refused.receive("\xff\xfc\x18");
  EXPECT_TRUE(refused.codec.isTerminalKnown());

  Script mtts;
  mtts.receive(bytes("\xff\xfb\x18\xff\xfa\x18\0MTTS 4\xff\xf0"));
  EXPECT_TRUE(mtts.codec.isTerminalKnown());

  Script asking;
  asking.receive(bytes("\xff\xfb\x18\xff\xfa\x18\0A\xff\xf0"));
  EXPECT_FALSE(asking.codec.isTerminalKnown());
  asking.receive(bytes("\xff\xfa\x18\0B\xff\xf0\xff\xfa\x18\0C\xff\xf0"));
  EXPECT_TRUE(asking.codec.isTerminalKnown());
}

TEST(TelnetCodec, HostileNamesBecomeShortPrintableAscii) {
  Script script;
  script.receive(bytes("\xff\xfb\x18\xff\xfa\x18\0a\x1b[31m\x07\xc3\xa9") + std::string(500, 'x') + "\xff\xf0");
  const std::string name = script.transcript().name;
  EXPECT_EQ(name.size(), 40u);
  EXPECT_TRUE(name.starts_with("a?[31m???xxx")) << name;
}

TEST(TelnetCodec, WindowSizeIsUnescapedAndClamped) {
  Script script;
  script.receive(bytes("\xff\xfb\x1f\xff\xfa\x1f\0\xff\xff\0\x18\xff\xf0"));
  EXPECT_EQ(script.transcript().width, 255);
  EXPECT_EQ(script.transcript().height, 24);
  script.receive(bytes("\xff\xfa\x1f\x7f\x01\0\0\xff\xf0"));
  EXPECT_EQ(script.transcript().width, 1000);
  EXPECT_EQ(script.transcript().height, 0) << "0 means unknown (RFC 1073)";
  script.receive(bytes("\xff\xfa\x1f\x01\x02\x03\xff\xf0"));
  EXPECT_EQ(script.transcript().width, 1000) << "a payload of the wrong size is ignored";
}

TEST(TelnetCodec, CharsetAnswersAreHeeded) {
  Script accepted;
  accepted.receive("\xff\xfd\x2a\xff\xfa\x2a\x02iso-8859-1\xff\xf0");
  EXPECT_EQ(accepted.transcript().charset, static_cast<int>(Charset::kLatin1));
  Script rejected;
  rejected.receive("\xff\xfd\x2a\xff\xfa\x2a\x03\xff\xf0");
  EXPECT_EQ(rejected.transcript().charset, -1);
  Script unasked;
  unasked.receive("\xff\xfa\x2a\x02US-ASCII\xff\xf0");
  EXPECT_EQ(unasked.transcript().charset, -1);
}

TEST(TelnetCodec, ClientsCharsetRequestIsAnswered) {
  Script script;
  script.receive("\xff\xfe\x2a\xff\xfb\x2a");  // no to our offer, but the client offers itself
  script.seen.answers.clear();
  script.receive("\xff\xfa\x2a\x01;KOI8-R;utf-8;US-ASCII\xff\xf0");
  EXPECT_EQ(script.seen.answers, "\xff\xfa\x2a\x02utf-8\xff\xf0");
  EXPECT_EQ(script.transcript().charset, static_cast<int>(Charset::kUtf8));
  script.seen.answers.clear();
  script.receive("\xff\xfa\x2a\x01 KOI8-R\xff\xf0");
  EXPECT_EQ(script.seen.answers, "\xff\xfa\x2a\x03\xff\xf0");
  script.seen.answers.clear();
  script.receive(bytes("\xff\xfa\x2a\x01[TTABLE]\x01;US-ASCII\xff\xf0"));
  EXPECT_EQ(script.seen.answers, "\xff\xfa\x2a\x02US-ASCII\xff\xf0");
}

TEST(TelnetCodec, CrossingCharsetRequestIsRejected) {
  Script script;
  script.receive("\xff\xfd\x2a\xff\xfb\x2a");
  script.seen.answers.clear();
  script.receive("\xff\xfa\x2a\x01;KOI8-R\xff\xf0\xff\xfa\x2a\x02UTF-8\xff\xf0");
  EXPECT_EQ(script.seen.answers, "\xff\xfa\x2a\x03\xff\xf0");
  EXPECT_EQ(script.transcript().charset, static_cast<int>(Charset::kUtf8)) << "our own question still counts";
}

TEST(TelnetCodec, OversizedSubnegotiationIsDiscardedAndCounted) {
  Script script;
  script.receive("\xff\xfb\x18");
  script.receive(bytes("\xff\xfa\x18\0") + std::string(kMaxSubnegotiation, 'x') + "\xff\xf0" + "after\r\n");
  const Transcript seen = script.transcript();
  EXPECT_EQ(seen.oversized, 1u);
  EXPECT_EQ(seen.name, "");
  EXPECT_THAT(seen.lines, ElementsAre("after"));
}

TEST(TelnetCodec, SubnegotiationAtTheCapIsWhole) {
  TelnetParser parser;
  // 255s are doubled on the wire; the cap counts payload bytes.
  std::string input = "\xff\xfa\x18";
  for (size_t i = 0; i < kMaxSubnegotiation; ++i) input += "\xff\xff";
  input += "\xff\xf0";
  std::string_view rest = input;
  Token token;
  while (!rest.empty() && token.kind == Token::Kind::kNone) rest.remove_prefix(parser.next(rest, token));
  EXPECT_EQ(token.kind, Token::Kind::kSubnegotiation);
  EXPECT_EQ(token.bytes, std::string(kMaxSubnegotiation, '\xff'));

  input.insert(3, "\xff\xff");
  rest = input;
  token = {};
  while (!rest.empty() && token.kind == Token::Kind::kNone) rest.remove_prefix(parser.next(rest, token));
  EXPECT_EQ(token.kind, Token::Kind::kOversized);
}

TEST(TelnetCodec, DoublesIacInSubnegotiations) {
  std::string out;
  appendSubnegotiation(kOptNaws, bytes("\0\xff\0\x18"), out);
  EXPECT_EQ(out, bytes("\xff\xfa\x1f\0\xff\xff\0\x18\xff\xf0"));
}

TEST(TelnetCodec, EchoFollowsTheQMethod) {
  Script script;
  std::string out;
  script.codec.setEcho(true, out);
  EXPECT_EQ(out, "\xff\xfb\x01");
  script.codec.setEcho(true, out);
  EXPECT_EQ(out, "\xff\xfb\x01") << "a request under way is not repeated";
  script.codec.setEcho(false, out);
  EXPECT_EQ(out, "\xff\xfb\x01") << "RFC 1143: the change of mind waits for the answer";
  script.receive("\xff\xfd\x01");
  EXPECT_EQ(script.seen.answers, "\xff\xfc\x01");
  script.receive("\xff\xfe\x01");
  EXPECT_EQ(script.seen.answers, "\xff\xfc\x01");
}

TEST(TelnetCodec, CharacterModeFollowsSga) {
  Script script;
  EXPECT_FALSE(script.codec.isCharacterMode());
  script.receive(
      "ab\x15"
      "cd\r\n");
  EXPECT_THAT(script.seen.lines, ElementsAre("abcd")) << "^U is not for line mode";
  script.receive("\xff\xfd\x03");
  EXPECT_TRUE(script.codec.isCharacterMode());
  script.receive(
      "ab\x15"
      "cd\r\n");
  EXPECT_THAT(script.seen.lines, ElementsAre("abcd", "cd"));
}

TEST(TelnetCodec, RubbishNeverFailsAndIsTheSameInAnySegmentation) {
  std::mt19937 random(20240917);
  for (int round = 0; round < 300; ++round) {
    std::string input;
    const size_t length = random() % 600;
    for (size_t i = 0; i < length; ++i) {
      // Every third byte from telnet's own alphabet, so that states nest deeply.
      constexpr uint8_t kAlphabet[] = {255, 250, 240, 251, 252, 253, 254, 24, 31, 42, 1, 3, 0, '\r', '\n', 8};
      input.push_back(static_cast<char>(random() % 3 == 0 ? kAlphabet[random() % sizeof(kAlphabet)] : random() % 256));
    }
    const Transcript whole = run({input});
    std::vector<std::string_view> pieces;
    for (size_t at = 0; at < input.size();) {
      const size_t size = 1 + random() % 7;
      pieces.push_back(std::string_view(input).substr(at, size));
      at += size;
    }
    EXPECT_EQ(run(pieces), whole) << "round " << round;
    EXPECT_LE(whole.answers.size(), 40 + input.size() * 16) << "answers are bounded by the input";
  }
}

}  // namespace
}  // namespace gw::telnet
