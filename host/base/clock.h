#pragma once
// Time behind an interface, so that state machines run on a fake clock in tests.

#include <cstdint>
#include <string>

namespace gw {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual uint64_t nowNs() const = 0;  // monotonic
  virtual int64_t wallUs() const = 0;  // microseconds since the epoch, UTC
};

/// The machine's clocks. Thread-safe; lives for ever.
const Clock& systemClock();

/// RFC 3339, UTC, milliseconds: "2026-03-01T12:00:00.000Z".
std::string formatUtc(int64_t wallUs);

}  // namespace gw
