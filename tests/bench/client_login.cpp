// Client: from an open socket to Playing, on each channel.

#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "client.h"

namespace gw::bench {
namespace {

std::string upgradeRequest(std::string_view subprotocol) {
  return "GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
         "Sec-WebSocket-Protocol: " +
         std::string(subprotocol) + "\r\n\r\n";
}

std::string connectRequest(uint32_t number) {
  return requestFrame("1", "connect",
                      "{\"protocol\":{\"min\":1,\"max\":1},\"auth\":{\"guest\":true},"
                      "\"client\":{\"id\":\"bench\",\"version\":\"1\"},\"device\":{\"id\":\"d" +
                          std::to_string(number) + "\"}}");
}

/// Without escape sequences of the form that colours have.
std::string withoutColors(std::string_view text) {
  std::string plain;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\x1b')
      at = std::min(text.find('m', at), text.size());
    else
      plain += text[at];
  }
  return plain;
}

}  // namespace

// A fresh socket's buffer takes what a client's side of the handshake sends; only the server is waited for.
void Client::startTls() {
  if (!tls_) tls_ = std::make_unique<TlsLayer>(*target_.tls, fd_);
  state_ = State::kHandshake;
  const TlsLayer::Handshake handshake = tls_->handshake();
  if (handshake == TlsLayer::Handshake::kFailed) return end("TLS handshake: " + TlsLayer::lastError());
  if (handshake == TlsLayer::Handshake::kDone) return onConnected();
  watch();
}

void Client::onConnected() {
  if (state_ == State::kLogin) {  // SSE: the stream's own connection
    state_ = State::kSecondSocket;
    send("GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\nAuthorization: Bearer " +
         accessToken_ + "\r\n\r\n");
  } else if (wire_ == Wire::kWebSocket || wire_ == Wire::kTerminal) {
    state_ = State::kUpgrading;
    send(upgradeRequest(wire_ == Wire::kTerminal ? "terminal.mudstandards.org" : "gateway.v1"));
  } else if (wire_ == Wire::kSse) {
    state_ = State::kLogin;
    const std::string body = connectRequest(number);
    send(
        "POST /rpc HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nConnection: close\r\n"
        "Content-Length: " +
        std::to_string(body.size()) + "\r\n\r\n" + body);
  } else {
    state_ = State::kLogin;
    send("guest\r\n\r\n");  // the empty line takes the suggested character's name
  }
  watch();
}

size_t Client::login(std::string_view bytes) {
  if (isTelnet(wire_)) {
    // The prompt has no line end: "Welcome" comes as a line, with the session playing.
    const size_t end = bytes.find('\n');
    if (end == std::string_view::npos) return 0;
    loginLine(bytes.substr(0, end));
    return end + 1;
  }
  if (state_ != State::kLogin || wire_ == Wire::kSse) return loginHttp(bytes);
  Unit unit;
  bool isBad = false;
  if (!nextUnit(wire_, bytes, unit, isBad)) return 0;
  if (wire_ == Wire::kTerminal) {
    if (unit.opcode == 2) takeLines(unit.payload);
    return unit.wireBytes;
  }
  if (unit.payload.find("\"type\":\"res\"") != std::string_view::npos) {
    if (unit.payload.find("\"ok\":true") == std::string_view::npos) {
      end("login refused: " + std::string(unit.payload.substr(0, 200)));
      return 0;
    }
    learn(unit.payload);
    play();
  }
  return unit.wireBytes;
}

size_t Client::loginHttp(std::string_view bytes) {
  const size_t headEnd = bytes.find("\r\n\r\n");
  if (headEnd == std::string_view::npos) return 0;
  const bool isGood = bytes.starts_with("HTTP/1.1 101") || bytes.starts_with("HTTP/1.1 200");
  if (!isGood) {
    end("HTTP: " + std::string(bytes.substr(0, 200)));
    return 0;
  }
  if (state_ == State::kUpgrading) {
    state_ = State::kLogin;
    send(wire_ == Wire::kTerminal ? clientFrame(2, "guest\n\n") : clientFrame(1, connectRequest(number)));
    return headEnd + 4;
  }
  if (state_ == State::kSecondSocket) {
    play();
    return headEnd + 4;
  }
  // SSE: the answer to /rpc, whole when its token and the end of its JSON are there.
  if (bytes.back() != '}' || bytes.find("\"policy\"") == std::string_view::npos) return 0;
  learn(bytes.substr(headEnd + 4));
  if (accessToken_.empty()) {
    end("no access token");
    return 0;
  }
  ::close(fd_);
  openSocket(target_.httpPort);
  return bytes.size();
}

void Client::loginLine(std::string_view line) {
  // Two welcomes: one at the login, one by the lobby to whoever plays: "Welcome, Guest-7k3f! Type help ...".
  const size_t rest = line.find("! Type help for the commands");
  if (rest == std::string_view::npos) return;
  const std::string plain = withoutColors(line.substr(0, rest));
  name_ = plain.substr(plain.rfind(' ') + 1);
  play();
}

void Client::learn(std::string_view helloOk) {
  const std::string_view session = helloOk.substr(std::min(helloOk.find("\"session\":"), helloOk.size()));
  const std::string_view epoch = findMember(session, "epoch");
  std::from_chars(epoch.data(), epoch.data() + epoch.size(), epoch_);
  accessToken_ = findMember(session, "accessToken");
  const size_t character = session.find("\"character\":");
  if (character != std::string_view::npos) name_ = findMember(session.substr(character), "name");
}

}  // namespace gw::bench
