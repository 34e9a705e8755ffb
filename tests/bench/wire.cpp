#include "wire.h"

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstring>

namespace gw::bench {
namespace {

constexpr char kMask[4] = {0x11, 0x22, 0x33, 0x44};

uint8_t byteAt(std::string_view bytes, size_t at) { return static_cast<uint8_t>(bytes[at]); }

// Header bytes and payload length of a frame (RFC 6455 §5.2); false: the header is not whole.
bool frameHeader(std::string_view bytes, size_t& headerBytes, uint64_t& length) {
  if (bytes.size() < 2) return false;
  const uint8_t second = byteAt(bytes, 1);
  const size_t lengthBytes = (second & 0x7F) == 126 ? 2 : (second & 0x7F) == 127 ? 8 : 0;
  headerBytes = 2 + lengthBytes + ((second & 0x80) ? 4 : 0);
  if (bytes.size() < headerBytes) return false;
  length = second & 0x7F;
  if (lengthBytes == 0) return true;
  length = 0;
  for (size_t i = 0; i < lengthBytes; ++i) length = length << 8 | byteAt(bytes, 2 + i);
  return true;
}

void appendHeader(std::string& out, uint8_t opcode, size_t length, uint8_t maskBit) {
  out.push_back(static_cast<char>(0x80 | opcode));
  const int lengthBytes = length < 126 ? 0 : length < 65536 ? 2 : 8;
  out.push_back(static_cast<char>(maskBit | (lengthBytes == 0 ? length : lengthBytes == 2 ? 126 : 127)));
  for (int i = lengthBytes - 1; i >= 0; --i) out.push_back(static_cast<char>(length >> (8 * i) & 0xFF));
}

bool nextFrame(std::string_view bytes, Unit& unit, bool& isBad) {
  size_t headerBytes = 0;
  uint64_t length = 0;
  if (!frameHeader(bytes, headerBytes, length)) return false;
  isBad = (byteAt(bytes, 1) & 0x80) != 0 || length > (64u << 20);  // servers never mask
  if (isBad || bytes.size() - headerBytes < length) return false;
  unit.opcode = byteAt(bytes, 0) & 0x0F;
  unit.payload = bytes.substr(headerBytes, length);
  unit.wireBytes = headerBytes + length;
  return true;
}

/// What follows the first of these two bytes; empty if there is none.
std::string_view after(const char* start, std::string_view payload) {
  const void* found = memmem(payload.data(), payload.size(), start, 2);
  if (!found) return {};
  return payload.substr(static_cast<size_t>(static_cast<const char*>(found) - payload.data()) + 2);
}

/// The eight digits at the start of text.
bool takeHex(std::string_view text, uint32_t& number) {
  if (text.size() < 8) return false;
  const auto [end, error] = std::from_chars(text.data(), text.data() + 8, number, 16);
  return error == std::errc{} && end == text.data() + 8;
}

bool nextUntil(std::string_view bytes, std::string_view end, Unit& unit) {
  const void* found = memmem(bytes.data(), bytes.size(), end.data(), end.size());
  if (!found) return false;
  const size_t size = static_cast<size_t>(static_cast<const char*>(found) - bytes.data());
  unit.opcode = 1;
  unit.payload = bytes.substr(0, size);
  unit.wireBytes = size + end.size();
  return true;
}

}  // namespace

const char* nameOf(Wire wire) {
  constexpr const char* kNames[kWires] = {"websocket", "sse", "telnet", "telnet-tls", "terminal"};
  return kNames[static_cast<size_t>(wire)];
}

bool nextUnit(Wire wire, std::string_view bytes, Unit& unit, bool& isBad) {
  isBad = false;
  switch (wire) {
    case Wire::kWebSocket:
    case Wire::kTerminal:
      return nextFrame(bytes, unit, isBad);
    case Wire::kSse:
      return nextUntil(bytes, "\n\n", unit);
    case Wire::kTelnet:
    case Wire::kTelnetTls:
      return nextLine(bytes, unit);
  }
  return false;
}

bool nextLine(std::string_view bytes, Unit& unit) { return nextUntil(bytes, "\n", unit); }

std::string marker(uint32_t id) {
  char text[kMarkerBytes + 1];
  std::snprintf(text, sizeof text, "~B%08x", id);
  return text;
}

uint32_t findMarker(std::string_view payload) {
  const std::string_view digits = after("~B", payload);
  uint32_t id = 0;
  return takeHex(digits, id) ? id : 0;
}

std::string markerOf(Numbered message) {
  char text[2 + 16 + 1];
  std::snprintf(text, sizeof text, "~C%08x%08x", message.sender, message.number);
  return text;
}

Numbered findNumbered(std::string_view payload) {
  const std::string_view digits = after("~C", payload);
  Numbered found;
  if (!takeHex(digits, found.sender) || !takeHex(digits.substr(8), found.number)) return {};
  return found;
}

uint64_t findSeq(Wire wire, std::string_view payload) {
  const std::string_view start = payload.substr(0, 64);
  size_t at = std::string_view::npos;
  if (wire == Wire::kWebSocket && (at = start.find("\"seq\":")) != std::string_view::npos) at += 6;
  if (wire == Wire::kSse && start.starts_with("id: ") && (at = start.find('.')) != std::string_view::npos) at += 1;
  uint64_t seq = 0;
  if (at != std::string_view::npos) std::from_chars(payload.data() + at, payload.data() + payload.size(), seq);
  return seq;
}

std::string_view findMember(std::string_view json, std::string_view name) {
  std::string key = "\"";
  key.append(name).append("\":");
  const size_t found = json.find(key);
  if (found == std::string_view::npos) return {};
  const std::string_view rest = json.substr(found + key.size());
  if (rest.starts_with('"')) return rest.substr(1, std::min(rest.find('"', 1), rest.size()) - 1);
  return rest.substr(0, std::min(rest.find_first_of(",}]"), rest.size()));
}

std::string clientFrame(uint8_t opcode, std::string_view payload) {
  std::string out;
  out.reserve(payload.size() + 14);
  appendHeader(out, opcode, payload.size(), 0x80);
  out.append(kMask, sizeof kMask);
  for (size_t i = 0; i < payload.size(); ++i) out.push_back(static_cast<char>(payload[i] ^ kMask[i % 4]));
  return out;
}

std::string requestFrame(std::string_view id, std::string_view method, std::string_view paramsJson) {
  std::string json = "{\"type\":\"req\",\"id\":\"";
  json.append(id).append("\",\"method\":\"").append(method).append("\",\"params\":").append(paramsJson).append("}");
  return json;
}

std::string serverFrame(uint8_t opcode, std::string_view payload) {
  std::string out;
  appendHeader(out, opcode, payload.size(), 0);
  return out.append(payload);
}

size_t takeClientFrame(std::string_view bytes, uint8_t& opcode, std::string& payload) {
  size_t headerBytes = 0;
  uint64_t length = 0;
  if (!frameHeader(bytes, headerBytes, length) || bytes.size() - headerBytes < length) return 0;
  opcode = byteAt(bytes, 0) & 0x0F;
  payload.assign(bytes.substr(headerBytes, length));
  if (byteAt(bytes, 1) & 0x80) {
    const std::string_view mask = bytes.substr(headerBytes - 4, 4);
    for (size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<char>(payload[i] ^ mask[i % 4]);
  }
  return headerBytes + length;
}

}  // namespace gw::bench
