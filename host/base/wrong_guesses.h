#pragma once
// WrongGuesses: wrong tokens, by the address they came from. Over five a minute the answer says to wait. Only who was
// wrong is counted, after the look: what is right always passes, so that nobody can lock its owner out.
//
// Thread-safe. At most 1,024 addresses; the one that was wrong least recently leaves.

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "base/bounded_map.h"
#include "base/clock.h"

namespace gw {

class WrongGuesses {
 public:
  explicit WrongGuesses(const Clock& clock) : clock_(clock) {}

  /// Counts one more. How long to wait, in ms, if there were too many; else nothing.
  std::optional<long long> note(const std::string& address) {
    const std::lock_guard lock(mutex_);
    const uint64_t now = clock_.nowNs();
    Wrong& wrong = wrong_.touch(address);
    if (now - wrong.windowStartNs >= kMinuteNs) wrong = {now, 0};
    if (wrong.count >= kPerMinute) return static_cast<long long>((kMinuteNs - (now - wrong.windowStartNs)) / 1'000'000);
    ++wrong.count;
    return std::nullopt;
  }

 private:
  static constexpr uint32_t kPerMinute = 5;
  static constexpr uint64_t kMinuteNs = 60'000'000'000;
  struct Wrong {
    uint64_t windowStartNs = 0;
    uint32_t count = 0;
  };
  const Clock& clock_;
  std::mutex mutex_;
  BoundedMap<Wrong> wrong_{1024};
};

}  // namespace gw
