#include "base/utf8.h"

namespace gw {

size_t utf8SequenceAt(std::string_view text, size_t at, uint32_t& point) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(at);
  size_t length = 0;
  uint32_t least = 0;
  if (lead < 0x80) {
    point = lead;
    return 1;
  }
  if ((lead & 0xe0) == 0xc0) {
    length = 2, least = 0x80, point = lead & 0x1fu;
  } else if ((lead & 0xf0) == 0xe0) {
    length = 3, least = 0x800, point = lead & 0x0fu;
  } else if ((lead & 0xf8) == 0xf0) {
    length = 4, least = 0x10000, point = lead & 0x07u;
  } else {
    return 0;
  }
  if (at + length > text.size()) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xc0) != 0x80) return 0;
    point = (point << 6) | (byte(at + i) & 0x3fu);
  }
  const bool isSurrogate = point >= 0xd800 && point <= 0xdfff;
  return (point < least || point > 0x10ffff || isSurrogate) ? 0 : length;
}

bool isUtf8(std::string_view text) {
  uint32_t point = 0;
  for (size_t at = 0; at < text.size();) {
    // Plain ASCII is nearly everything that passes here.
    if (static_cast<uint8_t>(text[at]) < 0x80) {
      ++at;
      continue;
    }
    const size_t length = utf8SequenceAt(text, at, point);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

}  // namespace gw
