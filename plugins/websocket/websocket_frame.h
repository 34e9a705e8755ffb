#pragma once
// WebSocket frames (RFC 6455 §5): headers in, headers and close payloads out. No state.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace gw::websocket {

enum class Opcode : uint8_t { kContinuation = 0, kText = 1, kBinary = 2, kClose = 8, kPing = 9, kPong = 10 };

// Close codes of RFC 6455 §7.4.1 that this codec itself uses.
enum : uint16_t {
  kCloseNormal = 1000,
  kCloseProtocolError = 1002,
  kCloseUnsupported = 1003,
  kCloseNoStatus = 1005,  // never on the wire: a close frame without a code
  kCloseInvalidData = 1007,
  kClosePolicy = 1008,
  kCloseTooBig = 1009
};

constexpr size_t kMaxControlPayload = 125;
constexpr size_t kMaxCloseReason = kMaxControlPayload - 2;
constexpr size_t kMaxServerHeader = 10;  // unmasked

using Mask = std::array<uint8_t, 4>;

struct FrameHeader {
  bool isFinal = false;
  Opcode opcode = Opcode::kContinuation;
  uint64_t payloadBytes = 0;
  Mask mask{};
  uint8_t headerBytes = 0;

  bool isControl() const { return (static_cast<uint8_t>(opcode) & 0x8) != 0; }
};

enum class HeaderParse { kComplete, kIncomplete, kInvalid };

/// Parses a client's frame header: masked, no RSV bits, known opcode, control frames whole and ≤ 125
/// bytes, shortest length form. kInvalid as soon as the bytes at hand show it; error is then a short
/// static text. Out is written as far as it is known.
HeaderParse parseClientHeader(std::string_view bytes, FrameHeader& out, const char*& error);

/// dst[i] = src[i] ^ mask[(phase + i) % 4]; dst and src may be the same, otherwise must not overlap.
void unmask(char* dst, const char* src, size_t count, const Mask& mask, size_t phase);

/// Writes a server's (unmasked) header; returns its length, at most kMaxServerHeader.
size_t writeServerHeader(char* out, Opcode opcode, uint64_t payloadBytes, bool isFinal = true);
std::string serverFrame(Opcode opcode, std::string_view payload);

/// A close frame; the reason is cut to 123 bytes on a character boundary. Codes that must not be
/// sent (1005, 1006, 1015) give a frame without a code.
std::string closeFrame(uint16_t code, std::string_view reason);

/// Whether a peer may send this code (§7.4).
bool isValidCloseCode(uint16_t code);

}  // namespace gw::websocket
