#include "base/ids.h"

#include "base/crypto.h"

namespace gw {
namespace {

constexpr size_t kIdBytes = 16;
constexpr size_t kIdChars = 22;

SessionId fromBytes(std::string_view bytes) {
  SessionId id;
  for (size_t i = 0; i < 8; ++i) {
    id.hi = (id.hi << 8) | static_cast<uint8_t>(bytes[i]);
    id.lo = (id.lo << 8) | static_cast<uint8_t>(bytes[i + 8]);
  }
  return id;
}

}  // namespace

std::string SessionId::toString() const {
  char bytes[kIdBytes];
  for (size_t i = 0; i < 8; ++i) {
    bytes[i] = static_cast<char>((hi >> (56 - 8 * i)) & 0xff);
    bytes[i + 8] = static_cast<char>((lo >> (56 - 8 * i)) & 0xff);
  }
  return base64urlEncode({bytes, kIdBytes});
}

std::optional<SessionId> SessionId::parse(std::string_view text) {
  if (text.size() != kIdChars) return std::nullopt;
  const auto bytes = base64urlDecode(text);
  if (!bytes) return std::nullopt;
  const SessionId id = fromBytes(*bytes);
  if (!id) return std::nullopt;  // the zero id means "none" inside the host
  return id;
}

SessionId SessionId::random() {
  SessionId id;
  // The first 6 bits are the first character; '-' would make the id an option on a command line.
  constexpr uint64_t kDash = 62;
  while (!id || id.hi >> 58 == kDash) id = fromBytes(randomBytes(kIdBytes));
  return id;
}

size_t userLoop(std::string_view userId, size_t loops) {
  // FNV-1a: the same on every loop, every run and every machine.
  uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : userId) {
    hash ^= static_cast<uint8_t>(c);
    hash *= 0x100000001b3ULL;
  }
  return static_cast<size_t>(hash % loops);
}

}  // namespace gw
