#pragma once
// Deadlines for tests: every wait for another process has one, and says what it waited for.

#include <poll.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>

namespace gw::test {

using Ms = std::chrono::milliseconds;

/// Long enough for a sanitizer build on a loaded machine; waits end as soon as their condition holds.
constexpr Ms kPatience{30'000};

class Deadline {
 public:
  explicit Deadline(Ms limit) : at_(std::chrono::steady_clock::now() + limit) {}
  bool isOver() const { return std::chrono::steady_clock::now() >= at_; }
  /// For poll(): what is left, at least 0.
  int leftMs() const {
    const auto left = std::chrono::duration_cast<Ms>(at_ - std::chrono::steady_clock::now()).count();
    return static_cast<int>(std::max<decltype(left)>(left, 0));
  }

 private:
  std::chrono::steady_clock::time_point at_;
};

/// True once the descriptor can be read (or has ended), false when the time is over.
inline bool waitReadable(int fd, const Deadline& deadline) {
  pollfd watched{fd, POLLIN, 0};
  return ::poll(&watched, 1, deadline.leftMs()) > 0;
}

/// Asks again and again, for conditions that no descriptor tells. Throws with `what` when the time is over.
inline void waitUntil(const std::string& what, const std::function<bool()>& holds, Ms limit = kPatience) {
  const Deadline deadline(limit);
  while (!holds()) {
    if (deadline.isOver()) throw std::runtime_error("timed out waiting until " + what);
    ::poll(nullptr, 0, 10);  // between two looks; what counts is the condition
  }
}

}  // namespace gw::test
