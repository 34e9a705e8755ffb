#include <gtest/gtest.h>

#include "session/text/sanitize.h"
#include "session/text/utf8.h"

namespace gw::session {
namespace {

using plugin::Span;

Span span(uint32_t start, uint32_t len, uint32_t fg, uint32_t bg = 0, uint32_t attrs = 0) {
  return Span{start, len, fg, bg, attrs, {}};
}

/// The one span that `sequence` gives to "x" behind it; a default Span if none.
Span styleOf(const std::string& sequence) {
  const Styled styled = renderSgr(sequence + "x");
  EXPECT_EQ(styled.text, "x") << sequence;
  EXPECT_LE(styled.spans.size(), 1u);
  return styled.spans.empty() ? Span{} : styled.spans.front();
}

TEST(RenderSgr, TurnsColoursIntoSpans) {
  const Styled styled = renderSgr("a \x1b[31mred\x1b[0m and \x1b[1;42mbold\x1b[m.");
  EXPECT_EQ(styled.text, "a red and bold.");
  ASSERT_EQ(styled.spans.size(), 2u);
  EXPECT_EQ(styled.spans[0], span(2, 3, GW_COLOR_PALETTE(1)));
  EXPECT_EQ(styled.spans[1], span(10, 4, 0, GW_COLOR_PALETTE(2), GW_SPAN_BOLD));
}

TEST(RenderSgr, KnowsEveryColourForm) {
  EXPECT_EQ(styleOf("\x1b[37m"), span(0, 1, GW_COLOR_PALETTE(7)));
  EXPECT_EQ(styleOf("\x1b[97m"), span(0, 1, GW_COLOR_PALETTE(15)));
  EXPECT_EQ(styleOf("\x1b[47m"), span(0, 1, 0, GW_COLOR_PALETTE(7)));
  EXPECT_EQ(styleOf("\x1b[100m"), span(0, 1, 0, GW_COLOR_PALETTE(8)));
  EXPECT_EQ(styleOf("\x1b[38;5;208m"), span(0, 1, GW_COLOR_PALETTE(208)));
  EXPECT_EQ(styleOf("\x1b[48;5;0m"), span(0, 1, 0, GW_COLOR_PALETTE(0)));
  EXPECT_EQ(styleOf("\x1b[38;2;1;2;255m"), span(0, 1, GW_COLOR_RGB(0x0102ff)));
  EXPECT_EQ(styleOf("\x1b[38:5:9m"), span(0, 1, GW_COLOR_PALETTE(9)));
  EXPECT_EQ(styleOf("\x1b[38:2:1:2:3m"), span(0, 1, GW_COLOR_RGB(0x010203)));
  EXPECT_EQ(styleOf("\x1b[48:2::1:2:3m"), span(0, 1, 0, GW_COLOR_RGB(0x010203)));
  EXPECT_EQ(styleOf("\x1b[38;5;1;1m"), span(0, 1, GW_COLOR_PALETTE(1), 0, GW_SPAN_BOLD)) << "the rest still counts";
  EXPECT_EQ(styleOf("\x1b[38;2;1;2;3;4m"), span(0, 1, GW_COLOR_RGB(0x010203), 0, GW_SPAN_UNDERLINE));
  EXPECT_EQ(styleOf("\xC2\x9B"
                    "31m"),
            span(0, 1, GW_COLOR_PALETTE(1)))
      << "CSI as C1";
}

TEST(RenderSgr, KnowsEveryAttributeAndItsReset) {
  const struct {
    const char* on;
    const char* off;
    uint32_t attr;
  } table[] = {{"1", "22", GW_SPAN_BOLD},        {"3", "23", GW_SPAN_ITALIC}, {"4", "24", GW_SPAN_UNDERLINE},
               {"7", "27", GW_SPAN_INVERSE},     {"9", "29", GW_SPAN_STRIKE}, {"21", "24", GW_SPAN_UNDERLINE},
               {"4:3", "4:0", GW_SPAN_UNDERLINE}};
  for (const auto& row : table) {
    const std::string on = std::string("\x1b[") + row.on + "m";
    const std::string off = std::string("\x1b[") + row.off + "m";
    EXPECT_EQ(styleOf(on), span(0, 1, 0, 0, row.attr)) << row.on;
    EXPECT_EQ(styleOf(on + off), Span{}) << row.off;
    EXPECT_EQ(styleOf("\x1b[33m" + on + off), span(0, 1, GW_COLOR_PALETTE(3))) << row.off << " resets no colour";
  }
  EXPECT_EQ(styleOf("\x1b[31;41m\x1b[39m"), span(0, 1, 0, GW_COLOR_PALETTE(1)));
  EXPECT_EQ(styleOf("\x1b[31;41m\x1b[49m"), span(0, 1, GW_COLOR_PALETTE(1)));
  EXPECT_EQ(styleOf("\x1b[1;31m\x1b[;3m"), span(0, 1, 0, 0, GW_SPAN_ITALIC)) << "an empty parameter is 0";
}

TEST(RenderSgr, IgnoresValuesThatDoNotExist) {
  for (const char* odd : {"\x1b[2m", "\x1b[5m", "\x1b[38;5;256m", "\x1b[38;2;1;2;256m", "\x1b[38m", "\x1b[38;5m",
                          "\x1b[38;2;1m", "\x1b[38;7;1m", "\x1b[38:2:1m", "\x1b[38:9m", "\x1b[999999999999999999999m",
                          "\x1b[?31m", "\x1b[>4;1m", "\x1b[31 m"}) {
    const Span got = styleOf(odd);
    EXPECT_EQ(got.fg, 0u) << odd;
    EXPECT_EQ(got.bg, 0u) << odd;
  }
}

TEST(RenderSgr, DropsEveryOtherSequenceAsAWhole) {
  const struct {
    const char* what;
    std::string in;
    std::string out;
  } table[] = {
      {"clear screen", "a\x1b[2Jb", "ab"},
      {"cursor and private modes", "a\x1b[?1049h\x1b[10;20H\x1b[>c\x1b[!pb", "ab"},
      {"window title until BEL",
       "a\x1b]0;evil\x07"
       "b",
       "ab"},
      {"title until ST", "a\x1b]2;evil\x1b\\b", "ab"},
      {"title until C1 ST",
       "a\x1b]2;evil\xC2\x9C"
       "b",
       "ab"},
      {"clipboard",
       "a\x1b]52;c;ZXZpbA==\x07"
       "b",
       "ab"},
      {"hyperlink", "\x1b]8;;http://evil\x1b\\x\x1b]8;;\x1b\\", "x"},
      {"DCS, where BEL does not end it", "a\x1bPq#0\x07;1\x1b\\b", "ab"},
      {"APC, PM, SOS", "a\x1b_x\x1b\\\x1b^y\x1b\\\x1bXz\x1b\\b", "ab"},
      {"the same as C1",
       "a\xC2\x9D"
       "0;evil\x07\xC2\x90q\x1b\\\xC2\x9F"
       "z\x1b\\b",
       "ab"},
      {"other C1",
       "a\xC2\x85\xC2\x8D"
       "b",
       "ab"},
      {"charset", "a\x1b(0b\x1b%Gc", "abc"},
      {"single escapes",
       "a\x1b"
       "cb\x1b"
       "7c\x1b=d\x1bMe",
       "abcde"},
      {"unterminated OSC", "a\x1b]0;evil", "a"},
      {"unterminated DCS", "a\x1bPevil\nmore", "a"},
      {"unterminated CSI", "a\x1b[31", "a"},
      {"lone ESC at the end", "a\x1b", "a"},
      {"unterminated intermediates", "a\x1b(", "a"},
      {"ESC ESC", "a\x1b\x1b[31mb", "ab"},
      {"ESC inside a string begins the next", "a\x1b]0;evil\x1b[31mb", "ab"},
      {"CAN breaks a string off",
       "a\x1b]0;evil\x18"
       "b",
       "ab"},
      {"SUB breaks a string off",
       "a\x1bPevil\x1a"
       "b",
       "ab"},
      {"a control breaks a CSI off", "a\x1b[3\nb", "a\nb"},
      {"ESC before UTF-8", "a\x1bäb", "aäb"},
      {"controls and bidi go as in input", "a\r\x07\x7f\u202E\u2028b", "ab"},
      {"nested attempt", "\x1b]\x1b]0;x\x07\x1b[\x1b[0;31m!", "!"},
  };
  for (const auto& row : table) EXPECT_EQ(renderSgr(row.in).text, row.out) << row.what;
}

TEST(RenderSgr, CountsSpansInBytesOnCharacterBoundaries) {
  const Styled styled = renderSgr("ä\x1b[31m€\x1b[32m👋\x1b[0mz");
  EXPECT_EQ(styled.text, "ä€👋z");
  ASSERT_EQ(styled.spans.size(), 2u);
  EXPECT_EQ(styled.spans[0], span(2, 3, GW_COLOR_PALETTE(1)));
  EXPECT_EQ(styled.spans[1], span(5, 4, GW_COLOR_PALETTE(2)));
}

TEST(RenderSgr, MakesNoEmptySpansAndJoinsEqualNeighbours) {
  const Styled styled = renderSgr("\x1b[31m\x1b[32m\x1b[31mab\x1b[0m\x1b[31mcd\x1b[0m");
  EXPECT_EQ(styled.text, "abcd");
  ASSERT_EQ(styled.spans.size(), 1u);
  EXPECT_EQ(styled.spans[0], span(0, 4, GW_COLOR_PALETTE(1)));
}

TEST(RenderSgr, StopsMarkingAtTheBoundButKeepsTheText) {
  std::string in;
  for (size_t i = 0; i < kMaxSpans + 100; ++i) in += i % 2 ? "\x1b[31mx" : "\x1b[32mx";
  const Styled styled = renderSgr(in);
  EXPECT_EQ(styled.text, std::string(kMaxSpans + 100, 'x'));
  EXPECT_EQ(styled.spans.size(), kMaxSpans);
}

TEST(RenderSgr, SurvivesAFloodOfParameters) {
  std::string in = "\x1b[";
  for (int i = 0; i < 10'000; ++i) in += "1;";
  EXPECT_EQ(renderSgr(in + "31mx").text, "x");
}

}  // namespace
}  // namespace gw::session
