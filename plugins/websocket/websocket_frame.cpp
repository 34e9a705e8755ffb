#include "websocket_frame.h"

#include <algorithm>
#include <cstring>

namespace gw::websocket {
namespace {

uint64_t bigEndian(std::string_view bytes) {
  uint64_t value = 0;
  for (const char byte : bytes) value = value << 8 | static_cast<uint8_t>(byte);
  return value;
}

HeaderParse invalid(const char*& error, const char* why) {
  error = why;
  return HeaderParse::kInvalid;
}

HeaderParse parseFirstByte(uint8_t byte, FrameHeader& out, const char*& error) {
  out.isFinal = (byte & 0x80) != 0;
  if ((byte & 0x70) != 0) return invalid(error, "reserved bits are set");
  const uint8_t opcode = byte & 0x0F;
  if ((opcode > 2 && opcode < 8) || opcode > 10) return invalid(error, "unknown opcode");
  out.opcode = static_cast<Opcode>(opcode);
  if (out.isControl() && !out.isFinal) return invalid(error, "fragmented control frame");
  return HeaderParse::kComplete;
}

}  // namespace

HeaderParse parseClientHeader(std::string_view bytes, FrameHeader& out, const char*& error) {
  if (bytes.empty()) return HeaderParse::kIncomplete;
  if (parseFirstByte(static_cast<uint8_t>(bytes[0]), out, error) == HeaderParse::kInvalid) return HeaderParse::kInvalid;
  if (bytes.size() < 2) return HeaderParse::kIncomplete;

  const auto second = static_cast<uint8_t>(bytes[1]);
  if ((second & 0x80) == 0) return invalid(error, "unmasked frame from a client");
  const uint8_t shortLength = second & 0x7F;
  if (out.isControl() && shortLength > kMaxControlPayload) return invalid(error, "control frame above 125 bytes");

  const size_t lengthBytes = shortLength == 127 ? 8 : shortLength == 126 ? 2 : 0;
  if (bytes.size() < 2 + lengthBytes) return HeaderParse::kIncomplete;
  out.payloadBytes = lengthBytes == 0 ? shortLength : bigEndian(bytes.substr(2, lengthBytes));
  if (lengthBytes == 2 && out.payloadBytes < 126) return invalid(error, "length is not in its shortest form");
  if (lengthBytes == 8 && out.payloadBytes <= 0xFFFF) return invalid(error, "length is not in its shortest form");
  if ((out.payloadBytes >> 63) != 0) return invalid(error, "length above 2^63");

  out.headerBytes = static_cast<uint8_t>(2 + lengthBytes + out.mask.size());
  if (bytes.size() < out.headerBytes) return HeaderParse::kIncomplete;
  std::memcpy(out.mask.data(), bytes.data() + 2 + lengthBytes, out.mask.size());
  return HeaderParse::kComplete;
}

void unmask(char* dst, const char* src, size_t count, const Mask& mask, size_t phase) {
  uint8_t pattern[8];
  for (size_t i = 0; i < sizeof pattern; ++i) pattern[i] = mask[(phase + i) % mask.size()];
  uint64_t wide;
  std::memcpy(&wide, pattern, sizeof wide);
  size_t at = 0;
  for (; count - at >= sizeof wide; at += sizeof wide) {
    uint64_t word;
    std::memcpy(&word, src + at, sizeof word);
    word ^= wide;
    std::memcpy(dst + at, &word, sizeof word);
  }
  for (; at < count; ++at) dst[at] = static_cast<char>(static_cast<uint8_t>(src[at]) ^ pattern[at % sizeof pattern]);
}

size_t writeServerHeader(char* out, Opcode opcode, uint64_t payloadBytes, bool isFinal) {
  out[0] = static_cast<char>((isFinal ? 0x80 : 0) | static_cast<uint8_t>(opcode));
  size_t lengthBytes = 0;
  if (payloadBytes <= 125) {
    out[1] = static_cast<char>(payloadBytes);
  } else {
    lengthBytes = payloadBytes <= 0xFFFF ? 2 : 8;
    out[1] = lengthBytes == 2 ? 126 : 127;
    for (size_t i = 0; i < lengthBytes; ++i) {
      out[2 + i] = static_cast<char>(payloadBytes >> (8 * (lengthBytes - 1 - i)) & 0xFF);
    }
  }
  return 2 + lengthBytes;
}

std::string serverFrame(Opcode opcode, std::string_view payload) {
  char header[kMaxServerHeader];
  const size_t headerBytes = writeServerHeader(header, opcode, payload.size());
  std::string frame;
  frame.reserve(headerBytes + payload.size());
  frame.append(header, headerBytes).append(payload);
  return frame;
}

std::string closeFrame(uint16_t code, std::string_view reason) {
  if (!isValidCloseCode(code)) return serverFrame(Opcode::kClose, {});
  size_t length = std::min(reason.size(), kMaxCloseReason);
  // A continuation byte at the cut means that the cut is inside a character.
  while (length > 0 && length < reason.size() && (static_cast<uint8_t>(reason[length]) & 0xC0) == 0x80) --length;
  std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)};
  payload.append(reason.substr(0, length));
  return serverFrame(Opcode::kClose, payload);
}

bool isValidCloseCode(uint16_t code) {
  // 1012..1014 are registered with IANA since the RFC; 3000..4999 belong to libraries and applications.
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) || (code >= 3000 && code <= 4999);
}

}  // namespace gw::websocket
