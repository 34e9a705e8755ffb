#pragma once
// Trace: what goes over the link, for an operator who watches: names, sessions, numbers and sizes; never texts. The
// last kMost frames, while somebody asks for them.
//
// Thread-safe; costs one atomic read while nobody watches.

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace gw::link {

struct TraceLine {
  uint64_t number = 0;
  int64_t atUs = 0;
  bool isOurs = false;  // from the gateway
  std::string connection;
  std::string what;  // "session.output"; "res"
  std::string session;
  uint64_t count = 0;  // its seq or n; 0: none
  size_t bytes = 0;
};

class Trace {
 public:
  explicit Trace(const Clock& clock) : clock_(clock) {}

  bool isOn() const { return clock_.nowNs() < untilNs_.load(std::memory_order_relaxed); }
  void add(bool isOurs, const std::string& connection, std::string_view frame);
  /// Lines above `after`; it stays on for a minute from now.
  std::vector<TraceLine> read(uint64_t after);

 private:
  static constexpr size_t kMost = 512;
  static constexpr uint64_t kOnNs = 60'000'000'000;
  const Clock& clock_;
  std::atomic<uint64_t> untilNs_{0};
  std::mutex mutex_;
  uint64_t last_ = 0;
  std::deque<TraceLine> lines_;
};

}  // namespace gw::link
