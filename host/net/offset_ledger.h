#pragma once
// OffsetLedger: what ended where in a stream of bytes, until the peer has acknowledged that far.
//
// Thread: its owner's. Bounds: at most kMost entries; above them the oldest one goes, and what it stood for
// counts as acknowledged together with its successor: never too early.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

namespace gw::net {

template <typename Mark>
class OffsetLedger {
 public:
  static constexpr size_t kMost = 1024;
  static constexpr size_t kAskAfter = 32;

  /// Ends must not fall, marks rise with them. True once in kAskAfter calls: time to settle().
  bool add(uint64_t end, const Mark& mark) {
    if (!entries_.empty() && entries_.back().end == end) {
      entries_.back().mark = mark;
      return false;
    }
    entries_.push_back({end, mark});
    if (entries_.size() > kMost) entries_.pop_front();
    return ++added_ % kAskAfter == 0;
  }

  /// The last mark that lies wholly within the first `acknowledged` bytes, if that is news; it and those
  /// before it are forgotten.
  std::optional<Mark> settle(uint64_t acknowledged) {
    std::optional<Mark> reached;
    while (!entries_.empty() && entries_.front().end <= acknowledged) {
      reached = entries_.front().mark;
      entries_.pop_front();
    }
    return reached;
  }

  bool isEmpty() const { return entries_.empty(); }
  size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    uint64_t end;
    Mark mark;
  };
  std::deque<Entry> entries_;
  uint64_t added_ = 0;
};

}  // namespace gw::net
