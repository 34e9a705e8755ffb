#pragma once
// LinkOptions: the few values that the backend link needs; LinkFigures: what it reports.

#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"

namespace gw::link {

struct LinkOptions {
  std::string name = "world";  // of the backend that this gateway waits for
  std::string socketPath;      // a Unix socket; empty: none
  bool hasTcp = true;
  std::string host = "127.0.0.1";
  uint16_t port = 18780;
  std::string gatewayId;
  std::string version;
  uint64_t heartbeatMs = 30'000;
  uint64_t callTimeoutMs = 30'000;
  uint64_t authenticateMs = 5'000;
  uint64_t writeStallMs = 30'000;
  size_t maxQueued = 1'000;  // frames that wait for one connection, until commands stay with their sessions
  size_t maxQueuedBytes = 32u << 20;
  size_t maxConnections = 8;
  size_t maxUnauthenticated = 8;
};

inline constexpr size_t kMaxMessageBytes = 64 * 1024;

/// What a token allows.
struct LinkGrant {
  bool mayBroadcast = false;
  bool mayUseRawTerminal = false;  // bytes that go to terminals as they are
};

/// Whether the token is that backend's. address: the peer's ip; empty for a Unix socket. Any link thread; may block on
/// the store. Fails kUnauthorized, kRateLimited, kUnavailable.
using TokenCheck =
    std::function<Result<LinkGrant>(const std::string& name, const std::string& token, const std::string& address)>;

/// connecting: none has come since the start. degraded: it answers late, or frames wait beyond the bound.
enum class LinkState : uint8_t { kConnecting, kConnected, kDegraded, kFailed };
const char* toString(LinkState state);

/// Upper bounds of the buckets of answered calls, in ms; the last bucket has none.
inline constexpr std::array<uint32_t, 9> kLatencyBoundsMs{1, 2, 5, 10, 25, 100, 500, 2'000, 10'000};

struct ConnectionFigures {
  std::string id;
  std::string instance;
  std::string client;   // name and version, as it says
  std::string address;  // empty: the Unix socket
  int64_t connectedAtUs = 0;
  bool isDraining = false;
  uint64_t sessions = 0;
  uint64_t queuedFrames = 0;
  uint64_t queuedBytes = 0;
  uint64_t calls = 0;  // under way
  uint64_t framesIn = 0;
  uint64_t framesOut = 0;
  uint64_t bytesIn = 0;
  uint64_t bytesOut = 0;
  uint64_t pauses = 0;  // reading waited for the gateway's loops
};

struct LinkFigures {
  LinkState state = LinkState::kConnecting;
  int64_t sinceUs = 0;
  std::string why;  // of the last failure
  uint64_t connects = 0;
  uint64_t disconnects = 0;
  uint64_t refusedConnects = 0;
  uint64_t sessions = 0;
  uint64_t waitingSessions = 0;  // no connection serves them
  uint64_t commands = 0;         // given
  uint64_t commandsHeld = 0;     // stayed with their sessions for a full queue
  uint64_t calls = 0;
  uint64_t callsFailed = 0;
  uint64_t callsTimedOut = 0;
  uint64_t callsLost = 0;  // their connection ended first
  uint64_t lateAnswers = 0;
  uint64_t outputs = 0;  // counted frames that were acknowledged; those that came again were, too
  uint64_t conflicts = 0;
  uint64_t refusedFrames = 0;  // malformed, foreign, not allowed
  std::array<uint64_t, kLatencyBoundsMs.size() + 1> latency{};
  uint64_t answeredMs = 0;  // how long all of these took together
  std::vector<ConnectionFigures> connections;
};

}  // namespace gw::link
