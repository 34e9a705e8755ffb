#pragma once
// What may ask to be let in. Admission (session/rate_limit.h) meets each with other limits; net/ and
// channel/ only ask.

#include <functional>

namespace gw::net {

struct PeerAddress;

enum class Arrival {
  kSocket,   // a client's socket, or a stream through a proxy: every limit
  kStream,   // a stream on a client's connection that was let in as such: not its rate of new ones
  kProxy,    // a trusted proxy's connection, which carries many clients: no limit per address
  kRequest,  // one client's request on such a connection: bans, and its address's limits but for the rate
};

/// Any loop calls them.
struct AdmissionHooks {
  /// Null: let in. Else why not, static storage. Not set: everyone is let in.
  std::function<const char*(const PeerAddress&, Arrival)> admit;
  /// For each that was let in, once.
  std::function<void(const PeerAddress&, Arrival)> left;
};

}  // namespace gw::net
