#include "base/clock.h"

#include <chrono>
#include <cstdio>
#include <ctime>

namespace gw {
namespace {

class SystemClock final : public Clock {
 public:
  uint64_t nowNs() const override {
    const auto since = std::chrono::steady_clock::now().time_since_epoch();
    return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(since).count());
  }
  int64_t wallUs() const override {
    const auto since = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::microseconds>(since).count();
  }
};

}  // namespace

const Clock& systemClock() {
  static const SystemClock clock;
  return clock;
}

std::string formatUtc(int64_t wallUs) {
  // Floor, not truncate: a time before 1970 must not get negative milliseconds.
  int64_t seconds = wallUs / 1'000'000;
  int64_t micros = wallUs % 1'000'000;
  if (micros < 0) {
    micros += 1'000'000;
    --seconds;
  }
  const auto when = static_cast<std::time_t>(seconds);
  std::tm utc{};
  if (gmtime_r(&when, &utc) == nullptr) return "1970-01-01T00:00:00.000Z";  // a year beyond int: not a time
  char text[96];
  const int n =
      std::snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", utc.tm_year + 1900, utc.tm_mon + 1,
                    utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec, static_cast<int>(micros / 1000));
  return std::string(text, static_cast<size_t>(n));
}

}  // namespace gw
