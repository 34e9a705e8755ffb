#pragma once
// Attachment: what the session side keeps with a stream, from its opening to its end.
// Thread: the stream's loop. Owned by the stream.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "plugin/input_port.h"
#include "session/event_log.h"
#include "session/rate_limit.h"

namespace gw::plugin {
class Stream;
}

namespace gw::session {

class Session;
class LoginFlow;

enum class Role : uint8_t { kPlayer, kOperator, kNode };

/// Event families a client may subscribe to (events.subscribe).
enum Family : uint32_t { kFamilyPresence = 1, kFamilyRoom = 2, kFamilyHealth = 4, kFamilyTick = 8 };

class Attachment final : public plugin::StreamContext {
 public:
  explicit Attachment(plugin::Stream& owner);
  ~Attachment() override;

  std::string connectionId() const;  // "c" + the stream's number, as on the wire

  plugin::Stream& stream;
  Session* session = nullptr;  // null before hello, and for operators
  uint32_t lineage = 0;
  Role role = Role::kPlayer;
  bool introduced = false;     // hello or connect was accepted
  bool authenticated = false;  // counted as such by admission
  bool latestMissed = false;   // a latest value was dropped while slow: send all again when writable
  bool repromptDue = false;
  uint32_t caps = 0;
  uint32_t width = 0;
  uint32_t height = 0;
  uint32_t families = 0;
  std::vector<std::string> scopes;
  std::string device;
  std::string client;  // name and version, for operators
  std::string gameSession;
  uint64_t lastSeenNs = 0;
  TokenBucket commands;
  TokenBucket units;
  std::unique_ptr<LoginFlow> login;  // terminals, until Playing
};

/// A stream-to-be that an HTTP request has bound to a session.
struct PendingBinding final : plugin::StreamContext {
  SessionId session;
  uint32_t lineage = 0;
  std::string device;
  Position from;
};

}  // namespace gw::session
