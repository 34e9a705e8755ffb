#pragma once
// LoginThrottle: how guessing is slowed down without becoming a weapon.
//
// By (user, prefix) and by prefix alone, failures end in a refusal with a time to wait. By user alone
// there is only a growing delay (≤ maxDelayMs), which the caller skips for a prefix from which that user
// has logged in lately: nobody can lock another person out. A guess counts from when its check begins, so
// that guesses at the same time are no more than guesses one after the other. Times are monotonic
// milliseconds.
// Not thread-safe; every map is bounded.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bounded_map.h"

namespace gw {

struct ThrottleLimits {
  uint32_t freePerUserAndPrefix = 5;  // failures without consequence
  uint32_t freePerPrefix = 20;
  uint32_t freePerUser = 5;   // attempts without delay
  uint64_t blockMs = 15'000;  // the first refusal; doubles with each further failure
  uint64_t maxBlockMs = 900'000;
  uint64_t delayMs = 250;  // the first delay; doubles
  uint64_t maxDelayMs = 5'000;
  uint64_t forgetMs = 900'000;  // without an attempt
  size_t entries = 65'536;      // per map
};

class LoginThrottle {
 public:
  explicit LoginThrottle(const ThrottleLimits& limits);

  /// 0: go on; else how long to wait before the next try.
  uint64_t retryAfterMs(std::string_view user, std::string_view prefix, uint64_t nowMs);
  /// Notes an attempt at the user from anywhere and tells how long to hold it.
  uint64_t delayMs(std::string_view user, uint64_t nowMs);
  /// Before a guess is checked. 0: check it and say how it ended, once; else how long to wait.
  uint64_t begin(std::string_view user, std::string_view prefix, uint64_t nowMs);
  // How it ended.
  void failed(std::string_view user, std::string_view prefix, uint64_t nowMs);
  void succeeded(std::string_view user, std::string_view prefix);
  void unchecked(std::string_view user, std::string_view prefix);

  uint64_t evicted() const { return pairs_.evicted() + prefixes_.evicted() + users_.evicted(); }

 private:
  struct Failures {
    uint32_t count = 0;
    uint32_t underWay = 0;  // guesses whose end is not known yet
    uint64_t lastMs = 0;
    uint64_t blockedUntilMs = 0;
  };
  void note(Failures& failures, uint32_t freeOnes, uint64_t nowMs) const;
  bool hasRoom(Failures* failures, uint32_t freeOnes, uint64_t nowMs) const;
  void ended(std::string_view user, std::string_view prefix);
  static void leave(BoundedMap<Failures>& map, std::string_view key);
  void forgetOld(Failures& failures, uint64_t nowMs) const;
  static std::string pairKey(std::string_view user, std::string_view prefix);

  ThrottleLimits limits_;
  BoundedMap<Failures> pairs_;
  BoundedMap<Failures> prefixes_;
  BoundedMap<Failures> users_;
};

}  // namespace gw
