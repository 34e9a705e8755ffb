// log::quoted(): what a client sent must not move the cursor, change colours, start a new log line or
// reorder what a person reads.

#include "base/log.h"
#include "base/log_sink.h"
#include "base/utf8.h"

namespace gw::log {
namespace {

constexpr size_t kMaxBytes = 256;

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
    const size_t length = utf8SequenceAt(text, at, point);
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
