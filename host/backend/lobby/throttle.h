#pragma once
// LoginThrottle and RegistrationLimit: how guessing is slowed down without becoming a weapon.
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
#include <vector>

#include "backend/lobby/bounded_map.h"

namespace gw::lobby {

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
