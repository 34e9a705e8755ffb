#pragma once
// RegistrationLimit: how many accounts an address may make. Times are monotonic milliseconds.
// Not thread-safe; bounded.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/bounded_map.h"

namespace gw::lobby {

/// At most `perHour` registrations from one address, and ten times as many tries.
class RegistrationLimit {
 public:
  explicit RegistrationLimit(uint32_t perHour, size_t entries = 65'536) : perHour_(perHour), addresses_(entries) {}

  void setPerHour(uint32_t perHour) { perHour_ = perHour; }
  /// Counts a try. 0: go on; else how long to wait.
  uint64_t tryAfterMs(std::string_view address, uint64_t nowMs);
  /// The same without counting.
  uint64_t waitMs(std::string_view address, uint64_t nowMs);
  /// Counts a registration when its work begins, so that several at once count too; unmade() gives the
  /// latest one back if nothing came of it.
  void made(std::string_view address, uint64_t nowMs);
  void unmade(std::string_view address);
  uint64_t evicted() const { return addresses_.evicted(); }

 private:
  struct Hour {
    std::vector<uint64_t> madeMs;  // within the last hour, at most perHour_
    uint64_t triesSinceMs = 0;
    uint32_t tries = 0;
  };
  uint32_t perHour_;
  BoundedMap<Hour> addresses_;
};

}  // namespace gw::lobby
