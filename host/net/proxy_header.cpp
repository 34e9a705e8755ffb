#include "net/proxy_header.h"

#include <netinet/in.h>

#include <cstring>

#include "net/peer_address.h"

namespace gw::net {

namespace {

constexpr std::string_view kSignature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::string_view kLineStart = "PROXY ";
constexpr size_t kFixedBytes = 16;  // signature, version and command, family and protocol, length
constexpr size_t kIpv4Bytes = 12;   // two addresses, two ports
constexpr size_t kIpv6Bytes = 36;
constexpr size_t kUnixBytes = 216;

enum Command : uint8_t { kLocal = 0x20, kProxy = 0x21 };  // with the version in the upper half
enum Family : uint8_t { kIpv4 = 1, kIpv6 = 2, kUnix = 3 };
enum Transport : uint8_t { kStream = 1, kDatagram = 2 };

/// Cuts off up to the next space; nothing if there is none.
std::optional<std::string_view> takeField(std::string_view& rest) {
  const size_t space = rest.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const std::string_view field = rest.substr(0, space);
  rest.remove_prefix(space + 1);
  return field;
}

bool isOfFamily(std::string_view ip, bool isIpv6) { return (ip.find(':') != std::string_view::npos) == isIpv6; }

size_t addressBytes(uint8_t family) {
  switch (family) {
    case kIpv4:
      return kIpv4Bytes;
    case kIpv6:
      return kIpv6Bytes;
    case kUnix:
      return kUnixBytes;
    default:
      return 0;
  }
}

PeerAddress ipv4Source(const char* addresses) {
  sockaddr_storage storage{};
  auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
  v4.sin_family = AF_INET;
  std::memcpy(&v4.sin_addr, addresses, 4);
  std::memcpy(&v4.sin_port, addresses + 8, 2);
  return peerAddressOf(storage);
}

PeerAddress ipv6Source(const char* addresses) {
  sockaddr_storage storage{};
  auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
  v6.sin6_family = AF_INET6;
  std::memcpy(&v6.sin6_addr, addresses, 16);
  std::memcpy(&v6.sin6_port, addresses + 32, 2);
  return peerAddressOf(storage);
}

}  // namespace

size_t ProxyHeaderParser::feed(std::string_view bytes) {
  size_t used = 0;
  while (state_ == State::kWantsMore && used < bytes.size()) {
    const char byte = bytes[used++];
    header_.push_back(byte);
    if (header_.front() == kLineStart.front()) {
      takeLineByte(byte);
    } else {
      takeBinaryByte(byte);
    }
  }
  return used;
}

void ProxyHeaderParser::fail(const char* error) {
  state_ = State::kFailed;
  error_ = error;
  source_.reset();
}

void ProxyHeaderParser::takeLineByte(char byte) {
  const size_t size = header_.size();
  if (size <= kLineStart.size()) {
    if (byte != kLineStart[size - 1]) fail("no PROXY protocol header");
    return;
  }
  const bool isAfterCr = header_[size - 2] == '\r';
  if (isAfterCr != (byte == '\n')) return fail("CR or LF alone in the PROXY line");
  if (isAfterCr) return parseLine();
  if (size == kMaxV1Bytes) return fail("the PROXY line is longer than 107 bytes");
}

// The line is complete: everything between its start and CR LF.
void ProxyHeaderParser::parseLine() {
  state_ = State::kComplete;
  std::string_view rest(header_);
  rest.remove_prefix(kLineStart.size());
  rest.remove_suffix(2);
  if (rest == "UNKNOWN" || rest.starts_with("UNKNOWN ")) return;
  const auto family = takeField(rest);
  const bool isIpv6 = family == "TCP6";
  if (!isIpv6 && family != "TCP4") return fail("neither TCP4 nor TCP6 nor UNKNOWN in the PROXY line");
  const auto source = takeField(rest);
  const auto destination = takeField(rest);
  const auto port = takeField(rest);
  if (!source || !destination || !port) return fail("fields are missing in the PROXY line");
  const auto sourcePort = parsePort(*port);
  if (!sourcePort || !parsePort(rest)) return fail("a bad port in the PROXY line");
  source_ = peerAddressFrom(*source, *sourcePort);
  const bool areAddresses = source_ && peerAddressFrom(*destination, 0);
  if (!areAddresses || !isOfFamily(*source, isIpv6) || !isOfFamily(*destination, isIpv6)) {
    fail("a bad address in the PROXY line");
  }
}

void ProxyHeaderParser::takeBinaryByte(char byte) {
  const size_t size = header_.size();
  if (size <= kSignature.size()) {
    if (byte != kSignature[size - 1]) fail("no PROXY protocol header");
    return;
  }
  if (size == kFixedBytes) judgeFixedPart();
  if (state_ == State::kWantsMore && size == v2Bytes_) parseAddresses();
}

void ProxyHeaderParser::judgeFixedPart() {
  const auto at = [this](size_t index) { return static_cast<uint8_t>(header_[index]); };
  v2Bytes_ = kFixedBytes + (size_t{at(14)} << 8 | at(15));
  if (v2Bytes_ > kMaxV2Bytes) return fail("the PROXY header is longer than 536 bytes");
  if (at(12) == kLocal) return;  // the family is ignored
  if (at(12) != kProxy) return fail("neither PROXY nor LOCAL of version 2");
  const uint8_t family = at(13) >> 4;
  const uint8_t transport = at(13) & 0x0f;
  if (family > kUnix || transport > kDatagram) return fail("an unknown address family or protocol");
  if (v2Bytes_ < kFixedBytes + addressBytes(family)) return fail("the addresses are cut short");
}

void ProxyHeaderParser::parseAddresses() {
  state_ = State::kComplete;
  const auto familyAndTransport = static_cast<uint8_t>(header_[13]);
  if (static_cast<uint8_t>(header_[12]) == kLocal) return;
  const char* addresses = header_.data() + kFixedBytes;
  if (familyAndTransport == (kIpv4 << 4 | kStream)) source_ = ipv4Source(addresses);
  if (familyAndTransport == (kIpv6 << 4 | kStream)) source_ = ipv6Source(addresses);
}

}  // namespace gw::net
