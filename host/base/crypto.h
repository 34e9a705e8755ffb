#pragma once
// Small cryptographic building blocks over OpenSSL. Thread-safe.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gw {

/// n bytes from the CSPRNG; aborts if the system has none.
std::string randomBytes(size_t n);

/// n characters of [A-Za-z0-9_-] (6 bits each) from the CSPRNG; never '-' first, so that it can be an
/// argument of a command.
std::string randomToken(size_t n);

std::array<uint8_t, 32> sha256(std::string_view bytes);
std::string sha256Hex(std::string_view bytes);

std::string base64urlEncode(std::string_view bytes);  // no padding
std::optional<std::string> base64urlDecode(std::string_view text);
std::string base64Encode(std::string_view bytes);
std::optional<std::string> base64Decode(std::string_view text);  // RFC 4648 §4, padded
std::string hexEncode(std::string_view bytes);

/// Compares in time that depends on the lengths only.
bool constantTimeEqual(std::string_view a, std::string_view b);

}  // namespace gw
