#include "backend/lobby/registration_limit.h"

namespace gw::lobby {
namespace {

constexpr uint64_t kHourMs = 3'600'000;

}  // namespace

uint64_t RegistrationLimit::waitMs(std::string_view address, uint64_t nowMs) {
  Hour& hour = addresses_.touch(address);
  std::erase_if(hour.madeMs, [nowMs](uint64_t at) { return nowMs - at >= kHourMs; });
  if (hour.madeMs.size() < perHour_) return 0;
  return hour.madeMs.empty() ? kHourMs : kHourMs - (nowMs - hour.madeMs.front());
}

uint64_t RegistrationLimit::tryAfterMs(std::string_view address, uint64_t nowMs) {
  if (const uint64_t wait = waitMs(address, nowMs); wait > 0) return wait;
  Hour& hour = addresses_.touch(address);
  if (hour.tries == 0 || nowMs - hour.triesSinceMs >= kHourMs) {
    hour.tries = 0;
    hour.triesSinceMs = nowMs;
  }
  if (hour.tries >= uint64_t{perHour_} * 10) return kHourMs - (nowMs - hour.triesSinceMs);
  ++hour.tries;
  return 0;
}

void RegistrationLimit::made(std::string_view address, uint64_t nowMs) {
  addresses_.touch(address).madeMs.push_back(nowMs);
}

void RegistrationLimit::unmade(std::string_view address) {
  Hour* hour = addresses_.find(address);
  if (hour && !hour->madeMs.empty()) hour->madeMs.pop_back();
}

}  // namespace gw::lobby
