#pragma once
// EventLog: a session's numbered outbound events, oldest first; bounded in events and bytes.
//
// Thread: the session's home loop. Invariants: (epoch, seq) strictly rises; everything above
// trimmedTo() is there. It is trimmed by acknowledgement or by its bounds, never by delivery.

#include <cstdint>
#include <string>
#include <vector>

#include "plugin/loop_event.h"

namespace gw::session {

struct Position {
  uint64_t epoch = 0;
  uint64_t seq = 0;
  auto operator<=>(const Position&) const = default;
};

class EventLog {
 public:
  struct Entry {
    Position at;
    plugin::LoopEventPtr event;
  };
  struct Bounds {
    uint32_t events = 1000;
    uint64_t bytes = 1 << 20;
  };

  /// Appends; trims the oldest over the bounds. Returns how many were lost by that.
  size_t append(Position at, plugin::LoopEventPtr event, const Bounds& bounds);
  /// Forgets everything up to and including `to`.
  void acknowledge(Position to);
  /// Index of the first entry above `after`.
  size_t firstAbove(Position after) const;
  const Entry& at(size_t index) const { return entries_[head_ + index]; }
  size_t size() const { return entries_.size() - head_; }
  uint64_t bytes() const { return bytes_; }
  /// The highest position that is not here though nobody acknowledged it: pushed out by a bound, or never here.
  Position lostTo() const { return lostTo_; }
  void noteLost(Position to);
  void clear();

 private:
  void dropFront();
  std::vector<Entry> entries_;  // entries_[0..head_) are spent; compacted when they are the larger part
  size_t head_ = 0;
  uint64_t bytes_ = 0;
  Position lostTo_;
};

/// A log entry's event as bytes for the store, and back. Fails (empty) on bytes it does not know.
std::string packEvent(const plugin::Event& event);
bool unpackEvent(std::string_view bytes, plugin::Event& out);

}  // namespace gw::session
