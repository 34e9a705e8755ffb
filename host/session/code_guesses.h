#pragma once
// CodeGuesses: typed codes are guessed at no faster than passwords are, by address. All loops share it.
//
// Thread: any. Bounded as LoginThrottle is.

#include <mutex>
#include <string>

#include "base/login_throttle.h"

namespace gw::session {

class CodeGuesses {
 public:
  enum class End { kRight, kWrong, kNotChecked };

  /// Before a code is looked up. 0: do it and say how it ended, once; else how long to wait, in ms.
  uint64_t begin(const std::string& address, uint64_t nowMs) {
    const std::lock_guard lock(mutex_);
    return throttle_.begin(kAnyone, address, nowMs);
  }
  void ended(const std::string& address, End how, uint64_t nowMs) {
    const std::lock_guard lock(mutex_);
    if (how == End::kRight) return throttle_.succeeded(kAnyone, address);
    if (how == End::kWrong) return throttle_.failed(kAnyone, address, nowMs);
    throttle_.unchecked(kAnyone, address);
  }

 private:
  static constexpr char kAnyone[] = "";  // a code names nobody
  std::mutex mutex_;
  LoginThrottle throttle_{ThrottleLimits{}};
};

}  // namespace gw::session
