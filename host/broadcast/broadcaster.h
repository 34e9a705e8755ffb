#pragma once
// Broadcaster: one loop's part of the Bus: who is here, in which rooms, who listens; and the fan-out.
//
// Thread: its loop. Sessions are filtered, connected or not: a Disconnected one's log gets its `must`
// events too.

#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "broadcast/filter.h"
#include "net/event_loop.h"
#include "plugin/loop_event.h"
#include "session/broadcast_port.h"

namespace gw::broadcast {

class Bus;

class Broadcaster final : public session::BroadcastPort {
 public:
  Broadcaster(Bus& bus, net::EventLoop& loop);

  net::EventLoop& loop() { return loop_; }

  // From the Bus, in its order
  void deliver(const plugin::EventPtr& event, const Filter& filter);
  void deliverFamily(const plugin::EventPtr& event, uint32_t family, const std::string& room);
  void applyPresence(const session::PresenceChange& change, uint64_t version);
  void applyHealth(std::string healthJson);

  // BroadcastPort
  void sessionJoined(session::Session& session) override;
  void sessionLeft(session::Session& session) override;
  void joinRoom(session::Session& session, const std::string& room) override;
  void leaveRoom(session::Session& session, const std::string& room) override;
  void listenerJoined(session::Attachment& attachment) override;
  void listenerLeft(session::Attachment& attachment) override;
  void presenceChanged(session::PresenceChange change) override;
  void tick(int64_t nowUs) override;
  std::string snapshotJson(const session::Session* session) const override;
  std::string roomsJson(const session::Session& session) const override;

 private:
  static constexpr size_t kMaxRoomsPerSession = 32;
  static constexpr size_t kMaxMembersShown = 100;
  struct Snapshot {
    uint64_t madeNs = 0;
    std::string json;
  };
  void removeFromRoom(session::Session& session, const std::string& room);
  void roomChanged(const session::Session& session, const std::string& room, bool joined);
  void flushPresence();

  Bus& bus_;
  net::EventLoop& loop_;
  std::vector<session::Session*> playing_;
  std::unordered_map<std::string, std::vector<session::Session*>> rooms_;
  std::vector<session::Attachment*> listeners_;
  std::unordered_set<std::string> users_;                                     // ids; replica of all loops' users
  std::unordered_map<std::string, session::PresenceChange> pendingPresence_;  // this turn's, by user
  std::string healthJson_ = "{\"status\":\"unknown\"}";
  uint64_t version_ = 0;                                         // of the last Bus message applied here
  mutable std::unordered_map<std::string, Snapshot> snapshots_;  // by room, at most a second old
};

}  // namespace gw::broadcast
