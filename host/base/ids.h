#pragma once
// SessionId: 128 random bits; on the wire 22 characters of base64url.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace gw {

struct SessionId {
  uint64_t hi = 0;
  uint64_t lo = 0;
  bool operator==(const SessionId&) const = default;
  auto operator<=>(const SessionId&) const = default;
  explicit operator bool() const { return hi != 0 || lo != 0; }
  std::string toString() const;
  static std::optional<SessionId> parse(std::string_view text);
  static SessionId random();  // its text never begins with '-': operators type it as an argument
};

/// The loop at which a session lives; every loop computes the same.
inline size_t homeLoop(const SessionId& id, size_t loops) { return static_cast<size_t>(id.lo % loops); }
/// The loop that owns what spans a user's sessions.
size_t userLoop(std::string_view userId, size_t loops);

}  // namespace gw

template <>
struct std::hash<gw::SessionId> {
  size_t operator()(const gw::SessionId& id) const noexcept {
    return static_cast<size_t>(id.hi ^ (id.lo * 0x9e3779b97f4a7c15ULL));
  }
};
