#include "line_assembler.h"

namespace gw::websocket {
namespace {

constexpr char kBackspace = '\b', kDelete = '\x7f', kEscape = '\x1b', kEraseLine = '\x15';

void rubOut(std::string& line) {
  while (!line.empty() && (static_cast<uint8_t>(line.back()) & 0xC0) == 0x80) line.pop_back();
  if (!line.empty()) line.pop_back();
}

}  // namespace

bool LineAssembler::skipEscape(char byte) {
  if (escape_ == Escape::kStarted) {
    // ESC [ and ESC O begin a sequence that ends at @..~ ; any other byte is the whole of it.
    escape_ = byte == '[' || byte == 'O' ? Escape::kSequence : Escape::kNone;
    return true;
  }
  if (escape_ == Escape::kSequence) {
    if (static_cast<uint8_t>(byte) < 0x20) {
      escape_ = Escape::kNone;  // broken off: the byte speaks for itself
      return false;
    }
    if (byte >= '@' && byte <= '~') escape_ = Escape::kNone;
    return true;
  }
  return false;
}

void LineAssembler::add(char byte) {
  switch (byte) {
    case kBackspace:
    case kDelete:
      return rubOut(line_);
    case kEraseLine:
      return line_.clear();
    case kEscape:
      escape_ = Escape::kStarted;
      return;
    default:
      break;
  }
  if (static_cast<uint8_t>(byte) < 0x20 && byte != '\t') return;
  if (line_.size() < kMaxLine) {
    line_.push_back(byte);
  } else {
    wasCut_ = true;
  }
}

size_t LineAssembler::feed(std::string_view bytes, Receiver& receiver) {
  for (size_t i = 0; i < bytes.size(); ++i) {
    const char byte = bytes[i];
    const bool isSecondHalf = wasCr_ && (byte == '\n' || byte == '\0');
    if (isSecondHalf || byte != '\r') wasCr_ = false;
    if (isSecondHalf) continue;
    if (byte != '\r' && byte != '\n') {
      if (!skipEscape(byte)) add(byte);
      continue;
    }
    escape_ = Escape::kNone;
    if (!receiver.onLine(line_, wasCut_)) return i;
    wasCr_ = byte == '\r';
    wasCut_ = false;
    // An idle terminal keeps no memory of its longest line.
    if (line_.capacity() > 256) std::string().swap(line_);
    line_.clear();
  }
  return bytes.size();
}

}  // namespace gw::websocket
