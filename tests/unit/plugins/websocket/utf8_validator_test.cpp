#include "utf8_validator.h"

#include <gtest/gtest.h>

namespace gw::websocket {
namespace {

// The definition, spelled out: RFC 3629 §4.
bool isCharacter(uint32_t code) { return code <= 0x10FFFF && !(code >= 0xD800 && code <= 0xDFFF); }

std::string encode(uint32_t code) {
  std::string out;
  if (code < 0x80) return {static_cast<char>(code)};
  const int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  const uint32_t lead = more == 1 ? 0xC0 : more == 2 ? 0xE0 : 0xF0;
  out.push_back(static_cast<char>(lead | code >> (6 * more)));
  for (int i = more - 1; i >= 0; --i) out.push_back(static_cast<char>(0x80 | (code >> (6 * i) & 0x3F)));
  return out;
}

bool accepts(std::string_view bytes) {
  Utf8Validator validator;
  return validator.feed(bytes) && validator.isComplete();
}

TEST(Utf8Validator, AcceptsEveryCharacterAndNoSurrogate) {
  for (uint32_t code = 0; code <= 0x110FFF; code += code < 0x3000 ? 1 : 31) {
    ASSERT_EQ(accepts(encode(code)), isCharacter(code)) << std::hex << code;
  }
  for (uint32_t code : {0xD7FFu, 0xD800u, 0xDFFFu, 0xE000u, 0xFFFFu, 0x10000u, 0x10FFFFu, 0x110000u}) {
    EXPECT_EQ(accepts(encode(code)), isCharacter(code)) << std::hex << code;
  }
}

TEST(Utf8Validator, RefusesOverlongForms) {
  for (const char* text :
       {"\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xE0\x9F\xBF", "\xF0\x80\x80\x80", "\xF0\x8F\xBF\xBF"}) {
    EXPECT_FALSE(accepts(text));
  }
}

TEST(Utf8Validator, FailsAtTheFirstImpossibleByte) {
  Utf8Validator validator;
  EXPECT_TRUE(validator.feed("good \xF4"));
  EXPECT_FALSE(validator.feed("\x90"));
}

TEST(Utf8Validator, GoesOnAcrossAnyCut) {
  const std::string text = "plain ascii long enough for words \xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80 end";
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    Utf8Validator validator;
    EXPECT_TRUE(validator.feed(text.substr(0, cut)));
    EXPECT_TRUE(validator.feed(text.substr(cut)));
    EXPECT_TRUE(validator.isComplete());
  }
}

TEST(Utf8Validator, FindsABadByteWhereverItStands) {
  for (size_t at = 0; at < 40; ++at) {
    std::string text(40, 'x');
    text[at] = '\x80';
    EXPECT_FALSE(accepts(text)) << at;
  }
}

TEST(RepairUtf8, ReplacesOnlyWhatIsInvalid) {
  EXPECT_EQ(repairUtf8("gr\xC3\xBC\xC3\x9F"), "gr\xC3\xBC\xC3\x9F");
  EXPECT_EQ(repairUtf8("a\xFFz"), "a\xEF\xBF\xBDz");
  EXPECT_EQ(repairUtf8("\xE2\x82"), "\xEF\xBF\xBD");
  EXPECT_EQ(repairUtf8("\xE2\x82z"), "\xEF\xBF\xBDz");
  EXPECT_EQ(repairUtf8("\xC3\xC3\xA4"), "\xEF\xBF\xBD\xC3\xA4");
  EXPECT_EQ(repairUtf8("\x80\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD");
  EXPECT_EQ(repairUtf8(""), "");
}

TEST(RepairUtf8, GivesValidTextForAnyTwoBytes) {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string bytes{static_cast<char>(first), static_cast<char>(second), 'x'};
      EXPECT_TRUE(accepts(repairUtf8(bytes)));
    }
  }
}

}  // namespace
}  // namespace gw::websocket
