#include "client.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <stdexcept>

namespace gw::bench {
namespace {

constexpr size_t kReadBytes = 256 * 1024;
constexpr uint32_t kSources = 32;
char readBuffer[kReadBytes];  // one thread: shared by all clients

constexpr std::string_view kUpgrade =
    "GET /ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    "Sec-WebSocket-Protocol: gateway.v1\r\n\r\n";

std::string connectRequest(uint32_t number) {
  return requestFrame("1", "connect",
                      "{\"protocol\":{\"min\":1,\"max\":1},\"auth\":{\"guest\":true},"
                      "\"client\":{\"id\":\"bench\",\"version\":\"1\"},\"device\":{\"id\":\"d" +
                          std::to_string(number) + "\"}}");
}

}  // namespace

Client::Client(ClientOwner& owner, const Target& target, Wire wire, uint32_t clientNumber)
    : number(clientNumber), owner_(owner), target_(target), wire_(wire) {}

Client::~Client() {
  if (fd_ >= 0) ::close(fd_);
}

void Client::connect(int epollFd, int receiveBuffer) {
  epollFd_ = epollFd;
  receiveBuffer_ = receiveBuffer;
  openSocket(wire_ == Wire::kTelnet ? target_.telnetPort : target_.httpPort);
}

void Client::openSocket(uint16_t port) {
  fd_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd_ < 0) throw std::runtime_error(std::string("socket: ") + std::strerror(errno));
  const int one = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  setsockopt(fd_, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one);  // ports are per source and target
  if (receiveBuffer_ > 0) setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &receiveBuffer_, sizeof receiveBuffer_);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1 + number % kSources);
  if (bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
    throw std::runtime_error(std::string("bind: ") + std::strerror(errno));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  const bool isSecond = state_ == State::kLogin;
  if (!isSecond) state_ = State::kConnecting;
  if (::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 && errno != EINPROGRESS)
    throw std::runtime_error(std::string("connect: ") + std::strerror(errno));
  epoll_event event{};
  event.events = watched_ = EPOLLOUT;
  event.data.ptr = static_cast<Pollable*>(this);
  epoll_ctl(epollFd_, EPOLL_CTL_ADD, fd_, &event);
}

void Client::watch() {
  const uint32_t wanted =
      (isStalled_ ? 0u : static_cast<uint32_t>(EPOLLIN)) | (unsent_.empty() ? 0u : static_cast<uint32_t>(EPOLLOUT));
  if (fd_ < 0 || wanted == watched_) return;
  epoll_event event{};
  event.events = watched_ = wanted;
  event.data.ptr = static_cast<Pollable*>(this);
  epoll_ctl(epollFd_, EPOLL_CTL_MOD, fd_, &event);
}

void Client::onReady(uint32_t events) {
  if (state_ == State::kConnecting || (state_ == State::kLogin && wire_ == Wire::kSse && accessToken_.size() > 0)) {
    if (events & (EPOLLERR | EPOLLHUP)) return end("could not connect");
    return onConnected();
  }
  if ((events & EPOLLOUT) && !unsent_.empty()) {
    const std::string bytes = std::move(unsent_);
    unsent_.clear();
    send(bytes);
    if (fd_ >= 0) watch();
  }
  if (fd_ >= 0 && !isStalled_ && (events & (EPOLLIN | EPOLLHUP | EPOLLERR))) onReadable();
}

void Client::onConnected() {
  if (state_ == State::kLogin) {  // SSE: the stream's own connection
    state_ = State::kSecondSocket;
    send("GET /events HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\nAuthorization: Bearer " +
         accessToken_ + "\r\n\r\n");
  } else if (wire_ == Wire::kWebSocket) {
    state_ = State::kUpgrading;
    send(kUpgrade);
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

void Client::send(std::string_view bytes) {
  if (fd_ < 0) return;
  size_t sent = 0;
  if (unsent_.empty()) {
    const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN) return;  // the read side tells why
    sent = n > 0 ? static_cast<size_t>(n) : 0;
  }
  if (sent == bytes.size()) return;
  unsent_.append(bytes.substr(sent));
  watch();
}

void Client::sendRequest(std::string_view method, std::string_view paramsJson) {
  send(clientFrame(1, requestFrame("2", method, paramsJson)));
}

void Client::command(std::string_view text) {
  if (wire_ == Wire::kTelnet) return send(std::string(text) + "\r\n");
  sendRequest("command", "{\"text\":\"" + std::string(text) + "\"}");
}

void Client::close() {
  if (fd_ < 0) return;
  const bool hasGoodbye = wire_ != Wire::kSse && state_ == State::kPlaying;
  state_ = State::kClosing;
  if (!hasGoodbye) return end({});
  if (wire_ == Wire::kTelnet) {
    send("/quit\r\n");
  } else {
    send(clientFrame(8, std::string_view("\x03\xE8", 2)));  // 1000
  }
}

void Client::stall(bool isStalled) {
  isStalled_ = isStalled;
  watch();
}

void Client::onReadable() {
  const ssize_t n = recv(fd_, readBuffer, kReadBytes, 0);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) {
    return end(state_ == State::kClosing ? std::string() : n < 0 ? std::strerror(errno) : "closed by the server");
  }
  bytesRead += static_cast<uint64_t>(n);
  std::string_view bytes(readBuffer, static_cast<size_t>(n));
  if (partial_.empty()) {
    const size_t taken = consume(bytes);
    if (taken < bytes.size() && fd_ >= 0) partial_.assign(bytes.substr(taken));
    return;
  }
  std::string joined = std::move(partial_);
  partial_.clear();
  joined.append(bytes);
  const size_t taken = consume(joined);
  if (taken < joined.size() && fd_ >= 0) partial_.assign(joined, taken);
}

size_t Client::consume(std::string_view bytes) {
  size_t taken = 0;
  while (taken < bytes.size() && fd_ >= 0) {
    if (state_ != State::kPlaying && state_ != State::kClosing) {
      const size_t part = login(bytes.substr(taken));
      if (part == 0) break;
      taken += part;
      continue;
    }
    Unit unit;
    bool isBad = false;
    if (!nextUnit(wire_, bytes.substr(taken), unit, isBad)) {
      if (isBad) end("sent what is no frame");
      break;
    }
    taken += unit.wireBytes;
    if (unit.opcode == 9)
      send(clientFrame(10, unit.payload));
    else if (unit.opcode == 1)
      owner_.onUnit(*this, unit);
  }
  return taken;
}

size_t Client::login(std::string_view bytes) {
  if (wire_ == Wire::kTelnet) {
    // The prompt has no line end: "Welcome" comes as a line, with the session playing.
    const size_t end = bytes.find('\n');
    if (end == std::string_view::npos) return 0;
    loginTelnet(bytes.substr(0, end));
    return end + 1;
  }
  if (state_ != State::kLogin || wire_ == Wire::kSse) return loginHttp(bytes);
  Unit unit;
  bool isBad = false;
  if (!nextUnit(wire_, bytes, unit, isBad)) return 0;
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
    send(clientFrame(1, connectRequest(number)));
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

void Client::loginTelnet(std::string_view line) {
  // Two welcomes: one at the login, one by the lobby to whoever plays.
  if (line.find("Type help for the commands") != std::string_view::npos) play();
}

void Client::learn(std::string_view helloOk) {
  const std::string_view session = helloOk.substr(std::min(helloOk.find("\"session\":"), helloOk.size()));
  const std::string_view epoch = findMember(session, "epoch");
  std::from_chars(epoch.data(), epoch.data() + epoch.size(), epoch_);
  accessToken_ = findMember(session, "accessToken");
  const size_t character = session.find("\"character\":");
  if (character != std::string_view::npos) name_ = findMember(session.substr(character), "name");
}

void Client::play() {
  state_ = State::kPlaying;
  owner_.onPlaying(*this);
}

void Client::end(const std::string& why) {
  if (fd_ < 0) return;
  ::close(fd_);
  fd_ = -1;
  state_ = State::kEnded;
  partial_.clear();
  unsent_.clear();
  owner_.onEnded(*this, why);
}

}  // namespace gw::bench
