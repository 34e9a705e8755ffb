#pragma once
// Sequence: numbers that must arrive as 1, 2, 3, ...: what is missing, comes twice or too late.

#include <algorithm>
#include <cstdint>
#include <vector>

namespace gw::bench {

struct SequenceFaults {
  uint64_t lost = 0;  // so far: one that comes late counts as reordered instead
  uint64_t doubled = 0;
  uint64_t reordered = 0;
  uint64_t all() const { return lost + doubled + reordered; }
};

class Sequence {
 public:
  void take(uint32_t number, SequenceFaults& faults) {
    if (number == last_ + 1) {
      last_ = number;
    } else if (number > last_) {
      faults.lost += number - last_ - 1;
      for (uint32_t missed = last_ + 1; missed < number && missing_.size() < kMostMissing; ++missed)
        missing_.push_back(missed);
      last_ = number;
    } else if (const auto late = std::find(missing_.begin(), missing_.end(), number); late != missing_.end()) {
      missing_.erase(late);
      --faults.lost;
      ++faults.reordered;
    } else {
      ++faults.doubled;
    }
  }

  uint32_t last() const { return last_; }

 private:
  static constexpr size_t kMostMissing = 1024;  // what is late beyond counts as doubled

  uint32_t last_ = 0;
  std::vector<uint32_t> missing_;
};

}  // namespace gw::bench
