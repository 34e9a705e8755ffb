#pragma once
// SHA-1 (FIPS 180-4), for the handshake's accept key alone: RFC 6455 §4.2.2 asks for it as a checksum,
// not for secrecy.

#include <array>
#include <cstdint>
#include <string_view>

namespace gw::websocket {

std::array<uint8_t, 20> sha1(std::string_view message);

}  // namespace gw::websocket
