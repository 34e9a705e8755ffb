#pragma once
// Position: where an event stands in its session's log, compared as clients must: by epoch, then seq.

#include <compare>
#include <cstdint>
#include <string>

namespace gw::test {

struct Position {
  uint64_t epoch = 0;
  uint64_t seq = 0;
  auto operator<=>(const Position&) const = default;
  std::string toString() const { return std::to_string(epoch) + "." + std::to_string(seq); }
  /// From an SSE id, "epoch.seq".
  static Position parse(const std::string& id) {
    const size_t dot = id.find('.');
    return dot == std::string::npos ? Position{}
                                    : Position{std::stoull(id.substr(0, dot)), std::stoull(id.substr(dot + 1))};
  }
};

}  // namespace gw::test
