#include "text.h"

#include <gtest/gtest.h>

#include "output.h"

namespace gw::cli {
namespace {

TEST(Text, LeavesPlainWordsAlone) {
  for (const char* word : {"Ann", "telnet:default", "192.0.2.0/24", "[::1]:80", "a_b-c.d@e"}) {
    EXPECT_EQ(printable(word), word);
  }
  EXPECT_EQ(printable(""), "-");
}

TEST(Text, QuotesTheRest) {
  EXPECT_EQ(printable("two words"), "\"two words\"");
  EXPECT_EQ(printable("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(printable("Zoë"), "\"Zoë\"");
}

TEST(Text, EscapesWhatATerminalMustNotSee) {
  EXPECT_EQ(sanitized("a\x1b[2Jb"), "a\\x1b[2Jb");
  EXPECT_EQ(sanitized("\r\n\t\x7f"), "\\x0d\\x0a\\x09\\x7f");
  EXPECT_EQ(sanitized("\xc2\x9b"), "\\xc2\\x9b");           // C1: CSI
  EXPECT_EQ(sanitized("\xe2\x80\xae"), "\\xe2\\x80\\xae");  // bidi override
  EXPECT_EQ(sanitized("\xe2\x80\xa8"), "\\xe2\\x80\\xa8");  // line separator
  EXPECT_EQ(sanitized("\xef\xbb\xbf"), "\\xef\\xbb\\xbf");  // byte order mark
}

TEST(Text, EscapesBrokenUtf8) {
  EXPECT_EQ(sanitized("\xff"), "\\xff");
  EXPECT_EQ(sanitized("\xc3"), "\\xc3");                    // cut
  EXPECT_EQ(sanitized("\xc0\xaf"), "\\xc0\\xaf");           // overlong
  EXPECT_EQ(sanitized("\xe0\x80\xaf"), "\\xe0\\x80\\xaf");  // overlong
  EXPECT_EQ(sanitized("\xed\xa0\x80"), "\\xed\\xa0\\x80");  // surrogate
  EXPECT_EQ(sanitized("\xf5\x80\x80\x80"), "\\xf5\\x80\\x80\\x80");
  EXPECT_EQ(sanitized("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");  // beyond U+10FFFF
  EXPECT_EQ(sanitized("\xe2\x82("), "\\xe2\\x82(");
  EXPECT_EQ(sanitized("€😀"), "€😀");
}

TEST(Text, CutsAt256Bytes) {
  EXPECT_EQ(sanitized(std::string(1000, 'a')), std::string(253, 'a') + "...");
  EXPECT_LE(printable(std::string(1000, '\x1b')).size(), 261U);
  EXPECT_EQ(sentence(std::string(1000, 'a')), std::string(1000, 'a'));
}

TEST(Text, ReadsAndWritesDurations) {
  EXPECT_EQ(parseDuration("500ms"), 500U);
  EXPECT_EQ(parseDuration("5m"), 300'000U);
  EXPECT_EQ(parseDuration("2d"), 172'800'000U);
  for (const char* text : {"", "5", "m", "-5m", "5 m", "99999999999999999d"}) EXPECT_FALSE(parseDuration(text)) << text;
  EXPECT_EQ(formatUptime(12'345), "12s");
  EXPECT_EQ(formatUptime(302'000), "5m 2s");
  EXPECT_EQ(formatUptime(7'380'000), "2h 3m");
  EXPECT_EQ(formatUptime(273'600'000), "3d 4h");
}

TEST(Text, WritesSizes) {
  EXPECT_EQ(formatBytes(512), "512 B");
  EXPECT_EQ(formatBytes(1536), "1.5 KiB");
  EXPECT_EQ(formatBytes(5ULL << 40), "5120.0 GiB");
}

TEST(Text, AlignsColumnsByCharacters) {
  EXPECT_EQ(table({"A", "B"}, {{"Zoë", "1"}, {"x", "2"}}), "A    B\nZoë  1\nx    2\n");
}

TEST(Cells, PrintADashForWhatIsAbsent) {
  const Json object{{"null", nullptr}, {"empty", ""}, {"number", 5}, {"flag", true}, {"list", Json::array()}};
  EXPECT_EQ(textOf(object, "absent"), "-");
  EXPECT_EQ(textOf(object, "null"), "-");
  EXPECT_EQ(textOf(object, "number"), "5");
  EXPECT_EQ(sentenceOf(object, "empty"), "-");
  EXPECT_EQ(sentenceOf(object, "number"), "-");
  EXPECT_EQ(numberOf(object, "flag"), "yes");
  EXPECT_EQ(numberOf(object, "empty"), "-");
  EXPECT_EQ(joinedOf(object, "list"), "-");
  EXPECT_EQ(timeOf(object, "null"), "-");
  EXPECT_EQ(firstOf(object, "list"), "-");
  EXPECT_EQ(firstOf(object, "number"), "-");
}

TEST(Cells, PrintTheFirstOfManyAndHowManyMore) {
  const Json object{{"one", Json::array({"a"})}, {"three", Json::array({"a:1", "b", "c"})}};
  EXPECT_EQ(firstOf(object, "one"), "a");
  EXPECT_EQ(firstOf(object, "three"), "a:1 (+2)");
}

}  // namespace
}  // namespace gw::cli
