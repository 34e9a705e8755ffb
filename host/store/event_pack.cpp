#include "store/event_pack.h"

#include <cstdint>

namespace gw::store {
namespace {

constexpr char kVersion = 1;
constexpr size_t kHeadBytes = 8 + 8 + 4;

void putNumber(std::string& out, uint64_t n, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<char>((n >> (8 * i)) & 0xff));
}

uint64_t getNumber(std::string_view in, size_t at, size_t bytes) {
  uint64_t n = 0;
  for (size_t i = 0; i < bytes; ++i) n |= uint64_t{static_cast<uint8_t>(in[at + i])} << (8 * i);
  return n;
}

}  // namespace

std::string packEvents(const std::vector<LoggedEvent>& events) {
  size_t total = 1;
  for (const auto& event : events) total += kHeadBytes + event.body.size();
  std::string out;
  out.reserve(total);
  out.push_back(kVersion);
  for (const auto& event : events) {
    putNumber(out, event.epoch, 8);
    putNumber(out, event.seq, 8);
    putNumber(out, event.body.size(), 4);
    out += event.body;
  }
  return out;
}

Result<void> unpackEvents(std::string_view packed, std::vector<LoggedEvent>& out) {
  const auto broken = [] { return fail(ErrorCode::kInternal, "a stored event log is damaged"); };
  if (packed.empty() || packed[0] != kVersion) return broken();
  for (size_t at = 1; at < packed.size();) {
    if (packed.size() - at < kHeadBytes) return broken();
    LoggedEvent event;
    event.epoch = getNumber(packed, at, 8);
    event.seq = getNumber(packed, at + 8, 8);
    const auto length = static_cast<size_t>(getNumber(packed, at + 16, 4));
    at += kHeadBytes;
    if (packed.size() - at < length) return broken();
    event.body = packed.substr(at, length);
    at += length;
    out.push_back(std::move(event));
  }
  return {};
}

}  // namespace gw::store
