#pragma once
// What the load generator reads and writes, without sockets: units (WebSocket frames, SSE events, telnet
// lines) out of a byte stream, and the few client frames it sends. No allocation per unit.
//
// It reads as little of a unit as counting needs: the payload's marker ("~B" and eight hex digits, or "~C" and
// sixteen), and the seq.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace gw::bench {

/// kTerminal: the WebSocket subprotocol of plain text; its frames have nothing to do with lines.
enum class Wire : uint8_t { kWebSocket, kSse, kTelnet, kTelnetTls, kTerminal };

constexpr size_t kWires = 5;
const char* nameOf(Wire wire);

constexpr bool isTelnet(Wire wire) { return wire == Wire::kTelnet || wire == Wire::kTelnetTls; }

struct Unit {
  std::string_view payload;  // without framing; a view into the bytes that were given
  uint8_t opcode = 1;        // WebSocket only: 1 text, 2 binary, 8 close, 9 ping
  size_t wireBytes = 0;
};

/// Takes the first whole unit of bytes. False: not enough bytes yet, or isBad says that they are no unit.
bool nextUnit(Wire wire, std::string_view bytes, Unit& unit, bool& isBad);
/// A line of text, with its end. False: there is no end yet.
bool nextLine(std::string_view bytes, Unit& unit);

constexpr size_t kMarkerBytes = 10;
/// "~B0000001f": what a benchmark message is recognised by.
std::string marker(uint32_t id);
/// The id of the unit's marker; 0 if it has none.
uint32_t findMarker(std::string_view payload);
/// "~C0000002a0000001f": the number of a message and of who sent it.
struct Numbered {
  uint32_t sender = 0;
  uint32_t number = 0;
};
std::string markerOf(Numbered message);
/// A number of 0: it has none.
Numbered findNumbered(std::string_view payload);
/// The unit's seq: `"seq":17` near the start of an event frame, `id: 1.17` of an SSE event; 0 without one.
uint64_t findSeq(Wire wire, std::string_view payload);
/// The value of a string or number member, found by its first `"name":`; empty if there is none. Escapes stay.
std::string_view findMember(std::string_view json, std::string_view name);

/// A client's text or control frame, masked with a fixed key.
std::string clientFrame(uint8_t opcode, std::string_view payload);
std::string requestFrame(std::string_view id, std::string_view method, std::string_view paramsJson);
/// A server's frame (the ceiling sends them).
std::string serverFrame(uint8_t opcode, std::string_view payload);

/// One masked client frame at the start of bytes, unmasked into payload. 0: not whole yet.
size_t takeClientFrame(std::string_view bytes, uint8_t& opcode, std::string& payload);

}  // namespace gw::bench
