#include "renderer.h"

#include <gtest/gtest.h>

#include <random>

#include "color.h"
#include "transliterate.h"

namespace gw::telnet {
namespace {

gw_span span(uint32_t start, uint32_t len, uint32_t fg, uint32_t bg = 0, uint32_t attrs = 0) {
  return {start, len, fg, bg, attrs, {nullptr, 0}};
}

std::string paint(const gw_span& one, ColorLevel level) {
  return render("x", {&one, 1}, {level, Charset::kUtf8, false});
}

TEST(Renderer, PlainTextGetsCrLf) { EXPECT_EQ(render("a\nb", {}, {}), "a\r\nb"); }

TEST(Renderer, SpansBecomeSgrAndEndPlain) {
  const gw_span spans[] = {span(0, 1, GW_COLOR_PALETTE(1), 0, GW_SPAN_BOLD), span(2, 1, 0, GW_COLOR_PALETTE(12))};
  EXPECT_EQ(render("a b c", spans, {ColorLevel::k16, Charset::kUtf8, false}), "\x1b[1;31ma\x1b[0m \x1b[104mb\x1b[0m c");
}

TEST(Renderer, AllAttributes) {
  const uint32_t all = GW_SPAN_BOLD | GW_SPAN_ITALIC | GW_SPAN_UNDERLINE | GW_SPAN_INVERSE | GW_SPAN_STRIKE;
  EXPECT_EQ(paint(span(0, 1, 0, 0, all), ColorLevel::k16), "\x1b[1;3;4;7;9mx\x1b[0m");
}

TEST(Renderer, NoColourMeansNoEscapeAtAll) {
  EXPECT_EQ(paint(span(0, 1, GW_COLOR_RGB(0x123456), GW_COLOR_PALETTE(3), GW_SPAN_BOLD), ColorLevel::kNone), "x");
}

TEST(Renderer, ColoursAreDowngraded) {
  const gw_span orange = span(0, 1, GW_COLOR_RGB(0xff8700));
  EXPECT_EQ(paint(orange, ColorLevel::kTrueColor), "\x1b[38;2;255;135;0mx\x1b[0m");
  EXPECT_EQ(paint(orange, ColorLevel::k256), "\x1b[38;5;208mx\x1b[0m");
  EXPECT_EQ(paint(orange, ColorLevel::k16), "\x1b[33mx\x1b[0m");
  const gw_span palette = span(0, 1, 0, GW_COLOR_PALETTE(196));
  EXPECT_EQ(paint(palette, ColorLevel::kTrueColor), "\x1b[48;5;196mx\x1b[0m");
  EXPECT_EQ(paint(palette, ColorLevel::k16), "\x1b[101mx\x1b[0m");
  EXPECT_EQ(paint(span(0, 1, GW_COLOR_PALETTE(9)), ColorLevel::k256), "\x1b[91mx\x1b[0m");
}

TEST(Renderer, UnknownColoursAreTheDefault) {
  EXPECT_EQ(paint(span(0, 1, 0x01000100u, 0x03000001u), ColorLevel::kTrueColor), "x");
}

TEST(Color, PaletteEntriesAreTheirOwnNearest) {
  for (int entry = 16; entry < 256; ++entry) {
    const auto code = static_cast<uint8_t>(entry);
    EXPECT_EQ(rgbOf(nearest256(rgbOf(code))), rgbOf(code)) << entry;
  }
  for (uint8_t entry = 0; entry < 16; ++entry) EXPECT_EQ(nearest16(rgbOf(entry)), entry);
  EXPECT_EQ(nearest256(0x000000), 16);
  EXPECT_EQ(nearest256(0xffffff), 231);
}

TEST(Renderer, StrangeSpansNeverLoseOrRepeatText) {
  std::mt19937 random(7);
  const std::string text = "The quick brown fox";
  for (int round = 0; round < 500; ++round) {
    std::vector<gw_span> spans;
    for (size_t i = 0; i < random() % 6; ++i) {
      const auto any = [&] {
        return static_cast<uint32_t>(random() % 8 == 0 ? UINT32_MAX - random() % 3 : random() % 25);
      };
      spans.push_back(span(any(), any(), 0, 0, GW_SPAN_BOLD));
    }
    std::string out = render(text, spans, {ColorLevel::k16, Charset::kUtf8, false});
    for (const std::string_view escape : {"\x1b[1m", "\x1b[0m"}) {
      for (size_t at = 0; (at = out.find(escape)) != std::string::npos;) out.erase(at, escape.size());
    }
    EXPECT_EQ(out, text);
  }
}

TEST(Renderer, Latin1IsTranscodedAndIacDoubled) {
  const RenderClass latin1{ColorLevel::kNone, Charset::kLatin1, false};
  EXPECT_EQ(render("caf\xc3\xa9 \xc3\xbf", {}, latin1), "caf\xe9 \xff\xff");
  EXPECT_EQ(render("\xe2\x82\xac \xe2\x80\x9cok\xe2\x80\x9d \xe6\xbc\xa2", {}, latin1), "EUR \"ok\" ?");
}

TEST(Renderer, AsciiGetsLookAlikes) {
  const RenderClass ascii{ColorLevel::kNone, Charset::kAscii, false};
  EXPECT_EQ(render("\xc3\x84rger, na\xc3\xafve, \xc5\x81\xc3\xb3\xc5\xba, Stra\xc3\x9f\x65\xe2\x80\xa6", {}, ascii),
            "Aerger, naive, Loz, Strasse...");
  EXPECT_EQ(render("e\xcc\x81", {}, ascii), "e") << "combining marks vanish";
}

TEST(Renderer, NoByteBecomesACommand) {
  // Invalid UTF-8 must not reach the wire as IAC, nor control bytes as escapes.
  for (const Charset charset : {Charset::kUtf8, Charset::kLatin1, Charset::kAscii}) {
    for (int byte = 0; byte < 256; ++byte) {
      const std::string out = render(std::string(1, static_cast<char>(byte)), {}, {ColorLevel::kNone, charset, false});
      EXPECT_EQ(out.find('\xff'), std::string::npos) << byte;
      EXPECT_EQ(out.find('\x1b'), std::string::npos) << byte;
    }
  }
  EXPECT_EQ(render("a\xc2\x9b"
                   "b",
                   {}, {}),
            "ab")
      << "C1 CSI";
}

TEST(Transliterate, ExtendedLatinKeepsItsCase) {
  EXPECT_EQ(transliterate(0x0141), "L");
  EXPECT_EQ(transliterate(0x0142), "l");
  EXPECT_EQ(transliterate(0x0160), "S");
  EXPECT_EQ(transliterate(0x0161), "s");
  EXPECT_EQ(transliterate(0x0152), "OE");
  EXPECT_EQ(transliterate(0x0153), "oe");
  EXPECT_EQ(transliterate(0x0178), "Y");
  EXPECT_EQ(transliterate(0x017d), "Z");
  EXPECT_EQ(transliterate(0x017e), "z");
  EXPECT_EQ(transliterate(0x0138), "k");
  EXPECT_EQ(transliterate(0x0132), "IJ");
  EXPECT_EQ(transliterate(0x4e00), "?");
  EXPECT_EQ(transliterate(0x80), "?");
}

TEST(RenderClass, DescriptionRoundTripsAndKeysDiffer) {
  std::vector<uint64_t> keys;
  for (int color = 0; color < 4; ++color) {
    for (int charset = 0; charset < 3; ++charset) {
      for (const bool reader : {false, true}) {
        const RenderClass cls{static_cast<ColorLevel>(color), static_cast<Charset>(charset), reader};
        EXPECT_EQ(RenderClass::parse(cls.describe()), cls);
        EXPECT_EQ(std::count(keys.begin(), keys.end(), cls.key()), 0);
        keys.push_back(cls.key());
      }
    }
  }
  for (const std::string_view bad : {"", "t", "x00-", "t99-", "t00-trailing"}) {
    EXPECT_EQ(RenderClass::parse(bad), RenderClass{}) << bad;
  }
}

TEST(ClientProfile, ColoursFollowMttsThenTheTerminalsName) {
  ClientProfile profile;
  EXPECT_EQ(colorLevelOf(profile, false), ColorLevel::kNone);
  EXPECT_EQ(colorLevelOf(profile, true), ColorLevel::k16);
  profile.name = "xterm-256color";
  EXPECT_EQ(colorLevelOf(profile, true), ColorLevel::k256);
  profile.terminal = "ANSI-TRUECOLOR";
  EXPECT_EQ(colorLevelOf(profile, true), ColorLevel::kTrueColor);
  profile.terminal = "dumb";
  EXPECT_EQ(colorLevelOf(profile, true), ColorLevel::kNone);
  profile.hasMtts = true;
  for (const auto& [bits, level] : {std::pair{0u, ColorLevel::kNone},
                                    {kMttsAnsi, ColorLevel::k16},
                                    {kMttsAnsi | kMtts256, ColorLevel::k256},
                                    {kMttsAnsi | kMtts256 | kMttsTrueColor, ColorLevel::kTrueColor}}) {
    profile.mtts = bits;
    EXPECT_EQ(colorLevelOf(profile, true), level) << bits;
  }
}

TEST(ClientProfile, CharsetFollowsNegotiationThenMttsThenUtf8) {
  ClientProfile profile;
  EXPECT_EQ(charsetOf(profile), Charset::kUtf8);
  profile.hasMtts = true;
  EXPECT_EQ(charsetOf(profile), Charset::kLatin1);
  profile.mtts = kMttsUtf8;
  EXPECT_EQ(charsetOf(profile), Charset::kUtf8);
  profile.hasCharset = true;
  profile.charset = Charset::kAscii;
  EXPECT_EQ(charsetOf(profile), Charset::kAscii);
  Charset out = Charset::kUtf8;
  for (const Charset charset : {Charset::kUtf8, Charset::kLatin1, Charset::kAscii}) {
    EXPECT_TRUE(charsetFromName(nameOf(charset), out));
    EXPECT_EQ(out, charset);
  }
  EXPECT_FALSE(charsetFromName("KOI8-R", out));
}

}  // namespace
}  // namespace gw::telnet
