#include "record.h"

namespace gw::backend {
namespace {

constexpr unsigned char kGone = 1;
constexpr unsigned char kReset = 2;

void appendNumber(std::string& out, uint64_t number) {
  while (number >= 0x80) {
    out += static_cast<char>(static_cast<unsigned char>((number & 0x7FU) | 0x80U));
    number >>= 7U;
  }
  out += static_cast<char>(static_cast<unsigned char>(number));
}

void appendText(std::string& out, std::string_view text) {
  appendNumber(out, text.size());
  out += text;
}

bool readByte(std::string_view& in, unsigned char& byte) {
  if (in.empty()) return false;
  byte = static_cast<unsigned char>(in.front());
  in.remove_prefix(1);
  return true;
}

bool readNumber(std::string_view& in, uint64_t& number) {
  number = 0;
  unsigned char byte = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    if (!readByte(in, byte)) return false;
    number |= (byte & uint64_t{0x7F}) << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

bool readText(std::string_view& in, std::string_view& text) {
  uint64_t length = 0;
  if (!readNumber(in, length) || length > in.size()) return false;
  text = in.substr(0, length);
  in.remove_prefix(length);
  return true;
}

bool readFrame(std::string_view& in, RecordEntry& entry) {
  unsigned char kind = 0;
  uint64_t order = 0;
  std::string_view payload;
  if (!readByte(in, kind) || kind >= kFrameKinds || !readNumber(in, order) || !readText(in, payload)) return false;
  entry.frames.push_back({static_cast<FrameKind>(kind), static_cast<int64_t>(order), payload});
  return true;
}

}  // namespace

void appendEntry(std::string& record, const Account& account) {
  appendText(record, account.session.id);
  const unsigned char flags =
      static_cast<unsigned char>((account.isGone ? kGone : 0U) | (account.isReset ? kReset : 0U));
  record += static_cast<char>(flags);
  appendNumber(record, static_cast<uint64_t>(account.seq));
  appendNumber(record, static_cast<uint64_t>(account.n));
  appendNumber(record, account.fresh);
  for (size_t i = account.frames.size() - account.fresh; i < account.frames.size(); ++i) {
    record += static_cast<char>(account.frames[i].kind);
    appendNumber(record, static_cast<uint64_t>(account.frames[i].order));
    appendText(record, account.frames[i].payload);
  }
}

bool readEntry(std::string_view& record, RecordEntry& entry) {
  unsigned char flags = 0;
  uint64_t seq = 0;
  uint64_t n = 0;
  uint64_t count = 0;
  if (!readText(record, entry.session) || !readByte(record, flags) || !readNumber(record, seq) ||
      !readNumber(record, n) || !readNumber(record, count))
    return false;
  entry.isGone = (flags & kGone) != 0;
  entry.isReset = (flags & kReset) != 0;
  entry.seq = static_cast<int64_t>(seq);
  entry.n = static_cast<int64_t>(n);
  entry.frames.clear();
  for (; count > 0; --count) {
    if (!readFrame(record, entry)) return false;
  }
  return true;
}

}  // namespace gw::backend
