#include "utf8.h"

#include <cstdint>

namespace gw::telnet {

size_t decode(std::string_view text, char32_t& point) {
  const auto at = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = at(0);
  if (lead < 0x80) {
    point = lead;
    return 1;
  }
  size_t length = 0;
  if (lead >= 0xc2 && lead <= 0xdf) length = 2;
  if (lead >= 0xe0 && lead <= 0xef) length = 3;
  if (lead >= 0xf0 && lead <= 0xf4) length = 4;
  if (length == 0 || text.size() < length) return 0;
  char32_t value = lead & (0x7fu >> length);
  for (size_t i = 1; i < length; ++i) {
    if ((at(i) & 0xc0) != 0x80) return 0;
    value = value << 6 | (at(i) & 0x3fu);
  }
  const bool isOverlong = (length == 3 && value < 0x800) || (length == 4 && value < 0x10000);
  if (isOverlong || (value >= 0xd800 && value <= 0xdfff) || value > 0x10ffff) return 0;
  point = value;
  return length;
}

bool isUtf8(std::string_view text) {
  char32_t point = 0;
  while (!text.empty()) {
    const size_t length = decode(text, point);
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

}  // namespace gw::telnet
