#include "rpc_lines.h"

#include <arpa/inet.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <deque>
#include <stdexcept>

namespace gw::bench {

class RpcLines::Line : public Pollable {
 public:
  Line(RpcLines& owner, int epollFd, uint16_t port) : owner_(owner), epollFd_(epollFd), port_(port) {}
  ~Line() override { disconnect(); }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  void onReady(uint32_t) override {
    char buffer[8192];
    const ssize_t n = recv(fd_, buffer, sizeof buffer, MSG_DONTWAIT);
    if (n <= 0 && isBusy_) throw std::runtime_error("a /rpc connection has ended before its answer");
    if (n <= 0) return disconnect();  // a server may close what is idle
    in_.append(buffer, static_cast<size_t>(n));
    const size_t head = in_.find("\r\n\r\n");
    if (head == std::string::npos) return;
    size_t length = in_.find("ength: ");
    size_t size = 0;
    if (length < head) std::from_chars(in_.data() + length + 7, in_.data() + head, size);
    if (in_.size() < head + 4 + size) return;
    if (in_.find("\"ok\":true") == std::string::npos) owner_.noteFailure(in_);
    in_.clear();
    isBusy_ = false;
    next();
  }

  void add(std::string request) {
    waiting_.push_back(std::move(request));
    next();
  }

 private:
  void next() {
    if (isBusy_ || waiting_.empty()) return;
    isBusy_ = true;
    if (fd_ < 0) connect();
    const std::string request = std::move(waiting_.front());
    waiting_.pop_front();
    if (::send(fd_, request.data(), request.size(), MSG_NOSIGNAL) < 0)
      throw std::runtime_error("the /rpc connection has ended");
  }

  void connect() {
    fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port_);
    if (fd_ < 0 || ::connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error("cannot connect for /rpc");
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = static_cast<Pollable*>(this);
    epoll_ctl(epollFd_, EPOLL_CTL_ADD, fd_, &event);
  }

  void disconnect() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
    in_.clear();
  }

  RpcLines& owner_;
  const int epollFd_;
  const uint16_t port_;
  int fd_ = -1;
  bool isBusy_ = false;
  std::string in_;
  std::deque<std::string> waiting_;  // bounded by what the clients have under way
};

RpcLines::RpcLines(int epollFd, uint16_t port, uint32_t lines) {
  for (uint32_t i = 0; i < lines; ++i) lines_.push_back(std::make_unique<Line>(*this, epollFd, port));
}

RpcLines::~RpcLines() = default;

void RpcLines::request(const Client& client, std::string_view method, std::string_view paramsJson) {
  const std::string body = requestFrame("1", method, paramsJson);
  lines_[client.number % lines_.size()]->add(
      "POST /rpc HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAuthorization: Bearer " +
      client.accessToken() + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
}

void RpcLines::ack(const Client& client) {
  request(client, "ack",
          "{\"epoch\":" + std::to_string(client.epoch()) + ",\"seq\":" + std::to_string(client.lastSeq) + "}");
}

void RpcLines::noteFailure(std::string answer) {
  if (failed_++ == 0) firstFailure_ = std::move(answer);
}

}  // namespace gw::bench
