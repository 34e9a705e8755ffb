#pragma once
// A blocking TCP client of a few lines, with a deadline on every call.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <string>

namespace gw::test {

class TcpClient {
 public:
  explicit TcpClient(uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval limit{20, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  }
  ~TcpClient() { ::close(fd_); }
  TcpClient(const TcpClient&) = delete;

  bool isConnected() const { return connected_; }
  void send(const std::string& text) const {
    const ssize_t sent = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
    (void)sent;
  }
  /// What has come once it ends with this text (or the peer closed, or the deadline).
  std::string readUntil(const std::string& end) const {
    std::string all;
    char byte;
    while (!all.ends_with(end) && ::recv(fd_, &byte, 1, 0) == 1) all += byte;
    return all;
  }
  /// Everything until the peer closes (or the deadline).
  std::string readAll() const {
    std::string all;
    char buffer[4096];
    for (ssize_t got; (got = ::recv(fd_, buffer, sizeof(buffer), 0)) > 0;) all.append(buffer, static_cast<size_t>(got));
    return all;
  }

 private:
  int fd_;
  bool connected_ = false;
};

inline std::string httpGet(uint16_t port, const std::string& path) {
  TcpClient client(port);
  client.send("GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
  return client.readAll();
}

}  // namespace gw::test
