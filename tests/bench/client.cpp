#include "client.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace gw::bench {
namespace {

constexpr size_t kReadBytes = 256 * 1024;
constexpr uint32_t kSources = 32;
char readBuffer[kReadBytes];  // one thread: shared by all clients

}  // namespace

Client::Client(ClientOwner& owner, const Target& target, Wire wire, uint32_t clientNumber)
    : number(clientNumber), owner_(owner), target_(target), wire_(wire) {}

Client::~Client() {
  if (fd_ >= 0) ::close(fd_);
}

void Client::connect(int epollFd, int receiveBuffer) {
  epollFd_ = epollFd;
  receiveBuffer_ = receiveBuffer;
  openSocket(firstPort());
}

uint16_t Client::firstPort() const {
  if (wire_ == Wire::kTelnetTls) return target_.telnetTlsPort;
  return wire_ == Wire::kTelnet ? target_.telnetPort : target_.httpPort;
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
    return wire_ == Wire::kTelnetTls ? startTls() : onConnected();
  }
  if (state_ == State::kHandshake) return startTls();
  if ((events & EPOLLOUT) && !unsent_.empty()) {
    const std::string bytes = std::move(unsent_);
    unsent_.clear();
    put(bytes);
    if (fd_ >= 0) watch();
  }
  if (fd_ >= 0 && !isStalled_ && (events & (EPOLLIN | EPOLLHUP | EPOLLERR))) onReadable();
}

void Client::send(std::string_view bytes) {
  if (held_.empty()) return put(bytes);
  held_.append(bytes);
}

void Client::sendAllBut(size_t held, std::string_view bytes) {
  send(bytes.substr(0, bytes.size() - held));
  held_.append(bytes.substr(bytes.size() - held));
}

void Client::sendHeld() { put(std::exchange(held_, {})); }

void Client::put(std::string_view bytes) {
  if (fd_ < 0) return;
  size_t sent = 0;
  if (unsent_.empty()) {
    const ssize_t n =
        tls_ ? tls_->send(bytes.data(), bytes.size()) : ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
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

std::string Client::commandBytes(std::string_view text) const {
  if (isTelnet(wire_)) return std::string(text) + "\r\n";
  if (wire_ == Wire::kTerminal) return clientFrame(2, std::string(text) + "\n");
  return clientFrame(1, requestFrame("2", "command", "{\"text\":\"" + std::string(text) + "\"}"));
}

void Client::close() {
  if (fd_ < 0) return;
  const bool hasGoodbye = wire_ != Wire::kSse && state_ == State::kPlaying;
  state_ = State::kClosing;
  if (!hasGoodbye) return end({});
  sendHeld();
  if (isTelnet(wire_)) {
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
  const ssize_t n = tls_ ? tls_->receive(readBuffer, kReadBytes) : recv(fd_, readBuffer, kReadBytes, 0);
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
    else if (unit.opcode == 2)
      takeLines(unit.payload);
    else if (unit.opcode == 1)
      owner_.onUnit(*this, unit);
  }
  return taken;
}

void Client::takeLines(std::string_view text) {
  openLine_.append(text);
  size_t taken = 0;
  Unit line;
  while (fd_ >= 0 && nextLine(std::string_view(openLine_).substr(taken), line)) {
    if (isPlaying() || state_ == State::kClosing)
      owner_.onUnit(*this, line);
    else
      loginLine(line.payload);
    taken += line.wireBytes;
  }
  openLine_.erase(0, taken);
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
  held_.clear();
  openLine_.clear();
  owner_.onEnded(*this, why);
}

}  // namespace gw::bench
