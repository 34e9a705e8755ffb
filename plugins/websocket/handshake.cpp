#include "handshake.h"

#include <algorithm>

#include "sha1.h"

namespace gw::websocket {
namespace {

constexpr std::string_view kBase64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool equalsIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

// Calls visit with each element until it returns true; empty elements are skipped (RFC 9110 §5.6.1).
template <class Visit>
bool anyElement(std::string_view list, Visit&& visit) {
  while (!list.empty()) {
    const size_t comma = std::min(list.find(','), list.size());
    const std::string_view element = trimmed(list.substr(0, comma));
    if (!element.empty() && visit(element)) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

HandshakeAnswer refuse(int status, std::string message) {
  HandshakeAnswer answer;
  answer.status = status;
  answer.message = std::move(message);
  return answer;
}

bool chooseSubprotocol(std::string_view offered, bool isLenient, HandshakeAnswer& answer) {
  bool isAnyOffered = false;
  answer.isSubprotocolNamed = anyElement(offered, [&](std::string_view name) {
    isAnyOffered = true;
    // Compared exactly, as browsers compare the answer with what the page asked for.
    for (const Subprotocol known : {Subprotocol::kGatewayV1, Subprotocol::kTerminal}) {
      if (name != nameOf(known)) continue;
      answer.subprotocol = known;
      return true;
    }
    return false;
  });
  return answer.isSubprotocolNamed || !isAnyOffered || isLenient;
}

}  // namespace

std::string_view nameOf(Subprotocol subprotocol) {
  return subprotocol == Subprotocol::kTerminal ? kTerminalName : kGatewayV1Name;
}

std::string base64(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t at = 0; at < bytes.size(); at += 3) {
    const size_t count = std::min<size_t>(3, bytes.size() - at);
    uint32_t group = 0;
    for (size_t i = 0; i < 3; ++i) group = group << 8 | (i < count ? static_cast<uint8_t>(bytes[at + i]) : 0u);
    for (size_t i = 0; i < 4; ++i) out.push_back(i <= count ? kBase64[group >> (18 - 6 * i) & 63] : '=');
  }
  return out;
}

std::string acceptKeyFor(std::string_view key) {
  std::string text(key);
  text.append("258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
  const auto digest = sha1(text);
  return base64({reinterpret_cast<const char*>(digest.data()), digest.size()});
}

bool isValidKey(std::string_view key) {
  // 16 bytes are 22 characters, the last of which carries two bits only, and two fillers.
  if (key.size() != 24 || !key.ends_with("==")) return false;
  if (key.substr(0, 22).find_first_not_of(kBase64) != std::string_view::npos) return false;
  return kBase64.find(key[21]) % 16 == 0;
}

bool hasToken(std::string_view list, std::string_view token) {
  return anyElement(list, [&](std::string_view element) { return equalsIgnoringCase(element, token); });
}

HandshakeAnswer answerHandshake(const UpgradeRequest& request, bool isLenient) {
  if (!hasToken(request.upgrade, "websocket") || !hasToken(request.connection, "upgrade")) {
    return refuse(426, "This address speaks WebSocket: the request must ask for an upgrade.");
  }
  if (trimmed(request.version) != "13") return refuse(426, "Only version 13 of the WebSocket protocol is spoken here.");
  const std::string_view key = trimmed(request.key);
  if (!isValidKey(key)) return refuse(400, "Sec-WebSocket-Key must be 16 bytes in base64.");

  HandshakeAnswer answer;
  if (!chooseSubprotocol(request.subprotocols, isLenient, answer)) {
    HandshakeAnswer refusal = refuse(400, "None of the offered subprotocols is spoken here.");
    refusal.isSubprotocolUnknown = true;
    return refusal;
  }
  answer.acceptKey = acceptKeyFor(key);
  return answer;
}

}  // namespace gw::websocket
