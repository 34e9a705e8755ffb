#pragma once
// What the tests of host/net share: socket pairs, a handler that records, and turning a loop until a
// condition holds.

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "net/connection.h"
#include "net/event_loop.h"
#include "net/tls.h"

namespace gw::net::test {

/// A blocking socket of a peer; reads give up after 20 s.
class Peer {
 public:
  Peer() = default;
  explicit Peer(int fd) : fd_(fd) {
    timeval limit{20, 0};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  }
  Peer(Peer&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Peer& operator=(Peer&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Peer() { close(); }

  int fd() const { return fd_; }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  void reset() {
    linger now{1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
  }
  /// From now on nothing arrives here, as if the network had died.
  void goDeaf() {
    sock_filter dropAll{BPF_RET | BPF_K, 0, 0, 0};
    const sock_fprog program{1, &dropAll};
    EXPECT_EQ(setsockopt(fd_, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program), 0);
  }
  void finish() { shutdown(fd_, SHUT_WR); }
  bool write(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(n));
    }
    return true;
  }
  /// What is there now, at most max bytes; never waits.
  std::string readSome(size_t max = 1 << 20) {
    std::string out(max, '\0');
    const ssize_t n = ::recv(fd_, out.data(), max, MSG_DONTWAIT);
    lastRead_ = n;
    out.resize(n > 0 ? static_cast<size_t>(n) : 0);
    return out;
  }
  /// True once the peer's end was seen by readSome().
  bool sawEof() const { return lastRead_ == 0; }
  /// Blocks until `size` bytes came, EOF or 20 s.
  std::string readExactly(size_t size) {
    std::string out;
    while (out.size() < size) {
      char buffer[65536];
      const ssize_t n = ::recv(fd_, buffer, std::min(sizeof buffer, size - out.size()), 0);
      if (n <= 0) break;
      out.append(buffer, static_cast<size_t>(n));
    }
    return out;
  }
  std::string readToEof() { return readExactly(SIZE_MAX); }

 private:
  int fd_ = -1;
  ssize_t lastRead_ = -1;
};

/// A connected TCP pair over 127.0.0.1: {ours, non-blocking; the peer's}.
inline std::pair<int, int> tcpPair(int sendBufferBytes = 0) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  EXPECT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), length), 0);
  EXPECT_EQ(listen(listener, 1), 0);
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length);
  const int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (sendBufferBytes > 0) setsockopt(client, SOL_SOCKET, SO_RCVBUF, &sendBufferBytes, sizeof sendBufferBytes);
  EXPECT_EQ(connect(client, reinterpret_cast<sockaddr*>(&address), length), 0);
  const int server = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (sendBufferBytes > 0) setsockopt(server, SOL_SOCKET, SO_SNDBUF, &sendBufferBytes, sizeof sendBufferBytes);
  ::close(listener);
  return {server, client};
}

/// A client of 127.0.0.1.
inline Peer dial(uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0) << strerror(errno);
  return Peer(fd);
}

/// Records every call; consumes everything unless told otherwise.
class RecordingHandler : public ConnectionHandler {
 public:
  std::string input;
  int byteCalls = 0;
  int eofs = 0;
  int writables = 0;
  int closes = 0;
  CloseCause cause = CloseCause::kLocal;
  std::string error;
  std::function<size_t(Connection&, std::string_view)> consume;
  std::function<void(Connection&)> atClose;

  size_t onBytes(Connection& connection, std::string_view bytes) override {
    ++byteCalls;
    if (consume) return consume(connection, bytes);
    input.append(bytes);
    return bytes.size();
  }
  void onEof(Connection&) override { ++eofs; }
  void onWritable(Connection&) override { ++writables; }
  void onClosed(Connection& connection, CloseCause why, std::string_view text) override {
    ++closes;
    cause = why;
    error = text;
    if (atClose) atClose(connection);
  }
};

/// Turns the loop until the condition holds; false after 20 s.
inline bool turnUntil(EventLoop& loop, const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    loop.runOnce(10);
  }
  return true;
}

/// A connection on a loop that the test turns itself.
struct Wire {
  explicit Wire(const ConnectionLimits& l = {}, int bufferBytes = 0) : limits(l) {
    const auto [server, client] = tcpPair(bufferBytes);
    peer = Peer(client);
    connection = std::make_unique<Connection>(loop, server, PeerAddress{"127.0.0.1", 1}, limits, nullptr);
    connection->start(handler);
  }
  bool until(const std::function<bool()>& condition) { return turnUntil(loop, condition); }

  ConnectionLimits limits;
  EventLoop loop;
  RecordingHandler handler;
  Peer peer;
  std::unique_ptr<Connection> connection;
};

}  // namespace gw::net::test
