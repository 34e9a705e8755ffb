#include "rpc_acks.h"

#include <arpa/inet.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <charconv>
#include <stdexcept>

namespace gw::bench {
namespace {

constexpr int kLines = 8;

}  // namespace

class RpcAcks::Line : public Pollable {
 public:
  Line(RpcAcks& owner, int epollFd, uint16_t port) : owner_(owner) {
    fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    if (fd < 0 || ::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0)
      throw std::runtime_error("cannot connect for /rpc");
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = static_cast<Pollable*>(this);
    epoll_ctl(epollFd, EPOLL_CTL_ADD, fd, &event);
  }
  ~Line() override { ::close(fd); }
  Line(const Line&) = delete;
  Line& operator=(const Line&) = delete;

  void onReady(uint32_t) override {
    char buffer[8192];
    const ssize_t n = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
    if (n <= 0) throw std::runtime_error("the /rpc connection has ended");
    in_.append(buffer, static_cast<size_t>(n));
    const size_t head = in_.find("\r\n\r\n");
    if (head == std::string::npos) return;
    size_t length = in_.find("ength: ");
    size_t size = 0;
    if (length < head) std::from_chars(in_.data() + length + 7, in_.data() + head, size);
    if (in_.size() < head + 4 + size) return;
    if (in_.find("\"ok\":true") == std::string::npos) ++owner_.failed_;
    in_.clear();
    isBusy = false;
    owner_.next(*this);
  }

  int fd = -1;
  bool isBusy = false;

 private:
  RpcAcks& owner_;
  std::string in_;
};

RpcAcks::RpcAcks(int epollFd, uint16_t port) {
  for (int i = 0; i < kLines; ++i) lines_.push_back(std::make_unique<Line>(*this, epollFd, port));
}

RpcAcks::~RpcAcks() = default;

void RpcAcks::ack(const std::string& accessToken, uint64_t epoch, uint64_t seq) {
  const std::string body =
      requestFrame("1", "ack", "{\"epoch\":" + std::to_string(epoch) + ",\"seq\":" + std::to_string(seq) + "}");
  waiting_.push_back(
      "POST /rpc HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAuthorization: Bearer " +
      accessToken + "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  for (const auto& line : lines_) next(*line);
}

void RpcAcks::next(Line& line) {
  if (line.isBusy || waiting_.empty()) return;
  line.isBusy = true;
  const std::string request = std::move(waiting_.front());
  waiting_.pop_front();
  if (::send(line.fd, request.data(), request.size(), MSG_NOSIGNAL) < 0)
    throw std::runtime_error("the /rpc connection has ended");
}

}  // namespace gw::bench
