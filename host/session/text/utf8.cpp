#include "session/text/utf8.h"

#include <cstdint>

namespace gw::session {
namespace {

struct Lead {
  uint8_t following;  // continuation bytes; 0: not a lead byte
  uint8_t firstLow;   // range of the first continuation byte, which excludes overlong forms,
  uint8_t firstHigh;  // surrogates and what lies above U+10FFFF
};

Lead classify(uint8_t byte) {
  if (byte >= 0xC2 && byte <= 0xDF) return {1, 0x80, 0xBF};
  if (byte == 0xE0) return {2, 0xA0, 0xBF};
  if (byte == 0xED) return {2, 0x80, 0x9F};
  if (byte >= 0xE1 && byte <= 0xEF) return {2, 0x80, 0xBF};
  if (byte == 0xF0) return {3, 0x90, 0xBF};
  if (byte >= 0xF1 && byte <= 0xF3) return {3, 0x80, 0xBF};
  if (byte == 0xF4) return {3, 0x80, 0x8F};
  return {0, 0, 0};
}

}  // namespace

char32_t decodeUtf8(std::string_view text, size_t& at) {
  const auto first = static_cast<uint8_t>(text[at++]);
  if (first < 0x80) return first;
  const Lead lead = classify(first);
  if (lead.following == 0) return kReplacement;
  char32_t codePoint = first & (0x3Fu >> lead.following);
  uint8_t low = lead.firstLow;
  uint8_t high = lead.firstHigh;
  for (int i = 0; i < lead.following; ++i) {
    // Stop before the byte that does not fit: it may begin a valid character.
    if (at >= text.size()) return kReplacement;
    const auto next = static_cast<uint8_t>(text[at]);
    if (next < low || next > high) return kReplacement;
    codePoint = (codePoint << 6) | (next & 0x3Fu);
    ++at;
    low = 0x80;
    high = 0xBF;
  }
  return codePoint;
}

void appendUtf8(std::string& to, char32_t codePoint) {
  const auto put = [&to](char32_t byte) { to.push_back(static_cast<char>(byte)); };
  if (codePoint < 0x80) {
    put(codePoint);
  } else if (codePoint < 0x800) {
    put(0xC0 | (codePoint >> 6));
    put(0x80 | (codePoint & 0x3F));
  } else if (codePoint < 0x10000) {
    put(0xE0 | (codePoint >> 12));
    put(0x80 | ((codePoint >> 6) & 0x3F));
    put(0x80 | (codePoint & 0x3F));
  } else {
    put(0xF0 | (codePoint >> 18));
    put(0x80 | ((codePoint >> 12) & 0x3F));
    put(0x80 | ((codePoint >> 6) & 0x3F));
    put(0x80 | (codePoint & 0x3F));
  }
}

}  // namespace gw::session
