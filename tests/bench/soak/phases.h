#pragma once
// ReloadPhases: tells the clients of a soak what a reload has been doing since they asked something.
// Thread: one changes it, any may look.

#include <atomic>
#include <cstdint>

namespace gw::bench {

/// Counts up when something begins and when it ends: odd while it is under way.
class Phase {
 public:
  void begin() { ++count_; }
  void end() { ++count_; }
  uint32_t now() const { return count_; }
  /// Whether it was under way at any time since now() was that: one that began and ended in between counts too.
  bool wasUnderWaySince(uint32_t then) const { return then % 2 == 1 || now() != then; }

 private:
  std::atomic<uint32_t> count_{0};
};

struct ReloadPhases {
  Phase any;     // from before the file is changed until the report
  Phase moving;  // of these, the ones that get past the probe: a hanging probe is long, and nothing moves meanwhile
};

}  // namespace gw::bench
