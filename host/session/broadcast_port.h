#pragma once
// BroadcastPort: what sessions ask of the broadcast side; one per loop, implemented in broadcast/.
// All calls on that loop.

#include <cstdint>
#include <string>

#include "base/ids.h"
#include "plugin/event.h"

namespace gw::session {

class Session;
class Attachment;

/// One user's presence after a change. devices 0: gone.
struct PresenceChange {
  std::string userId;
  std::string userName;
  std::string characterName;
  std::string devicesJson;  // array of {"id","client","channel"}
  uint32_t devices = 0;
};

class BroadcastPort {
 public:
  virtual ~BroadcastPort() = default;
  /// The session is Playing or Disconnected: it receives broadcasts, its rooms count.
  virtual void sessionJoined(Session& session) = 0;
  virtual void sessionLeft(Session& session) = 0;
  virtual void joinRoom(Session& session, const std::string& room) = 0;
  virtual void leaveRoom(Session& session, const std::string& room) = 0;
  /// A connection that gets events of families: an operator or node by its scopes, a player by its
  /// subscription. Joining again updates it.
  virtual void listenerJoined(Attachment& attachment) = 0;
  virtual void listenerLeft(Attachment& attachment) = 0;
  /// Coalesced per user and published to operators (operator.read) and subscribers.
  virtual void presenceChanged(PresenceChange change) = 0;
  /// Once every 30 s, from one loop: `tick` for those who subscribed to it.
  virtual void tick(int64_t nowUs) = 0;
  /// {"presence":{"count":N,"members":[≤100]},"health":{…},"stateVersion":N}; session null: an operator.
  virtual std::string snapshotJson(const Session* session) const = 0;
  virtual std::string roomsJson(const Session& session) const = 0;
};

}  // namespace gw::session
