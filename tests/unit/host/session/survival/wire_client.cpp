#include "unit/host/session/survival/wire_client.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

namespace gw::test {
namespace {

constexpr std::string_view kMask = "\x11\x22\x33\x44";

void appendBigEndian(std::string& out, uint64_t number, int bytes) {
  for (int i = bytes - 1; i >= 0; --i) out.push_back(static_cast<char>(number >> (8 * i)));
}

/// Length of a frame's header, and its payload's; nothing if it is not whole yet.
std::optional<std::pair<size_t, size_t>> frameAt(std::string_view bytes) {
  if (bytes.size() < 2) return std::nullopt;
  const size_t shortLength = static_cast<uint8_t>(bytes[1]) & 0x7F;
  const size_t extra = shortLength == 126 ? 2 : shortLength == 127 ? 8 : 0;
  if (bytes.size() < 2 + extra) return std::nullopt;
  size_t length = extra == 0 ? shortLength : 0;
  for (size_t i = 0; i < extra; ++i) length = length << 8 | static_cast<uint8_t>(bytes[2 + i]);
  if (bytes.size() < 2 + extra + length) return std::nullopt;
  return std::pair(2 + extra, length);
}

}  // namespace

WireClient::~WireClient() { ::close(fd_); }

void WireClient::sendFrame(int opcode, std::string_view payload) {
  std::string frame(1, static_cast<char>(0x80 | opcode));
  if (payload.size() < 126) {
    frame.push_back(static_cast<char>(0x80 | payload.size()));
  } else {
    frame.push_back(static_cast<char>(0x80 | 126));
    appendBigEndian(frame, payload.size(), 2);
  }
  frame += kMask;
  for (size_t i = 0; i < payload.size(); ++i) frame.push_back(static_cast<char>(payload[i] ^ kMask[i % 4]));
  // What does not leave, because the gateway has gone, is lost as on a real network.
  (void)!::send(fd_, frame.data(), frame.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void WireClient::sendClose(uint16_t code) {
  std::string payload;
  appendBigEndian(payload, code, 2);
  sendFrame(8, payload);
}

size_t WireClient::read(size_t most) {
  char buffer[16 * 1024];
  const ssize_t got = ::recv(fd_, buffer, std::min(most, sizeof buffer), MSG_DONTWAIT);
  if (got > 0) return unread_.append(buffer, static_cast<size_t>(got)), static_cast<size_t>(got);
  hasEnded_ = got == 0 || (errno != EAGAIN && errno != EINTR);
  return 0;
}

std::optional<std::string> WireClient::next() {
  while (const auto frame = frameAt(unread_)) {
    const int opcode = unread_[0] & 0x0F;
    std::string payload = unread_.substr(frame->first, frame->second);
    unread_.erase(0, frame->first + frame->second);
    if (opcode == 1) return payload;
    if (opcode == 9) sendFrame(10, payload);
  }
  return std::nullopt;
}

}  // namespace gw::test
