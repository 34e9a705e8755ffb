#pragma once
// Bus: the one sequencer of broadcasts, rooms, presence and health. publish() takes the next
// stateVersion and appends to every loop's inbox under one short lock, so that all loops see one order.
//
// Thread: any. In-process today; a broker can stand behind the same interface later.

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "broadcast/filter.h"
#include "plugin/event.h"
#include "session/attachment.h"
#include "session/broadcast_port.h"

namespace gw::broadcast {

class Broadcaster;

class Bus {
 public:
  static constexpr size_t kMaxRooms = 10'000;

  /// Before the loops start.
  void connect(std::vector<Broadcaster*> broadcasters) { broadcasters_ = std::move(broadcasters); }

  /// Returns the event's stateVersion.
  uint64_t publish(plugin::Event event, Filter filter);
  /// An event of a family, for listeners only (presence, room, health, tick).
  uint64_t publishFamily(plugin::Event event, uint32_t family, const std::string& room);
  uint64_t publishPresence(const session::PresenceChange& change);
  void publishHealth(const std::string& healthJson);

  uint64_t stateVersion() const { return version_.load(std::memory_order_relaxed); }
  bool isCongested() const;

  // How many sessions are in a room, over all loops. False: too many rooms.
  bool countRoom(const std::string& room, int delta);
  std::vector<std::pair<std::string, int64_t>> rooms() const;

  std::atomic<int64_t> listeners{0};  // skip family events that nobody would get

 private:
  template <typename Make>
  uint64_t toAll(size_t bytes, Make&& make);

  std::mutex mutex_;
  std::atomic<uint64_t> version_{0};
  std::vector<Broadcaster*> broadcasters_;
  mutable std::mutex roomsMutex_;
  std::map<std::string, int64_t> rooms_;
};

}  // namespace gw::broadcast
