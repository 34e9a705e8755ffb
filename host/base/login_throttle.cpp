#include "base/login_throttle.h"

#include <algorithm>

namespace gw {
namespace {

constexpr uint64_t kOthersUnderWayMs = 1'000;

uint64_t doubled(uint64_t first, uint32_t times, uint64_t most) {
  if (times >= 20) return most;
  return std::min(first << times, most);
}

}  // namespace

LoginThrottle::LoginThrottle(const ThrottleLimits& limits)
    : limits_(limits), pairs_(limits.entries), prefixes_(limits.entries), users_(limits.entries) {}

std::string LoginThrottle::pairKey(std::string_view user, std::string_view prefix) {
  std::string key;
  key.reserve(user.size() + prefix.size() + 1);
  key.append(user).push_back('\n');  // in no user name
  key.append(prefix);
  return key;
}

void LoginThrottle::forgetOld(Failures& failures, uint64_t nowMs) const {
  if (nowMs - failures.lastMs <= limits_.forgetMs || nowMs < failures.blockedUntilMs) return;
  failures.count = 0;
  failures.blockedUntilMs = 0;
}

void LoginThrottle::note(Failures& failures, uint32_t freeOnes, uint64_t nowMs) const {
  forgetOld(failures, nowMs);
  ++failures.count;
  failures.lastMs = nowMs;
  if (failures.count < freeOnes) return;
  failures.blockedUntilMs = nowMs + doubled(limits_.blockMs, failures.count - freeOnes, limits_.maxBlockMs);
}

uint64_t LoginThrottle::retryAfterMs(std::string_view user, std::string_view prefix, uint64_t nowMs) {
  uint64_t until = nowMs;
  if (const Failures* pair = pairs_.find(pairKey(user, prefix))) until = std::max(until, pair->blockedUntilMs);
  if (const Failures* address = prefixes_.find(prefix)) until = std::max(until, address->blockedUntilMs);
  return until - nowMs;
}

bool LoginThrottle::hasRoom(Failures* failures, uint32_t freeOnes, uint64_t nowMs) const {
  if (failures == nullptr) return true;
  forgetOld(*failures, nowMs);
  // Beyond the free ones, each refusal buys one guess.
  const uint32_t left = failures->count < freeOnes ? freeOnes - failures->count : 1;
  return failures->underWay < left;
}

uint64_t LoginThrottle::begin(std::string_view user, std::string_view prefix, uint64_t nowMs) {
  if (const uint64_t wait = retryAfterMs(user, prefix, nowMs); wait > 0) return wait;
  const std::string key = pairKey(user, prefix);
  if (!hasRoom(pairs_.find(key), limits_.freePerUserAndPrefix, nowMs) ||
      !hasRoom(prefixes_.find(prefix), limits_.freePerPrefix, nowMs)) {
    return kOthersUnderWayMs;
  }
  ++pairs_.touch(key).underWay;
  ++prefixes_.touch(prefix).underWay;
  return 0;
}

void LoginThrottle::ended(std::string_view user, std::string_view prefix) {
  leave(pairs_, pairKey(user, prefix));
  leave(prefixes_, prefix);
}

void LoginThrottle::leave(BoundedMap<Failures>& map, std::string_view key) {
  Failures* failures = map.find(key);
  if (failures == nullptr) return;  // evicted since
  if (failures->underWay > 0) --failures->underWay;
  if (failures->underWay == 0 && failures->count == 0) map.erase(key);
}

uint64_t LoginThrottle::delayMs(std::string_view user, uint64_t nowMs) {
  // Attempts count, not failures: those under way at the same time from many addresses are delayed too.
  Failures& attempts = users_.touch(user);
  forgetOld(attempts, nowMs);
  ++attempts.count;
  attempts.lastMs = nowMs;
  if (attempts.count <= limits_.freePerUser) return 0;
  return doubled(limits_.delayMs, attempts.count - limits_.freePerUser - 1, limits_.maxDelayMs);
}

void LoginThrottle::failed(std::string_view user, std::string_view prefix, uint64_t nowMs) {
  ended(user, prefix);
  note(pairs_.touch(pairKey(user, prefix)), limits_.freePerUserAndPrefix, nowMs);
  note(prefixes_.touch(prefix), limits_.freePerPrefix, nowMs);
}

void LoginThrottle::unchecked(std::string_view user, std::string_view prefix) { ended(user, prefix); }

void LoginThrottle::succeeded(std::string_view user, std::string_view prefix) {
  // The prefix keeps its count: else one account of his own would give an attacker fresh guesses.
  if (Failures* pair = pairs_.find(pairKey(user, prefix))) pair->count = 0;
  ended(user, prefix);
  if (Failures* attempts = users_.find(user); attempts && attempts->count > 0) --attempts->count;
}

}  // namespace gw
