#pragma once
// Socket addresses as the host shows and counts them.

#include <sys/socket.h>

#include "net/connection.h"

namespace gw::net {

/// IPv4-mapped IPv6 becomes IPv4; anything but IP gives an empty ip (a Unix socket in tests).
PeerAddress peerAddressOf(const sockaddr_storage& address);

}  // namespace gw::net
