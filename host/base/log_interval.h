#pragma once
// LogInterval: one line an interval for what peers can cause as often as they like.

#include <atomic>
#include <cstdint>
#include <optional>

namespace gw {

/// Thread-safe.
class LogInterval {
 public:
  explicit LogInterval(uint64_t intervalNs) : intervalNs_(intervalNs) {}

  /// Nothing: hold this line back. Else write it; so many were held back since the last one.
  std::optional<uint64_t> pass(uint64_t nowNs) {
    uint64_t next = nextNs_.load(std::memory_order_relaxed);
    if (nowNs < next || !nextNs_.compare_exchange_strong(next, nowNs + intervalNs_, std::memory_order_relaxed)) {
      heldBack_.fetch_add(1, std::memory_order_relaxed);
      return std::nullopt;
    }
    return heldBack_.exchange(0, std::memory_order_relaxed);
  }

 private:
  const uint64_t intervalNs_;
  std::atomic<uint64_t> nextNs_{0};
  std::atomic<uint64_t> heldBack_{0};
};

}  // namespace gw
