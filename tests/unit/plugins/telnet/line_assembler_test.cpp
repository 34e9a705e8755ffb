#include "line_assembler.h"

#include <gtest/gtest.h>

#include "utf8.h"

namespace gw::telnet {
namespace {

std::string lineOf(std::string_view input, bool isCharacterMode = true) {
  LineAssembler lines;
  const auto result = lines.feed(input, isCharacterMode);
  EXPECT_TRUE(result.isLine);
  return std::string(lines.line());
}

TEST(LineAssembler, KeepsTheLineUntilItsEndIsTaken) {
  LineAssembler lines;
  auto result = lines.feed("look\r\nsay", false);
  EXPECT_TRUE(result.isLine);
  EXPECT_EQ(result.consumed, 4u);
  EXPECT_EQ(lines.line(), "look");
  result = lines.feed("\r\nsay", false);
  EXPECT_TRUE(result.isLine) << "offered again, it is the same line";
  EXPECT_EQ(result.consumed, 0u);
  EXPECT_EQ(lines.line(), "look");
  lines.takeLine('\r');
  result = lines.feed("\nsay\n", false);
  EXPECT_EQ(result.consumed, 4u) << "the LF of CR LF is no second line";
  EXPECT_EQ(lines.line(), "say");
}

TEST(LineAssembler, ErasesCharactersNotBytes) {
  EXPECT_EQ(lineOf("ab\bc\n"), "ac");
  EXPECT_EQ(lineOf("ab\x7f"
                   "c\n"),
            "ac");
  EXPECT_EQ(lineOf("a\xc3\xa9\bc\n"), "ac");
  EXPECT_EQ(lineOf("a\xf0\x9f\x98\x80\bc\n"), "ac");
  EXPECT_EQ(lineOf("\b\b\bx\n"), "x");
  EXPECT_EQ(lineOf("caf\xe9\bz\n"), "cafz") << "one Latin-1 byte";
  EXPECT_EQ(lineOf("a\xa9\xa9\bz\n"), "a\xa9z") << "stray continuation bytes count one each";
}

TEST(LineAssembler, ErasesWordAndLineInCharacterModeOnly) {
  EXPECT_EQ(lineOf("say hello there \x17you\n"), "say hello you");
  EXPECT_EQ(lineOf("say hello\x15look\n"), "look");
  EXPECT_EQ(lineOf("say hello\x15look\n", false), "say hellolook");
}

TEST(LineAssembler, DropsControlBytesAndKeepsTabsAsSpaces) { EXPECT_EQ(lineOf("a\x01\x1b[31m\tb\n"), "a[31m b"); }

TEST(LineAssembler, CutsLongLinesAndDiscardsTheRest) {
  LineAssembler lines;
  auto result = lines.feed(std::string(kMaxLine + 100, 'x'), false);
  EXPECT_FALSE(result.isLine);
  EXPECT_EQ(result.discarded, 100u);
  result = lines.feed("yyy\r\nnext\r\n", false);
  EXPECT_TRUE(result.isLine);
  EXPECT_EQ(result.discarded, 3u);
  EXPECT_TRUE(lines.isCut());
  EXPECT_EQ(lines.line(), std::string(kMaxLine, 'x'));
  lines.takeLine('\r');
  EXPECT_FALSE(lines.isCut());
  result = lines.feed("\nnext\r\n", false);
  EXPECT_EQ(lines.line(), "next");
}

TEST(LineAssembler, LineOfExactlyTheLimitIsWhole) {
  LineAssembler lines;
  lines.feed(std::string(kMaxLine, 'x') + "\n", false);
  EXPECT_FALSE(lines.isCut());
  EXPECT_EQ(lines.line().size(), kMaxLine);
}

TEST(ToUtf8, PassesUtf8AndReadsTheRestAsLatin1) {
  bool wasLatin1 = false;
  EXPECT_EQ(toUtf8("caf\xc3\xa9", Charset::kUtf8, wasLatin1), "caf\xc3\xa9");
  EXPECT_FALSE(wasLatin1);
  EXPECT_EQ(toUtf8("caf\xe9", Charset::kUtf8, wasLatin1), "caf\xc3\xa9");
  EXPECT_TRUE(wasLatin1);
  EXPECT_EQ(toUtf8("\xc3\xa9", Charset::kLatin1, wasLatin1), "\xc3\x83\xc2\xa9")
      << "agreed Latin-1 is taken at its word";
  EXPECT_FALSE(wasLatin1);
  EXPECT_EQ(toUtf8("a\x9b\x41", Charset::kLatin1, wasLatin1), "aA") << "C1 control bytes are dropped";
}

TEST(ToUtf8, ALineCutInsideACharacterLosesOnlyThatCharacter) {
  bool wasLatin1 = false;
  const std::string cut = std::string(kMaxLine - 2, 'x') + "\xe2\x82";
  EXPECT_EQ(toUtf8(cut, Charset::kUtf8, wasLatin1), std::string(kMaxLine - 2, 'x'));
  EXPECT_FALSE(wasLatin1);
}

TEST(ToUtf8, AnyByteStringBecomesValidUtf8) {
  bool wasLatin1 = false;
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string line{static_cast<char>(first), static_cast<char>(second)};
      EXPECT_TRUE(isUtf8(toUtf8(line, Charset::kUtf8, wasLatin1)));
      EXPECT_TRUE(isUtf8(toUtf8(line, Charset::kLatin1, wasLatin1)));
    }
  }
}

TEST(Utf8, RejectsWhatRfc3629Forbids) {
  for (const std::string_view bad : {"\xc0\x80", "\xc1\xbf", "\xe0\x80\x80", "\xed\xa0\x80", "\xf0\x80\x80\x80",
                                     "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\x80", "\xc3", "\xe2\x82", "\xc3\x41"}) {
    EXPECT_FALSE(isUtf8(bad));
  }
  for (const std::string_view good :
       {"", "a", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(isUtf8(good));
  }
}

}  // namespace
}  // namespace gw::telnet
