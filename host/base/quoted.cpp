// log::quoted(): what a client sent must not move the cursor, change colours, start a new log line or
// reorder what a person reads.

#include "base/log.h"
#include "base/log_sink.h"

namespace gw::log {
namespace {

constexpr size_t kMaxBytes = 256;

// The length of the well-formed UTF-8 sequence at text[at] (RFC 3629) and its code point; 0 if ill-formed.
size_t sequenceAt(std::string_view text, size_t at, uint32_t& point) {
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

bool isHarmless(uint32_t point) {
  if (point < 0x20 || (point >= 0x7f && point <= 0x9f)) return false;  // C0, DEL, C1
  if (point >= 0x202a && point <= 0x202e) return false;                // bidi embeddings
  if (point >= 0x2066 && point <= 0x2069) return false;                // bidi isolates
  return point != 0x2028 && point != 0x2029 && point != 0x200e && point != 0x200f && point != 0xfeff;
}

void appendEscaped(std::string& out, char c) {
  constexpr char kDigits[] = "0123456789abcdef";
  out += "\\x";
  out.push_back(kDigits[static_cast<uint8_t>(c) >> 4]);
  out.push_back(kDigits[static_cast<uint8_t>(c) & 15]);
}

}  // namespace

void appendPrintable(std::string& out, std::string_view text, bool isQuoted) {
  for (size_t at = 0; at < text.size();) {
    uint32_t point = 0;
    const size_t length = sequenceAt(text, at, point);
    if (length == 0 || !isHarmless(point)) {
      const size_t bytes = length == 0 ? 1 : length;
      for (size_t i = 0; i < bytes; ++i) appendEscaped(out, text[at + i]);
      at += bytes;
      continue;
    }
    if (isQuoted && (point == '"' || point == '\\')) out.push_back('\\');
    out.append(text.substr(at, length));
    at += length;
  }
}

std::string_view clipped(std::string_view text) {
  if (text.size() <= kMaxBytes) return text;
  size_t end = kMaxBytes;
  // Never cut inside a sequence: its first half would be printed as \xNN.
  while (end > kMaxBytes - 3 && (static_cast<uint8_t>(text[end]) & 0xc0) == 0x80) --end;
  return text.substr(0, end);
}

std::string quoted(std::string_view text) {
  const std::string_view cut = clipped(text);
  std::string out;
  out.reserve(cut.size() + 8);
  out.push_back('"');
  appendPrintable(out, cut, true);
  out.push_back('"');
  if (cut.size() < text.size()) out += "...";
  return out;
}

}  // namespace gw::log
