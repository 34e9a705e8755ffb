#include "net/peer_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <charconv>
#include <cstring>

namespace gw::net {

PeerAddress peerAddressOf(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "";
  PeerAddress peer;
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    peer.port = ntohs(v4.sin_port);
  } else if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    if (IN6_IS_ADDR_V4MAPPED(&v6.sin6_addr)) {
      inet_ntop(AF_INET, &v6.sin6_addr.s6_addr[12], text, sizeof text);
    } else {
      inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
    }
    peer.port = ntohs(v6.sin6_port);
  }
  peer.ip = text;
  return peer;
}

std::optional<PeerAddress> peerAddressFrom(std::string_view ip, uint16_t port) {
  char text[INET6_ADDRSTRLEN] = "";
  if (ip.size() >= sizeof text || ip.find('\0') != std::string_view::npos) return std::nullopt;
  std::memcpy(text, ip.data(), ip.size());
  sockaddr_storage address{};
  auto& v4 = reinterpret_cast<sockaddr_in&>(address);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(address);
  if (inet_pton(AF_INET, text, &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
  } else if (inet_pton(AF_INET6, text, &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
  } else {
    return std::nullopt;
  }
  return peerAddressOf(address);
}

std::optional<uint16_t> parsePort(std::string_view digits) {
  if (digits.empty() || digits.size() > 5 || (digits.size() > 1 && digits.front() == '0')) return std::nullopt;
  uint16_t port = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (parsed.ec != std::errc{} || parsed.ptr != digits.data() + digits.size()) return std::nullopt;
  return port;
}

bool isLoopback(const PeerAddress& peer) { return peer.ip.starts_with("127.") || peer.ip == "::1"; }

std::string PeerAddress::toString() const {
  const bool isV6 = ip.find(':') != std::string::npos;
  return (isV6 ? "[" + ip + "]" : ip) + ":" + std::to_string(port);
}

std::string PeerAddress::limitKey() const {
  in6_addr v6{};
  if (ip.find(':') == std::string::npos || inet_pton(AF_INET6, ip.c_str(), &v6) != 1) return ip;
  std::memset(&v6.s6_addr[8], 0, 8);
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(AF_INET6, &v6, text, sizeof text);
  return std::string(text) + "/64";
}

}  // namespace gw::net
