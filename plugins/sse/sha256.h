#pragma once
// SHA-256 (FIPS 180-4), to name the cookie of an attach token; no secret is compared with it here.

#include <array>
#include <cstdint>
#include <string_view>

namespace gw::sse {

std::array<uint8_t, 32> sha256(std::string_view message);

}  // namespace gw::sse
