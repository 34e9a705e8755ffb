#pragma once
// Socket addresses as the host shows and counts them.

#include <sys/socket.h>

#include <optional>
#include <string_view>

#include "net/connection.h"

namespace gw::net {

/// IPv4-mapped IPv6 becomes IPv4; anything but IP gives an empty ip (a Unix socket in tests).
PeerAddress peerAddressOf(const sockaddr_storage& address);

/// The same form from text ("192.0.2.1", "2001:db8::1", without brackets or zone); nothing if it is no address.
std::optional<PeerAddress> peerAddressFrom(std::string_view ip, uint16_t port);

/// 0..65535 in decimal without leading zeros.
std::optional<uint16_t> parsePort(std::string_view digits);

/// 127.0.0.0/8 or ::1.
bool isLoopback(const PeerAddress& peer);

}  // namespace gw::net
