#include "backend/link/socket.h"

#include <Poco/Net/NetException.h>
#include <Poco/Net/WebSocket.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>

#include "base/utf8.h"

namespace gw::link {
namespace {

using Poco::Net::WebSocket;

constexpr uint8_t kFin = 0x80, kReserved = 0x70, kOpcode = 0x0f, kMask = 0x80;
constexpr uint8_t kContinuation = 0, kText = 1, kBinary = 2, kClose = 8, kPing = 9, kPong = 10;
constexpr size_t kMaxHead = 14, kMaxControl = 125;
// Roomy enough that a writable socket takes a whole message, and that a whole frame can wait to be read.
constexpr int kBufferBytes = 512 * 1024;

bool isControl(uint8_t opcode) { return opcode >= kClose; }

}  // namespace

LinkSocket::LinkSocket(std::unique_ptr<WebSocket> socket, size_t maxBytes)
    : socket_(std::move(socket)), maxBytes_(maxBytes), buffer_(maxBytes + kMaxControl, '\0') {
  for (const int option : {SO_SNDBUF, SO_RCVBUF})
    ::setsockopt(fd(), SOL_SOCKET, option, &kBufferBytes, sizeof kBufferBytes);
  socket_->setMaxPayloadSize(static_cast<int>(buffer_.size()));
  // Only against what cannot be: everything is there before it is read, and fits before it is written.
  socket_->setReceiveTimeout(Poco::Timespan(1, 0));
  socket_->setSendTimeout(Poco::Timespan(1, 0));
}

LinkSocket::~LinkSocket() = default;

int LinkSocket::fd() const { return socket_->impl()->sockfd(); }

LinkSocket::Got LinkSocket::breaks(uint16_t code, std::string why) {
  closeCode_ = code;
  problem_ = std::move(why);
  return Got::kEnd;
}

// RFC 6455 §5.2. What Poco would let pass is refused here.
LinkSocket::Got LinkSocket::peek(Head& head) {
  uint8_t bytes[kMaxHead];
  const ssize_t got = ::recv(fd(), bytes, sizeof bytes, MSG_PEEK | MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return Got::kNothing;
  if (got <= 0) return breaks(0, "the connection ended");
  const auto have = static_cast<size_t>(got);
  if (have < 2) return Got::kPartial;
  head.flags = bytes[0];
  const uint8_t opcode = bytes[0] & kOpcode;
  if ((bytes[0] & kReserved) != 0) return breaks(close_code::kProtocol, "a frame with reserved bits");
  if ((bytes[1] & kMask) == 0) return breaks(close_code::kProtocol, "a frame that is not masked");
  const uint8_t shortLength = bytes[1] & 0x7f;
  const size_t lengthBytes = shortLength == 127 ? 8 : shortLength == 126 ? 2 : 0;
  head.headBytes = 2 + lengthBytes + 4;
  if (isControl(opcode) && (shortLength > kMaxControl || (bytes[0] & kFin) == 0))
    return breaks(close_code::kProtocol, "a control frame that is too long or in fragments");
  if (opcode == kBinary) return breaks(close_code::kNotText, "a binary message");
  if (opcode > kPong || (opcode > kBinary && opcode < kClose))
    return breaks(close_code::kProtocol, "a frame of an unknown kind");
  if (!isControl(opcode) && (opcode == kContinuation) != isInMessage_)
    return breaks(close_code::kProtocol, "a fragment out of its place");
  if (have < 2 + lengthBytes) return Got::kPartial;
  head.payload = lengthBytes == 0 ? shortLength : 0;
  for (size_t i = 0; i < lengthBytes; ++i) head.payload = head.payload << 8 | bytes[2 + i];
  if (!isControl(opcode) && head.payload > maxBytes_ - parts_.size())
    return breaks(close_code::kTooBig, "a message of more than " + std::to_string(maxBytes_) + " bytes");
  int waiting = 0;
  if (::ioctl(fd(), FIONREAD, &waiting) != 0) return breaks(0, "the connection ended");
  return static_cast<uint64_t>(waiting) < head.headBytes + head.payload ? Got::kPartial : Got::kMessage;
}

LinkSocket::Got LinkSocket::receive(std::string_view& message) {
  Head head;
  if (const Got seen = peek(head); seen != Got::kMessage) return seen;
  return take(head, message);
}

LinkSocket::Got LinkSocket::take(const Head& head, std::string_view& message) {
  int flags = 0;
  int length = 0;
  try {
    length = socket_->receiveFrame(buffer_.data(), static_cast<int>(buffer_.size()), flags);
  } catch (const Poco::Exception& problem) {
    return breaks(0, problem.displayText());
  }
  if (length < 0 || static_cast<uint64_t>(length) != head.payload) return breaks(0, "a frame was cut off");
  const std::string_view payload(buffer_.data(), head.payload);
  const uint8_t opcode = head.flags & kOpcode;
  if (isControl(opcode)) return control(opcode, payload);
  const bool isLast = (head.flags & kFin) != 0;
  if (isLast && opcode == kText) {
    message = payload;
  } else {
    // Bytes are put together here, never more than maxBytes_: peek() has seen to it.
    if (opcode == kText) parts_.clear();
    parts_.append(payload);
    isInMessage_ = !isLast;
    if (!isLast) return Got::kControl;
    buffer_.replace(0, parts_.size(), parts_);
    message = std::string_view(buffer_.data(), parts_.size());
    parts_.clear();
  }
  if (!isUtf8(message)) return breaks(close_code::kNotUtf8, "text that is not UTF-8");
  return Got::kMessage;
}

LinkSocket::Got LinkSocket::control(uint8_t opcode, std::string_view payload) {
  if (opcode == kPing) return answer(kPong, payload) ? Got::kControl : breaks(0, "the peer does not read");
  if (opcode != kClose) return Got::kControl;
  answer(kClose, payload.substr(0, 2));
  closeCode_ = payload.size() < 2
                   ? close_code::kNormal
                   : static_cast<uint16_t>(static_cast<uint8_t>(payload[0]) << 8 | static_cast<uint8_t>(payload[1]));
  problem_ = "the backend closed the connection";
  return Got::kEnd;
}

bool LinkSocket::answer(uint8_t opcode, std::string_view payload) {
  const int length = static_cast<int>(payload.size());
  try {
    return socket_->sendFrame(payload.data(), length, kFin | opcode) >= length;
  } catch (const Poco::Exception&) {
    return false;
  }
}

bool LinkSocket::send(std::string_view message) { return answer(kText, message); }

void LinkSocket::close(uint16_t code, const std::string& text) {
  std::string payload{static_cast<char>(code >> 8), static_cast<char>(code & 0xff)};
  payload += text.substr(0, kMaxControl - 2);
  answer(kClose, payload);
}

}  // namespace gw::link
