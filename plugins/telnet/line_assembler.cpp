#include "line_assembler.h"

#include <algorithm>

#include "utf8.h"

namespace gw::telnet {
namespace {

constexpr char kBackspace = '\b', kDelete = '\x7f', kKillLine = '\x15', kKillWord = '\x17';

bool isContinuation(char c) { return (static_cast<uint8_t>(c) & 0xc0) == 0x80; }

bool isPlain(char c) { return static_cast<uint8_t>(c) >= ' ' && c != kDelete; }

}  // namespace

LineAssembler::Result LineAssembler::feed(std::string_view bytes, bool isCharacterMode) {
  Result result;
  while (result.consumed < bytes.size()) {
    const char c = bytes[result.consumed];
    if (isAfterCr_) {
      isAfterCr_ = false;
      if (c == '\n' || c == '\0') {
        ++result.consumed;
        continue;
      }
    }
    if (c == '\r' || c == '\n') {
      result.isLine = true;
      return result;
    }
    if (isPlain(c)) {
      const std::string_view rest = bytes.substr(result.consumed);
      const auto run = static_cast<size_t>(std::find_if_not(rest.begin(), rest.end(), isPlain) - rest.begin());
      const size_t kept = std::min(run, kMaxLine - line_.size());
      line_.append(rest.substr(0, kept));
      result.discarded += run - kept;
      isCut_ = isCut_ || kept < run;
      result.consumed += run;
      continue;
    }
    ++result.consumed;
    if (c == kBackspace || c == kDelete) eraseChar();
    if (isCharacterMode && c == kKillLine) eraseLine();
    if (isCharacterMode && c == kKillWord) eraseWord();
    if (c == '\t' && line_.size() < kMaxLine) line_.push_back(' ');
    // Any other control byte means nothing in a line and is dropped.
  }
  return result;
}

void LineAssembler::takeLine(char end) {
  line_.clear();
  isCut_ = false;
  isAfterCr_ = end == '\r';
}

void LineAssembler::eraseChar() {
  size_t keep = line_.size();
  while (keep > 0 && isContinuation(line_[keep - 1])) --keep;
  if (keep > 0) --keep;
  // Without a lead byte before them the bytes are Latin-1, one each.
  char32_t point = 0;
  const bool isSequence =
      keep < line_.size() && decode(std::string_view(line_).substr(keep), point) == line_.size() - keep;
  line_.resize(isSequence ? keep : line_.size() - std::min<size_t>(1, line_.size()));
}

void LineAssembler::eraseWord() {
  while (!line_.empty() && line_.back() == ' ') line_.pop_back();
  while (!line_.empty() && line_.back() != ' ') line_.pop_back();
}

std::string toUtf8(std::string_view line, Charset charset, bool& wasLatin1) {
  wasLatin1 = false;
  if (charset != Charset::kLatin1) {
    if (isUtf8(line)) return std::string(line);
    // A line cut at kMaxLine may end inside a character: that is not Latin-1.
    for (size_t cut = 1; cut <= 3 && line.size() >= kMaxLine; ++cut) {
      if (isUtf8(line.substr(0, line.size() - cut))) return std::string(line.substr(0, line.size() - cut));
    }
    wasLatin1 = true;
  }
  std::string out;
  out.reserve(line.size() + line.size() / 4);
  for (const char c : line) {
    const auto byte = static_cast<uint8_t>(c);
    if (byte < 0x80) {
      out.push_back(c);
    } else if (byte >= 0xa0) {  // 0x80..0x9f are control bytes
      out.push_back(static_cast<char>(0xc0 | (byte >> 6)));
      out.push_back(static_cast<char>(0x80 | (byte & 0x3f)));
    }
  }
  return out;
}

}  // namespace gw::telnet
