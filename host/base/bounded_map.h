#pragma once
// BoundedMap: string keys, at most `limit` of them; at the bound the least recently used one leaves and
// is counted. For what is keyed by peers. Not thread-safe.

#include <cstddef>
#include <cstdint>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace gw {

template <typename Value>
class BoundedMap {
 public:
  explicit BoundedMap(size_t limit) : limit_(limit) {}

  /// The key's value, made if absent; valid until the next call.
  Value& touch(std::string_view key) {
    if (Value* known = find(key)) return *known;
    if (entries_.size() >= limit_) {
      index_.erase(entries_.back().first);
      entries_.pop_back();
      ++evicted_;
    }
    entries_.emplace_front(std::string(key), Value{});
    index_.emplace(entries_.front().first, entries_.begin());
    return entries_.front().second;
  }

  /// Null if absent. Counts as a use.
  Value* find(std::string_view key) {
    const auto it = index_.find(key);
    if (it == index_.end()) return nullptr;
    entries_.splice(entries_.begin(), entries_, it->second);
    return &it->second->second;
  }

  void erase(std::string_view key) {
    const auto it = index_.find(key);
    if (it == index_.end()) return;
    const auto entry = it->second;
    index_.erase(it);
    entries_.erase(entry);
  }

  size_t size() const { return entries_.size(); }
  uint64_t evicted() const { return evicted_; }

 private:
  using Entries = std::list<std::pair<std::string, Value>>;  // most recently used first
  size_t limit_;
  Entries entries_;
  std::unordered_map<std::string_view, typename Entries::iterator> index_;  // keys live in entries_
  uint64_t evicted_ = 0;
};

}  // namespace gw
