#include "support/ws_client.h"

#include <Poco/Base64Encoder.h>
#include <Poco/SHA1Engine.h>

#include <algorithm>
#include <cctype>
#include <random>
#include <sstream>

namespace gw::test {
namespace {

constexpr char kKey[] = "dGhlIHNhbXBsZSBub25jZQ==";

std::string acceptKey() {
  Poco::SHA1Engine sha;
  sha.update(std::string(kKey) + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
  std::ostringstream text;
  Poco::Base64Encoder encoder(text);
  for (const unsigned char byte : sha.digest()) encoder << static_cast<char>(byte);
  encoder.close();
  return text.str();
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

std::string field(const std::string& head, const std::string& name) {
  const size_t at = lower(head).find("\r\n" + name + ":");
  if (at == std::string::npos) return {};
  size_t from = at + name.size() + 3;
  while (head[from] == ' ') ++from;
  return head.substr(from, head.find("\r\n", from) - from);
}

}  // namespace

uint16_t WsFrame::closeCode() const {
  if (payload.size() < 2) return 1005;
  return static_cast<uint16_t>(static_cast<unsigned char>(payload[0]) << 8 | static_cast<unsigned char>(payload[1]));
}

std::string wsHandshake(uint16_t port, const WsOptions& options) {
  std::string text =
      "GET " + options.path +
      " HTTP/1.1\r\nHost: " + (options.host.empty() ? "127.0.0.1:" + std::to_string(port) : options.host) +
      "\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: " + kKey +
      "\r\n";
  if (!options.subprotocol.empty()) text += "Sec-WebSocket-Protocol: " + options.subprotocol + "\r\n";
  if (!options.origin.empty()) text += "Origin: " + options.origin + "\r\n";
  for (const std::string& header : options.headers) text += header + "\r\n";
  return text + "\r\n";
}

WsClient::WsClient(uint16_t port, const WsOptions& options) : socket_(port, options.source, options.receiveBuffer) {
  socket_.send(wsHandshake(port, options));
  const Deadline deadline(kPatience);
  size_t end = 0;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (!socket_.receive(buffer_, deadline)) throw std::runtime_error("closed during the handshake: " + buffer_);
  }
  const std::string head = buffer_.substr(0, end + 2);
  buffer_.erase(0, end + 4);
  if (head.rfind("HTTP/1.1 101 ", 0) != 0) throw std::runtime_error("handshake refused: " + head);
  if (field(head, "sec-websocket-accept") != acceptKey()) throw std::runtime_error("wrong accept key: " + head);
  subprotocol_ = field(head, "sec-websocket-protocol");
}

void WsClient::sendFrame(int opcode, std::string_view payload, bool fin, bool masked, int rsv) const {
  std::string bytes;
  bytes.push_back(static_cast<char>((fin ? 0x80 : 0) | rsv << 4 | opcode));
  const auto mask = static_cast<char>(masked ? 0x80 : 0);
  if (payload.size() < 126) {
    bytes.push_back(static_cast<char>(mask | static_cast<char>(payload.size())));
  } else if (payload.size() < 65536) {
    bytes.push_back(static_cast<char>(mask | 126));
    for (int shift = 8; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(payload.size() >> shift));
  } else {
    bytes.push_back(static_cast<char>(mask | 127));
    for (int shift = 56; shift >= 0; shift -= 8) bytes.push_back(static_cast<char>(payload.size() >> shift));
  }
  constexpr char kMask[] = {0x12, 0x34, 0x56, 0x78};
  if (masked) bytes.append(kMask, 4);
  for (size_t i = 0; i < payload.size(); ++i)
    bytes.push_back(masked ? static_cast<char>(payload[i] ^ kMask[i % 4]) : payload[i]);
  socket_.send(bytes);
}

std::optional<WsFrame> WsClient::parse() {
  if (buffer_.size() < 2) return std::nullopt;
  const auto byte = [&](size_t i) { return static_cast<uint64_t>(static_cast<unsigned char>(buffer_[i])); };
  if (byte(1) & 0x80) throw std::runtime_error("the gateway masked a frame");
  uint64_t length = byte(1) & 0x7f;
  size_t head = 2;
  if (length >= 126) {
    const size_t digits = length == 126 ? 2 : 8;
    if (buffer_.size() < 2 + digits) return std::nullopt;
    length = 0;
    for (size_t i = 0; i < digits; ++i) length = length << 8 | byte(2 + i);
    head += digits;
  }
  if (buffer_.size() < head + length) return std::nullopt;
  WsFrame frame;
  frame.fin = (byte(0) & 0x80) != 0;
  frame.rsv = static_cast<int>(byte(0) >> 4 & 7);
  frame.opcode = static_cast<int>(byte(0) & 15);
  frame.payload = buffer_.substr(head, length);
  buffer_.erase(0, head + length);
  return frame;
}

std::optional<WsFrame> WsClient::receive(Ms limit) {
  const Deadline deadline(limit);
  for (;;) {
    if (auto frame = parse()) return frame;
    if (!socket_.receive(buffer_, deadline)) return parse();
  }
}

std::optional<WsFrame> WsClient::receiveNow() {
  if (auto frame = parse()) return frame;
  hasEnded_ = !socket_.receiveNow(buffer_);
  return parse();
}

uint16_t WsClient::readToClose(Ms limit) {
  const Deadline deadline(limit);
  for (;;) {
    const auto frame = receive(Ms(deadline.leftMs()));
    if (!frame) return 1006;
    if (frame->opcode == 8) return frame->closeCode();
  }
}

}  // namespace gw::test
