#include "utf8_validator.h"

#include <cstring>

namespace gw::websocket {
namespace {

// Skips whole words of ASCII: most text, most of the time.
size_t asciiWords(std::string_view bytes) {
  size_t at = 0;
  while (bytes.size() - at >= sizeof(uint64_t)) {
    uint64_t word;
    std::memcpy(&word, bytes.data() + at, sizeof word);
    if ((word & 0x8080808080808080u) != 0) break;
    at += sizeof word;
  }
  return at;
}

}  // namespace

bool Utf8Validator::feed(std::string_view bytes) {
  for (size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = static_cast<uint8_t>(bytes[i]);
    if (pending_ != 0) {
      if (byte < low_ || byte > high_) return false;
      low_ = 0x80;
      high_ = 0xBF;
      --pending_;
    } else if (byte < 0x80) {
      const size_t skipped = asciiWords(bytes.substr(i));
      if (skipped != 0) i += skipped - 1;
    } else if (byte >= 0xC2 && byte <= 0xDF) {
      pending_ = 1;
    } else if (byte >= 0xE0 && byte <= 0xEF) {
      pending_ = 2;
      if (byte == 0xE0) low_ = 0xA0;
      if (byte == 0xED) high_ = 0x9F;
    } else if (byte >= 0xF0 && byte <= 0xF4) {
      pending_ = 3;
      if (byte == 0xF0) low_ = 0x90;
      if (byte == 0xF4) high_ = 0x8F;
    } else {
      return false;
    }
  }
  return true;
}

std::string repairUtf8(std::string_view bytes) {
  if (Utf8Validator whole; whole.feed(bytes) && whole.isComplete()) return std::string(bytes);
  std::string out;
  out.reserve(bytes.size() + 8);
  size_t at = 0;
  while (at < bytes.size()) {
    Utf8Validator one;
    size_t end = at;
    bool valid = true;
    do {
      valid = one.feed(bytes.substr(end, 1));
      ++end;
    } while (valid && !one.isComplete() && end < bytes.size());
    if (valid && one.isComplete()) {
      out.append(bytes.substr(at, end - at));
    } else {
      out.append("\xEF\xBF\xBD");
      // The byte that broke a sequence may begin the next character: only what came before it is spent.
      if (!valid && end - at > 1) --end;
    }
    at = end;
  }
  return out;
}

}  // namespace gw::websocket
