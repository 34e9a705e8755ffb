#include "ceiling.h"

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

constexpr std::string_view kSwitching =
    "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: gateway.v1\r\n\r\n";
constexpr std::string_view kStream =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-store\r\nConnection: close\r\n\r\n"
    "retry: 2000\n\n";
constexpr std::string_view kFixedSeq = "10000000";

/// What stands between the quotes after "text":" or, on telnet, the line.
std::string_view textOf(std::string_view json) {
  const size_t at = json.find("\"text\":\"");
  return at == std::string_view::npos ? std::string_view() : json.substr(at + 8, json.rfind("\"}") - at - 8);
}

void pad(std::string& bytes, size_t to, size_t at) {
  if (bytes.size() < to) bytes.insert(at, to - bytes.size(), 'x');
}

}  // namespace

Ceiling::Ceiling() : epollFd_(epoll_create1(EPOLL_CLOEXEC)) {
  httpFd_ = listenOn(httpPort_);
  telnetFd_ = listenOn(telnetPort_);
}

Ceiling::~Ceiling() {
  for (Peer* peer : peers_)
    if (peer) drop(*peer);
  for (Peer* peer : dead_) delete peer;
  for (const int fd : {httpFd_, telnetFd_, epollFd_}) ::close(fd);
}

int Ceiling::listenOn(uint16_t& port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  if (bind(fd, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(fd, 4096) != 0 ||
      getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error(std::string("listen: ") + std::strerror(errno));
  port = ntohs(address.sin_port);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = fd;
  epoll_ctl(epollFd_, EPOLL_CTL_ADD, fd, &event);
  return fd;
}

void Ceiling::run(int stopFd) {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = stopFd;
  epoll_ctl(epollFd_, EPOLL_CTL_ADD, stopFd, &event);
  epoll_event events[256];
  for (;;) {
    const int count = epoll_wait(epollFd_, events, 256, -1);
    for (int i = 0; i < count; ++i) {
      const int fd = events[i].data.fd;
      if (fd == stopFd) return;
      if (fd == httpFd_ || fd == telnetFd_) {
        accept(fd, fd == httpFd_ ? Stage::kHttp : Stage::kTelnetLogin);
        continue;
      }
      Peer* peer = peers_[static_cast<size_t>(fd)];
      if (peer && (events[i].events & EPOLLOUT)) {
        const std::string bytes = std::move(peer->unsent);
        peer->unsent.clear();
        send(*peer, bytes);
        if (peer->fd >= 0) watch(*peer);
      }
      if (peer && peer->fd >= 0 && (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR))) onReadable(*peer);
    }
    for (Peer* peer : dead_) delete peer;
    dead_.clear();
  }
}

void Ceiling::accept(int listener, Stage stage) {
  for (;;) {
    const int fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) return;
    const int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    auto* peer = new Peer;  // owned by peers_ until drop()
    peer->fd = fd;
    peer->stage = stage;
    if (peers_.size() <= static_cast<size_t>(fd)) peers_.resize(static_cast<size_t>(fd) + 1);
    peers_[static_cast<size_t>(fd)] = peer;
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.fd = fd;
    epoll_ctl(epollFd_, EPOLL_CTL_ADD, fd, &event);
  }
}

void Ceiling::drop(Peer& peer) {
  if (peer.fd < 0) return;
  leave(peer);
  ::close(peer.fd);
  peers_[static_cast<size_t>(peer.fd)] = nullptr;
  peer.fd = -1;
  dead_.push_back(&peer);
}

void Ceiling::onReadable(Peer& peer) {
  static char buffer[64 * 1024];
  const ssize_t n = recv(peer.fd, buffer, sizeof buffer, 0);
  if (n < 0 && errno == EAGAIN) return;
  if (n <= 0) return drop(peer);
  std::string joined;
  std::string_view bytes(buffer, static_cast<size_t>(n));
  if (!peer.in.empty()) {
    joined = std::move(peer.in);
    joined.append(bytes);
    bytes = joined;
  }
  size_t taken = 0;
  while (taken < bytes.size() && peer.fd >= 0) {
    const size_t part = take(peer, bytes.substr(taken));
    if (part == 0) break;
    taken += part;
  }
  if (peer.fd >= 0) peer.in = std::string(bytes.substr(taken));
}

size_t Ceiling::take(Peer& peer, std::string_view bytes) {
  switch (peer.stage) {
    case Stage::kWebSocket:
      return takeFrame(peer, bytes);
    case Stage::kTelnetLogin:
    case Stage::kTelnet:
      return takeLine(peer, bytes);
    default:
      return takeHttp(peer, bytes);
  }
}

size_t Ceiling::takeHttp(Peer& peer, std::string_view bytes) {
  const size_t head = bytes.find("\r\n\r\n");
  if (head == std::string_view::npos) return 0;
  if (bytes.starts_with("GET /ws")) {
    peer.stage = Stage::kWebSocket;
    send(peer, kSwitching);
    return head + 4;
  }
  if (bytes.starts_with("GET /events")) {
    send(peer, kStream);
    join(peer, Stage::kSse);
    return head + 4;
  }
  size_t length = 0;
  const size_t field = bytes.find("Content-Length: ");
  if (field < head) std::from_chars(bytes.data() + field + 16, bytes.data() + head, length);
  if (bytes.size() < head + 4 + length) return 0;
  const bool isConnect = bytes.substr(head).find("\"connect\"") != std::string_view::npos;
  const std::string body = isConnect ? helloOk() : "{\"type\":\"res\",\"id\":\"1\",\"ok\":true,\"payload\":{}}";
  send(peer, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
                 "\r\n\r\n" + body);
  return head + 4 + length;
}

size_t Ceiling::takeFrame(Peer& peer, std::string_view bytes) {
  uint8_t opcode = 0;
  const size_t taken = takeClientFrame(bytes, opcode, opened_);
  if (taken == 0) return 0;
  if (opcode == 8) {
    send(peer, serverFrame(8, opened_));
    drop(peer);
  } else if (opcode == 1) {
    onMessage(peer, opened_);
  }
  return taken;
}

void Ceiling::onMessage(Peer& peer, std::string_view json) {
  if (json.starts_with('!')) return control(json.substr(1));
  const std::string_view method = findMember(json, "method");
  if (method == "connect") {
    send(peer, serverFrame(1, helloOk()));
    return join(peer, Stage::kWebSocket);
  }
  if (method == "ping") {
    return send(peer,
                serverFrame(1, "{\"type\":\"res\",\"id\":\"2\",\"ok\":true,\"payload\":{\"now\":1700000000000}}"));
  }
  if (method != "command") return;
  const std::string_view text = textOf(json);
  if (text.starts_with("say ")) return fanOut(peer, text.substr(4));
  size_t seqAt = 0;
  std::string unit = unitOf(Stage::kWebSocket, text, seqAt);
  std::to_chars(unit.data() + seqAt, unit.data() + seqAt + kFixedSeq.size(), ++peer.seq);
  send(peer, unit);
}

void Ceiling::control(std::string_view order) {
  const size_t space = order.find(' ');
  size_t value = 0;
  std::from_chars(order.data() + space + 1, order.data() + order.size(), value);
  (order.starts_with("size") ? unitBytes_ : helloBytes_) = value;
}

std::string Ceiling::helloOk() const {
  std::string json =
      "{\"type\":\"res\",\"id\":\"1\",\"ok\":true,\"payload\":{\"session\":{\"epoch\":1,\"accessToken\":\"none\","
      "\"character\":{\"id\":\"c\",\"name\":\"Guest\"}},\"policy\":{},\"pad\":\"\"}}";
  pad(json, helloBytes_, json.size() - 3);
  // The generator takes `"policy"` and a closing brace for the end of an /rpc answer.
  return json;
}

size_t Ceiling::takeLine(Peer& peer, std::string_view bytes) {
  const size_t end = bytes.find('\n');
  if (end == std::string_view::npos) return 0;
  const std::string_view line = bytes.substr(0, end);
  if (peer.stage == Stage::kTelnetLogin) {
    send(peer, "Welcome, Guest! Type help for the commands.\r\n");
    join(peer, Stage::kTelnet);
  } else if (line.starts_with("/quit")) {
    drop(peer);
  }
  return end + 1;
}

void Ceiling::join(Peer& peer, Stage stage) {
  peer.stage = stage;
  std::vector<Peer*>& members = members_[stage == Stage::kWebSocket ? 0 : stage == Stage::kSse ? 1 : 2];
  peer.place = members.size();
  members.push_back(&peer);
}

void Ceiling::leave(Peer& peer) {
  if (peer.place == SIZE_MAX) return;
  std::vector<Peer*>& members = members_[peer.stage == Stage::kWebSocket ? 0 : peer.stage == Stage::kSse ? 1 : 2];
  members[peer.place] = members.back();
  members[peer.place]->place = peer.place;
  members.pop_back();
  peer.place = SIZE_MAX;
}

std::string Ceiling::unitOf(Stage stage, std::string_view text, size_t& seqAt) const {
  std::string unit;
  if (stage == Stage::kTelnet) {
    unit.append("Guest says: ").append(text);
    pad(unit, unitBytes_ - 2, unit.size());
    return unit.append("\r\n");
  }
  if (stage == Stage::kSse) {
    unit.append("id: 1.").append(kFixedSeq).append("\nevent: output\ndata: {\"text\":\"Guest says: ").append(text);
    pad(unit, unitBytes_ - 4, unit.size());
    seqAt = 6;
    return unit.append("\"}\n\n");
  }
  std::string json = "{\"type\":\"event\",\"seq\":";
  json.append(kFixedSeq).append(",\"event\":\"output\",\"payload\":{\"text\":\"Guest says: ").append(text);
  const size_t headerBytes = unitBytes_ > 129 ? 4 : 2;
  pad(json, unitBytes_ - headerBytes - 3, json.size());
  json.append("\"}}");
  unit = serverFrame(1, json);
  seqAt = unit.find(kFixedSeq);
  return unit;
}

void Ceiling::fanOut(const Peer& from, std::string_view text) {
  constexpr Stage kStages[] = {Stage::kWebSocket, Stage::kSse, Stage::kTelnet};
  for (size_t i = 0; i < 3; ++i) {
    if (members_[i].empty()) continue;
    size_t seqAt = 0;
    std::string unit = unitOf(kStages[i], text, seqAt);
    for (Peer* peer : members_[i]) {
      if (peer == &from) continue;
      if (i < 2) std::to_chars(unit.data() + seqAt, unit.data() + seqAt + kFixedSeq.size(), ++peer->seq);
      send(*peer, unit);
    }
  }
}

void Ceiling::send(Peer& peer, std::string_view bytes) {
  if (peer.fd < 0) return;
  size_t sent = 0;
  if (peer.unsent.empty()) {
    const ssize_t n = ::send(peer.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN) return;  // its end is read soon
    sent = n > 0 ? static_cast<size_t>(n) : 0;
  }
  if (sent == bytes.size()) return;
  peer.unsent.append(bytes.substr(sent));
  watch(peer);
}

void Ceiling::watch(Peer& peer) {
  epoll_event event{};
  event.events = EPOLLIN | (peer.unsent.empty() ? 0u : static_cast<uint32_t>(EPOLLOUT));
  event.data.fd = peer.fd;
  epoll_ctl(epollFd_, EPOLL_CTL_MOD, peer.fd, &event);
}

}  // namespace gw::bench
