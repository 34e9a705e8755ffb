#include "broadcast/bus.h"

#include "broadcast/broadcaster.h"
#include "session/caller.h"

namespace gw::broadcast {

// Under one lock, so that every loop's inbox has the same order as the versions.
template <typename Make>
uint64_t Bus::toAll(size_t bytes, Make&& make) {
  std::lock_guard lock(mutex_);
  const uint64_t version = version_.fetch_add(1, std::memory_order_relaxed) + 1;
  auto task = make(version);
  for (Broadcaster* target : broadcasters_) target->loop().post([target, task] { task(*target); }, bytes);
  return version;
}

uint64_t Bus::publish(plugin::Event event, Filter filter) {
  const size_t bytes = plugin::sizeOf(event);
  return toAll(bytes, [&](uint64_t version) {
    event.stateVersion = version;
    return [shared = std::make_shared<const plugin::Event>(std::move(event)),
            filter = std::move(filter)](Broadcaster& target) { target.deliver(shared, filter); };
  });
}

uint64_t Bus::publishFamily(plugin::Event event, uint32_t family, const std::string& room) {
  if (listeners.load(std::memory_order_relaxed) == 0) return stateVersion();
  const size_t bytes = plugin::sizeOf(event);
  return toAll(bytes, [&](uint64_t version) {
    event.stateVersion = version;
    return [shared = std::make_shared<const plugin::Event>(std::move(event)), family, room](Broadcaster& target) {
      target.deliverFamily(shared, family, room);
    };
  });
}

uint64_t Bus::publishPresence(const session::PresenceChange& change) {
  return toAll(sizeof change, [&](uint64_t version) {
    return [change, version](Broadcaster& target) { target.applyPresence(change, version); };
  });
}

void Bus::publishHealth(const std::string& healthJson) {
  toAll(healthJson.size(),
        [&](uint64_t) { return [healthJson](Broadcaster& target) { target.applyHealth(healthJson); }; });
  plugin::Event event;
  event.delivery = plugin::Delivery::kLatest;
  event.latestKey = "health";
  event.kind = plugin::EventKind::kData;
  event.name = "health";
  event.dataJson = healthJson;
  publishFamily(std::move(event), session::kFamilyHealth, {});
}

bool Bus::isCongested() const {
  for (Broadcaster* target : broadcasters_)
    if (target->loop().isCongested()) return true;
  return false;
}

bool Bus::countRoom(const std::string& room, int delta) {
  std::lock_guard lock(roomsMutex_);
  auto it = rooms_.find(room);
  if (it == rooms_.end()) {
    if (delta <= 0) return true;
    if (rooms_.size() >= kMaxRooms) return false;
    it = rooms_.emplace(room, 0).first;
  }
  it->second += delta;
  if (it->second <= 0) rooms_.erase(it);
  return true;
}

std::vector<std::pair<std::string, int64_t>> Bus::rooms() const {
  std::lock_guard lock(roomsMutex_);
  return {rooms_.begin(), rooms_.end()};
}

}  // namespace gw::broadcast
