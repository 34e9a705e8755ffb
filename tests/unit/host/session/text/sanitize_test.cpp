#include "session/text/sanitize.h"

#include <gtest/gtest.h>

#include "session/text/utf8.h"

namespace gw::session {
namespace {

struct Golden {
  const char* what;
  std::string in;
  std::string out;
};

TEST(SanitizeInput, DropsWhatCouldSteerATerminalOrReorderText) {
  using namespace std::string_literals;
  const Golden table[] = {
      {"empty", "", ""},
      {"plain ASCII is kept", "Hello, world! ~", "Hello, world! ~"},
      {"newline and tab are kept", "a\n\tb", "a\n\tb"},
      {"NUL, BEL, BS and CR go",
       "a\0b\x07"
       "c\x08"
       "d\r\n"s,
       "abcd\n"},
      {"ESC goes, its tail is text", "\x1b[31mred\x1b[0m", "[31mred[0m"},
      {"DEL goes",
       "a\x7f"
       "b",
       "ab"},
      {"C1 in UTF-8 goes",
       "a\xC2\x80\xC2\x9B"
       "31m\xC2\x9F"
       "b",
       "a31mb"},
      {"U+00A0 stays",
       "a\xC2\xA0"
       "b",
       "a\xC2\xA0"
       "b"},
      {"bidi embeddings and overrides go", "a\u202A\u202B\u202C\u202D\u202Eb", "ab"},
      {"bidi isolates go", "a\u2066\u2067\u2068\u2069b", "ab"},
      {"their neighbours stay", "\u2027\u202F\u2065\u206A", "\u2027\u202F\u2065\u206A"},
      {"line and paragraph separators go", "a\u2028b\u2029c", "abc"},
      {"other languages stay", "Grüße, Привет, 你好, שלום, 👋🏽",
       "Grüße, Привет, 你好, שלום, 👋🏽"},
  };
  for (const Golden& golden : table) EXPECT_EQ(sanitizeInput(golden.in), golden.out) << golden.what;
}

TEST(SanitizeInput, ReplacesMalformedUtf8ByMaximalSubparts) {
  const Golden table[] = {
      {"lone continuation",
       "a\x80"
       "b",
       "a\uFFFDb"},
      {"raw C1 byte is not UTF-8",
       "\x9b"
       "31m",
       "\uFFFD31m"},
      {"overlong slash", "\xC0\xAF", "\uFFFD\uFFFD"},
      {"overlong in three bytes", "\xE0\x80\x8A", "\uFFFD\uFFFD\uFFFD"},
      {"surrogate", "\xED\xA0\x80", "\uFFFD\uFFFD\uFFFD"},
      {"above U+10FFFF", "\xF4\x90\x80\x80", "\uFFFD\uFFFD\uFFFD\uFFFD"},
      {"F5..FF", "\xF5\xFF", "\uFFFD\uFFFD"},
      {"cut at the end", "ok\xE4\xBD", "ok\uFFFD"},
      {"cut by ASCII: the ASCII survives",
       "\xF0\x9F\x91"
       "x",
       "\uFFFDx"},
      {"cut by ESC: the ESC still goes", "\xE4\x1b[2J", "\uFFFD[2J"},
      {"telnet IAC", "\xFF\xFB\x01", "\uFFFD\uFFFD"},
  };
  for (const Golden& golden : table) EXPECT_EQ(sanitizeInput(golden.in), golden.out) << golden.what;
}

TEST(SanitizeInput, LeavesNothingUnsafeInAnyThreeBytes) {
  // Every lead byte with every pair of interesting followers.
  const unsigned char followers[] = {0x00, 0x1B, 0x41, 0x7F, 0x80, 0x8F, 0x90,
                                     0x9B, 0x9F, 0xA0, 0xAE, 0xBF, 0xC2, 0xE2};
  for (int lead = 0; lead < 256; ++lead) {
    for (const unsigned char second : followers) {
      for (const unsigned char third : followers) {
        const std::string in{static_cast<char>(lead), static_cast<char>(second), static_cast<char>(third)};
        const std::string out = sanitizeInput(in);
        for (size_t at = 0; at < out.size();) ASSERT_FALSE(isUnsafe(decodeUtf8(out, at))) << lead << ' ' << +second;
        ASSERT_EQ(sanitizeInput(out), out) << "cleaning twice changes nothing";
        const Styled styled = renderSgr(in);
        ASSERT_EQ(sanitizeInput(styled.text), styled.text);
      }
    }
  }
}

TEST(Utf8, RoundTripsEveryCodePoint) {
  for (char32_t c = 0; c <= 0x10FFFF; ++c) {
    if (c >= 0xD800 && c <= 0xDFFF) continue;
    std::string bytes;
    appendUtf8(bytes, c);
    size_t at = 0;
    ASSERT_EQ(decodeUtf8(bytes, at), c);
    ASSERT_EQ(at, bytes.size());
  }
}

TEST(EventName, IsALetterAndThenUpTo63WordCharacters) {
  for (const char* good : {"a", "output", "Room.Info", "x-1_2.y"}) EXPECT_TRUE(isEventName(good)) << good;
  EXPECT_TRUE(isEventName("a" + std::string(63, '9')));
  EXPECT_FALSE(isEventName("a" + std::string(64, '9')));
  for (const char* bad : {"", "1a", ".a", "_a", "-a", "a b", "a\n", "a/b", "é", "a\"b"})
    EXPECT_FALSE(isEventName(bad)) << bad;
}

}  // namespace
}  // namespace gw::session
