#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "line_assembler.h"
#include "terminal_render.h"

namespace gw::websocket {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

gw_span span(uint32_t start, uint32_t length, uint32_t fg, uint32_t attrs = 0, uint32_t bg = 0) {
  return {start, length, fg, bg, attrs, {nullptr, 0}};
}

std::string render(std::string_view text, std::vector<gw_span> spans, ColorLevel level = ColorLevel::kTrueColor) {
  return renderTerminal(text, spans, level);
}

TEST(TerminalRender, EndsInnerLinesWithCrLf) { EXPECT_EQ(render("a\nb\n\nc", {}), "a\r\nb\r\n\r\nc"); }

TEST(TerminalRender, MarksSpansAndResetsBehindThem) {
  EXPECT_EQ(render("Anna says hi", {span(0, 4, GW_COLOR_DEFAULT, GW_SPAN_BOLD), span(10, 2, GW_COLOR_PALETTE(9))}),
            "\x1b[0;1mAnna\x1b[0m says \x1b[0;91mhi\x1b[0m");
  EXPECT_EQ(render("x", {span(0, 1, 0, GW_SPAN_ITALIC | GW_SPAN_UNDERLINE | GW_SPAN_INVERSE | GW_SPAN_STRIKE)}),
            "\x1b[0;3;4;7;9mx\x1b[0m");
}

TEST(TerminalRender, SaysColoursAsTheLevelAllows) {
  const std::vector<gw_span> rgb{span(0, 1, GW_COLOR_RGB(0xFF8000), 0, GW_COLOR_RGB(0x080808))};
  EXPECT_EQ(render("x", rgb), "\x1b[0;38;2;255;128;0;48;2;8;8;8mx\x1b[0m");
  EXPECT_EQ(render("x", rgb, ColorLevel::k256), "\x1b[0;38;5;208;48;5;232mx\x1b[0m");
  EXPECT_EQ(render("x", rgb, ColorLevel::k16), "\x1b[0;33;40mx\x1b[0m");
  EXPECT_EQ(render("x", rgb, ColorLevel::kNone), "x");
  const std::vector<gw_span> palette{span(0, 1, GW_COLOR_PALETTE(196), 0, GW_COLOR_PALETTE(15))};
  EXPECT_EQ(render("x", palette), "\x1b[0;38;5;196;107mx\x1b[0m");
  EXPECT_EQ(render("x", palette, ColorLevel::k16), "\x1b[0;91;107mx\x1b[0m");
}

TEST(TerminalRender, FindsTheNearestPaletteEntry) {
  EXPECT_EQ(nearest256(0xFF0000), 196);
  EXPECT_EQ(nearest256(0xFFFFFF), 231);
  EXPECT_EQ(nearest256(0x808080), 244);
  EXPECT_EQ(nearest256(0x000000), 16);
  EXPECT_EQ(nearest16(0xFFFFFF), 15);
  EXPECT_EQ(nearest16(0x010101), 0);
}

TEST(TerminalRender, IgnoresSpansThatDoNotFit) {
  EXPECT_EQ(render("ab", {span(5, 1, GW_COLOR_PALETTE(1))}), "ab");
  EXPECT_EQ(render("ab", {span(0, 0, GW_COLOR_PALETTE(1))}), "ab");
  EXPECT_EQ(render("ab", {span(0, 1, 0)}), "ab");
  EXPECT_EQ(render("ab", {span(1, UINT32_MAX, GW_COLOR_PALETTE(1))}), "a\x1b[0;31mb\x1b[0m");
  EXPECT_EQ(render("abc", {span(1, 2, GW_COLOR_PALETTE(1)), span(0, 2, GW_COLOR_PALETTE(2))}), "a\x1b[0;31mbc\x1b[0m");
  EXPECT_EQ(render("a", {span(0, 1, 0x07000000u)}), "a");
}

class Lines final : public LineAssembler::Receiver {
 public:
  bool onLine(std::string_view line, bool wasCut) override {
    if (refusals > 0) return --refusals, false;
    lines.push_back(std::string(line) + (wasCut ? "|cut" : ""));
    return true;
  }
  std::vector<std::string> lines;
  int refusals = 0;
};

struct LineGolden {
  std::string input;
  std::vector<std::string> expected;
};

std::vector<LineGolden> lineGoldens() {
  return {{"look\r\nnorth\nsay hi\rend\r", {"look", "north", "say hi", "end"}},
          {std::string("a\r\0b\r\n", 6), {"a", "b"}},
          {"\r\n\r\n\n", {"", "", ""}},
          {"\r\r\n", {"", ""}},
          {"no end", {}},
          {"helo\blo\n", {"hello"}},
          {"caf\xC3\xA9\x7F\x7F"
           "fe\r\n",
           {"cafe"}},
          {"\b\bx\n", {"x"}},
          {"wrong\x15right\n", {"right"}},
          {"\x1b[Aup\x1b[1;5C\x1bOPx\x1b"
           "cy\n",
           {"upxy"}},
          {"\x1b[12\nnext\n", {"", "next"}},
          {"t\tab\x01\x02\n", {"t\tab"}},
          {"gr\xC3\xBC\xC3\x9F\n", {"gr\xC3\xBC\xC3\x9F"}}};
}

TEST(LineAssembler, ReadsEveryGoldenInputAtEverySplit) {
  for (const LineGolden& each : lineGoldens()) {
    for (size_t cut = 0; cut <= each.input.size(); ++cut) {
      Lines lines;
      LineAssembler assembler;
      assembler.feed(each.input.substr(0, cut), lines);
      assembler.feed(each.input.substr(cut), lines);
      EXPECT_EQ(lines.lines, each.expected) << each.input << " cut at " << cut;
    }
  }
}

TEST(LineAssembler, ReadsEveryGoldenInputByteByByteThroughRefusals) {
  for (const LineGolden& each : lineGoldens()) {
    Lines lines;
    LineAssembler assembler;
    std::string unread;
    for (const char byte : each.input) {
      lines.refusals = 1;
      unread.push_back(byte);
      unread.erase(0, assembler.feed(unread, lines));
      unread.erase(0, assembler.feed(unread, lines));
    }
    EXPECT_EQ(lines.lines, each.expected) << each.input;
    EXPECT_THAT(unread, IsEmpty());
  }
}

TEST(LineAssembler, CutsALineAtItsLimitAndDropsTheRest) {
  Lines lines;
  LineAssembler assembler;
  assembler.feed(std::string(LineAssembler::kMaxLine + 100, 'x') + "\nnext\n", lines);
  EXPECT_THAT(lines.lines, ElementsAre(std::string(LineAssembler::kMaxLine, 'x') + "|cut", "next"));
}

}  // namespace
}  // namespace gw::websocket
