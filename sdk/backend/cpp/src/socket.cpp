#include "socket.h"

#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/NetException.h>
#include <Poco/Net/WebSocket.h>
#include <sys/socket.h>

#include <mutex>
#include <stdexcept>

namespace gw::backend {
namespace {

using Poco::Net::WebSocket;

// More than the 64 KiB of the protocol: a gateway that counts a little otherwise is not worth a broken link.
constexpr int kMaxReceived = 1 << 20;
constexpr std::chrono::seconds kFrameTime{30};

Poco::Timespan span(std::chrono::milliseconds time) { return Poco::Timespan(time.count() * 1000); }

std::runtime_error failure(const Poco::Exception& e) { return std::runtime_error(e.displayText()); }

Poco::Net::StreamSocket connected(const Url& url, std::chrono::milliseconds patience) {
  Poco::Net::StreamSocket socket;
  if (url.unixPath.empty()) {
    socket.connect(Poco::Net::SocketAddress(url.host, url.port), span(patience));
    socket.setNoDelay(true);
  } else {
    socket.connect(Poco::Net::SocketAddress(Poco::Net::SocketAddress::UNIX_LOCAL, url.unixPath), span(patience));
  }
  socket.setReceiveTimeout(span(patience));
  return socket;
}

}  // namespace

Url Url::parse(const std::string& text) {
  constexpr std::string_view kUnix = "unix:";
  constexpr std::string_view kPlain = "ws://";
  Url url;
  if (text.starts_with(kUnix) && text.size() > kUnix.size()) {
    url.unixPath = text.substr(kUnix.size());
    return url;
  }
  if (!text.starts_with(kPlain)) throw std::runtime_error("url " + text + ": ws://host:port/backend or unix:/path");
  std::string authority = text.substr(kPlain.size());
  if (const auto slash = authority.find('/'); slash != std::string::npos) {
    url.path = authority.substr(slash);
    authority.resize(slash);
  }
  try {
    const auto colon = authority.rfind(':');
    const bool hasPort = colon != std::string::npos && authority.find(']', colon) == std::string::npos;
    url.host = hasPort ? authority.substr(0, colon) : authority;
    const int port = hasPort ? std::stoi(authority.substr(colon + 1)) : 80;
    if (url.host.empty() || port < 1 || port > 65535) throw std::out_of_range("port");
    url.port = static_cast<uint16_t>(port);
  } catch (const std::logic_error&) {
    throw std::runtime_error("url " + text + ": no host and port");
  }
  if (url.host.front() == '[' && url.host.back() == ']') url.host = url.host.substr(1, url.host.size() - 2);
  return url;
}

class Socket::Impl {
 public:
  Impl(WebSocket socket) : socket_(std::move(socket)), buffer_(0) {  // NOLINT implicit
    socket_.setMaxPayloadSize(kMaxReceived);
    socket_.setReceiveTimeout(span(kFrameTime));
    socket_.setSendTimeout(span(kFrameTime));
  }

  Got receive(std::string& message, std::chrono::milliseconds patience) {
    message.clear();
    while (true) {
      // Poll first: a receive that times out within a frame loses what it has read.
      if (!socket_.poll(span(patience), Poco::Net::Socket::SELECT_READ)) return Got::kNothing;
      int flags = 0;
      buffer_.resize(0, false);
      const int count = socket_.receiveFrame(buffer_, flags);
      if (count <= 0 && flags == 0) return closed("the connection ended");
      const bool isLast = (flags & WebSocket::FRAME_FLAG_FIN) != 0;
      switch (flags & WebSocket::FRAME_OP_BITMASK) {
        case WebSocket::FRAME_OP_TEXT:
        case WebSocket::FRAME_OP_CONT:
          message.append(buffer_.begin(), buffer_.size());
          if (message.size() > kMaxReceived) return closed("a message of the gateway is too long");
          if (isLast) return Got::kMessage;
          break;
        case WebSocket::FRAME_OP_PING:
          sendFrame(std::string_view(buffer_.begin(), buffer_.size()),
                    static_cast<int>(WebSocket::FRAME_FLAG_FIN) | static_cast<int>(WebSocket::FRAME_OP_PONG));
          break;
        case WebSocket::FRAME_OP_PONG:
          break;
        case WebSocket::FRAME_OP_CLOSE:
          return gatewayClosed();
        default:
          return closed("a binary message");
      }
    }
  }

  void sendFrame(std::string_view bytes, int flags) {
    const std::lock_guard lock(sendMutex_);
    socket_.sendFrame(bytes.data(), static_cast<int>(bytes.size()), flags);
  }

  void sendClose(uint16_t code, const std::string& reason) {
    const std::lock_guard lock(sendMutex_);
    socket_.shutdown(code, reason);
  }

  void interrupt() { ::shutdown(socket_.impl()->sockfd(), SHUT_RDWR); }

  const std::string& closeReason() const { return closeReason_; }

 private:
  Got closed(std::string reason) {
    closeReason_ = std::move(reason);
    return Got::kClosed;
  }
  Got gatewayClosed() {
    if (buffer_.size() < 2) return closed("closed by the gateway");
    const auto byte = [this](size_t i) { return static_cast<unsigned>(static_cast<unsigned char>(buffer_[i])); };
    const unsigned code = byte(0) * 256 + byte(1);
    const std::string text(buffer_.begin() + 2, buffer_.size() - 2);
    return closed("closed by the gateway: " + std::to_string(code) + (text.empty() ? "" : " " + text));
  }

  WebSocket socket_;
  Poco::Buffer<char> buffer_;
  std::mutex sendMutex_;  // answers to pings come from the receiving thread
  std::string closeReason_;
};

Socket::Socket(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Socket::~Socket() = default;

std::unique_ptr<Socket> Socket::dial(const Url& url, std::chrono::milliseconds patience) try {
  // Poco 1.11 cannot dial a Unix socket by itself, but takes one that is connected.
  Poco::Net::HTTPClientSession session(connected(url, patience));
  session.setTimeout(span(patience));
  Poco::Net::HTTPRequest request(Poco::Net::HTTPRequest::HTTP_GET, url.path, Poco::Net::HTTPMessage::HTTP_1_1);
  request.setHost(url.unixPath.empty() ? url.host : "localhost", url.port);
  Poco::Net::HTTPResponse response;
  return std::unique_ptr<Socket>(new Socket(std::make_unique<Impl>(WebSocket(session, request, response))));
} catch (const Poco::Exception& e) {
  throw failure(e);
}

Socket::Got Socket::receive(std::string& message, std::chrono::milliseconds patience) try {
  return impl_->receive(message, patience);
} catch (const Poco::Exception& e) {
  throw failure(e);
}

const std::string& Socket::closeReason() const { return impl_->closeReason(); }

void Socket::send(std::string_view message) try {
  impl_->sendFrame(message, WebSocket::FRAME_TEXT);
} catch (const Poco::Exception& e) {
  throw failure(e);
}

void Socket::sendClose(uint16_t code, const std::string& reason) {
  try {
    impl_->sendClose(code, reason);
  } catch (const Poco::Exception&) {
    // The other side is gone already.
  }
}

void Socket::interrupt() { impl_->interrupt(); }

}  // namespace gw::backend
