#include "backend/lobby/guest_limit.h"

#include <algorithm>
#include <cmath>

namespace gw::lobby {
namespace {

constexpr double kHourMs = 3'600'000;
constexpr double kRoundingMs = 1e-3;  // must not make anyone wait

}  // namespace

uint64_t GuestLimit::admitAfterMs(std::string_view address, uint64_t nowMs) {
  Spent& spent = addresses_.touch(address);
  const double regained = static_cast<double>(nowMs - spent.atMs) * perHour_ / kHourMs;
  spent.guests = std::max(0.0, spent.guests - regained);
  spent.atMs = nowMs;
  const double waitMs = (spent.guests + 1 - perHour_) * kHourMs / perHour_ - kRoundingMs;
  if (waitMs > 0) return static_cast<uint64_t>(std::ceil(waitMs));
  spent.guests += 1;
  return 0;
}

}  // namespace gw::lobby
