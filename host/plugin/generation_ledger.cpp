#include "plugin/generation_ledger.h"

#include <chrono>

namespace gw::plugin {

GenerationLedger& GenerationLedger::ofProcess() {
  static auto* const ledger = new GenerationLedger;  // outlives the last generation, whatever ends it
  return *ledger;
}

uint64_t GenerationLedger::enter() {
  const std::lock_guard lock(mutex_);
  alive_.insert(++last_);
  return last_;
}

void GenerationLedger::leave(uint64_t serial, const std::string& channelId, const End& end) {
  {
    const std::lock_guard lock(mutex_);
    alive_.erase(serial);
    ends_[serial] = end.library;
    if (ends_.size() > kMostEnds) ends_.erase(ends_.begin());
    Channel& channel = channels_[channelId];
    if (end.library == LibraryEnd::kLeaked) ++channel.leaked;
    channel.last = end;
  }
  changed_.notify_all();
}

std::optional<LibraryEnd> GenerationLedger::await(uint64_t serial, uint64_t limitMs) {
  std::unique_lock lock(mutex_);
  const auto hasEnded = [&] { return alive_.count(serial) == 0; };
  if (!changed_.wait_for(lock, std::chrono::milliseconds(limitMs), hasEnded)) return std::nullopt;
  const auto known = ends_.find(serial);
  return known == ends_.end() ? LibraryEnd::kUnloaded : known->second;
}

uint64_t GenerationLedger::leakedOf(const std::string& channelId) const {
  const std::lock_guard lock(mutex_);
  const auto channel = channels_.find(channelId);
  return channel == channels_.end() ? 0 : channel->second.leaked;
}

std::optional<GenerationLedger::End> GenerationLedger::lastEndOf(const std::string& channelId) const {
  const std::lock_guard lock(mutex_);
  const auto channel = channels_.find(channelId);
  return channel == channels_.end() ? std::nullopt : channel->second.last;
}

}  // namespace gw::plugin
