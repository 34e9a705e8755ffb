#pragma once
// GuestLimit: at most `perHour` guests from one address at once, then one more every 1/perHour of an
// hour. Guests cost nothing to make, so without it one address could take every place.
// Not thread-safe; the addresses remembered are bounded.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/bounded_map.h"

namespace gw::lobby {

class GuestLimit {
 public:
  explicit GuestLimit(uint32_t perHour, size_t entries = 65'536) : perHour_(perHour), addresses_(entries) {}

  void setPerHour(uint32_t perHour) { perHour_ = perHour; }
  /// Counts a guest. 0: let in; else how long to wait, and nothing was counted. Monotonic milliseconds.
  uint64_t admitAfterMs(std::string_view address, uint64_t nowMs);
  uint64_t evicted() const { return addresses_.evicted(); }

 private:
  struct Spent {
    double guests = 0;
    uint64_t atMs = 0;
  };
  uint32_t perHour_;
  BoundedMap<Spent> addresses_;
};

}  // namespace gw::lobby
