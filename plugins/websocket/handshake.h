#pragma once
// The WebSocket opening handshake (RFC 6455 §4.2): what the request must say and what is answered.
// Pure functions; the host has parsed HTTP and checked Host and Origin before.

#include <string>
#include <string_view>
#include <vector>

namespace gw::websocket {

/// The subprotocols that this channel speaks.
enum class Subprotocol { kGatewayV1, kTerminal };
constexpr std::string_view kGatewayV1Name = "gateway.v1";
constexpr std::string_view kTerminalName = "terminal.mudstandards.org";
std::string_view nameOf(Subprotocol subprotocol);

/// The headers that matter. Lists may be spread over several headers of one name (RFC 9110 §5.3), so
/// those are joined with commas first.
struct UpgradeRequest {
  std::string upgrade, connection, version, key, subprotocols;
};

struct HandshakeAnswer {
  int status = 101;       // 101, or the refusal
  std::string message;    // of a refusal, for a person
  std::string acceptKey;  // Sec-WebSocket-Accept
  Subprotocol subprotocol = Subprotocol::kGatewayV1;
  bool isSubprotocolNamed = false;    // Sec-WebSocket-Protocol is answered
  bool isSubprotocolUnknown = false;  // refused because of the offer
};

/// Decides. Subprotocols: the first one known, in the client's order; none offered means gateway.v1;
/// only unknown ones are refused with 400, or taken as gateway.v1 without naming it if isLenient.
HandshakeAnswer answerHandshake(const UpgradeRequest& request, bool isLenient);

/// base64(SHA-1(key + GUID)), §4.2.2.
std::string acceptKeyFor(std::string_view key);
/// 16 bytes in base64, §4.1.
bool isValidKey(std::string_view key);
/// Whether a comma-separated list holds the token, in any case.
bool hasToken(std::string_view list, std::string_view token);
std::string base64(std::string_view bytes);

}  // namespace gw::websocket
