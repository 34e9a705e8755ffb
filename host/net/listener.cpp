#include "net/listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <optional>
#include <utility>

#include "base/log.h"
#include "net/peer_address.h"
#include "net/proxy_gate.h"
#include "net/timer_queue.h"

namespace gw::net {

namespace {

constexpr int kBacklog = 1024;
constexpr int kAcceptBatch = 16;  // then the other fds of the loop, and the other loops, get their turn
constexpr uint64_t kPauseMs = 100;
constexpr int kKeepAliveIdleS = 120;
constexpr int kKeepAliveIntervalS = 20;
constexpr int kPortTries = 16;

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;
};

std::optional<SocketAddress> parseAddress(const std::string& host, uint16_t port) {
  SocketAddress out;
  auto& v4 = reinterpret_cast<sockaddr_in&>(out.storage);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(out.storage);
  if (inet_pton(AF_INET, host.c_str(), &v4.sin_addr) == 1) {
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    out.length = sizeof v4;
    return out;
  }
  if (inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) == 1) {
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    out.length = sizeof v6;
    return out;
  }
  return std::nullopt;
}

void set(int fd, int level, int option, int value) { setsockopt(fd, level, option, &value, sizeof value); }

// Linux hands these on to accepted sockets: set once here instead of four system calls per accept.
void setInherited(int fd, const SocketOptions& options) {
  set(fd, SOL_SOCKET, SO_SNDBUF, options.sendBufferBytes);
  set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
  set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, options.userTimeoutMs);
  set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set(fd, IPPROTO_TCP, TCP_KEEPIDLE, kKeepAliveIdleS);
  set(fd, IPPROTO_TCP, TCP_KEEPINTVL, kKeepAliveIntervalS);
}

// The socket, or -errno.
int bindOne(const SocketAddress& address, const SocketOptions& options) {
  const int fd = socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return -errno;
  set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  if (address.storage.ss_family == AF_INET6) set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
  setInherited(fd, options);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address.storage), address.length) == 0 &&
      listen(fd, kBacklog) == 0) {
    return fd;
  }
  const int error = errno;
  close(fd);
  return -error;
}

uint16_t portOf(int fd) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
  return peerAddressOf(address).port;
}

Error bindError(const std::string& name, const PeerAddress& where, int error) {
  const std::string prefix = "listener " + name + ": " + where.toString() + " ";
  switch (error) {
    case EADDRINUSE:
      return fail(ErrorCode::kConflict, prefix + "is in use by another program");
    case EACCES:
    case EPERM:
      return fail(ErrorCode::kForbidden, prefix + "may not be bound by this user (privileged port?)");
    case EADDRNOTAVAIL:
      return fail(ErrorCode::kInvalid, prefix + "is not an address of this machine");
    default:
      return fail(ErrorCode::kUnavailable, prefix + "cannot be bound: " + std::strerror(error));
  }
}

bool isIpv6Missing(const std::string& host, int error) {
  return host.find(':') != std::string::npos && (error == EADDRNOTAVAIL || error == EAFNOSUPPORT);
}

struct Sockets {
  std::vector<int> fds;
  ~Sockets() {
    for (int fd : fds) close(fd);
  }
};

// Counts down as its copies disappear, so that a task that is dropped unrun also counts.
class Arrival {
 public:
  Arrival() : state_(std::make_shared<State>()) {}
  std::shared_ptr<void> ticket() {
    ++state_->open;
    return {nullptr, [state = state_](void*) {
              std::lock_guard lock(state->mutex);
              --state->open;
              state->changed.notify_all();
            }};
  }
  void wait() {
    std::unique_lock lock(state_->mutex);
    state_->changed.wait(lock, [this] { return state_->open == 0; });
  }

 private:
  struct State {
    std::mutex mutex;
    std::condition_variable changed;
    std::atomic<size_t> open{0};
  };
  std::shared_ptr<State> state_;
};

}  // namespace

struct Listener::State {
  // One per loop and socket. [loop]
  class Acceptor final : public FdHandler {
   public:
    Acceptor(EventLoop& loop, int fd, std::shared_ptr<const Sink> sink, std::atomic<uint64_t>& errors)
        : loop_(loop),
          fd_(fd),
          sink_(std::move(sink)),
          errors_(errors),
          pause_(
              loop.timers(), [](void* self) { static_cast<Acceptor*>(self)->watch(); }, this) {
      watch();
    }
    ~Acceptor() {
      if (!pause_.isSet()) loop_.unwatch(fd_, *this);
    }

   private:
    // Exclusive: one connection wakes one loop.
    void watch() { loop_.watch(fd_, EPOLLIN | EPOLLEXCLUSIVE, *this); }
    void onFdReady(uint32_t) override;

    EventLoop& loop_;
    const int fd_;
    std::shared_ptr<const Sink> sink_;
    std::atomic<uint64_t>& errors_;
    Timer pause_;
  };

  struct Entrance {
    std::unique_ptr<ProxyGate> gate;  // null: sockets go to the sink as they come
    std::vector<std::unique_ptr<Acceptor>> acceptors;
  };
  void openEntrance(size_t loopIndex, const std::shared_ptr<const Sink>& sink);

  std::string name;
  uint16_t port = 0;
  Sockets sockets;
  std::shared_ptr<ProxyRules> proxy;  // null: no PROXY headers here
  std::vector<EventLoop*> loops;      // [control] that accept
  std::vector<Entrance> perLoop;      // [i] is touched by loops[i] alone
  std::atomic<uint64_t> errors{0};
};

// [loop]
void Listener::State::openEntrance(size_t loopIndex, const std::shared_ptr<const Sink>& sink) {
  Entrance& entrance = perLoop[loopIndex];
  EventLoop& loop = *loops[loopIndex];
  auto taker = sink;
  if (proxy) {
    entrance.gate = std::make_unique<ProxyGate>(loop, proxy, sink);
    taker = std::make_shared<const Sink>(
        [gate = entrance.gate.get()](EventLoop&, int fd, PeerAddress peer) { gate->take(fd, std::move(peer)); });
  }
  for (int fd : sockets.fds) entrance.acceptors.push_back(std::make_unique<Acceptor>(loop, fd, taker, errors));
}

void Listener::State::Acceptor::onFdReady(uint32_t) {
  for (int i = 0; i < kAcceptBatch; ++i) {
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    const int fd = accept4(fd_, reinterpret_cast<sockaddr*>(&address), &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      (*sink_)(loop_, fd, peerAddressOf(address));
      continue;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) return;
    if (errno == EINTR) continue;
    const int error = errno;
    errors_.fetch_add(1, std::memory_order_relaxed);
    if (error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM) {
      // The connection stays in the backlog and would be reported at once, for ever.
      loop_.unwatch(fd_, *this);
      pause_.setAfterMs(kPauseMs);
      return;
    }
    // ECONNABORTED and the like: that client has gone, the next may be fine.
  }
}

Listener::Listener(std::unique_ptr<State> state) : state_(std::move(state)) {}

Listener::~Listener() { stopAccepting(); }

Result<std::unique_ptr<Listener>> Listener::bind(const std::string& name, const ListenAddress& address,
                                                 const SocketOptions& options) {
  if (address.hosts.empty()) return fail(ErrorCode::kInvalid, "listener " + name + ": no address");
  for (int attempt = 0;; ++attempt) {
    auto state = std::make_unique<State>();
    state->name = name;
    state->port = address.port;
    std::optional<Error> error;
    bool isRetried = false;
    for (const std::string& host : address.hosts) {
      const auto where = parseAddress(host, state->port);
      if (!where) return fail(ErrorCode::kInvalid, "listener " + name + ": \"" + host + "\" is not an IP address");
      const int fd = bindOne(*where, options);
      if (fd >= 0) {
        state->sockets.fds.push_back(fd);
        if (state->port == 0) state->port = portOf(fd);
        continue;
      }
      if (isIpv6Missing(host, -fd) && address.hosts.size() > 1) {
        log::warn("net.listener", "this machine has no such IPv6 address; going on without",
                  {{"listener", name}, {"address", host}});
        continue;
      }
      error = bindError(name, PeerAddress{host, state->port}, -fd);
      // The port that one family gave freely may be taken in the other: any other will do.
      isRetried = -fd == EADDRINUSE && address.port == 0 && attempt + 1 < kPortTries;
      break;
    }
    if (isRetried) continue;
    if (error) return *error;
    if (state->sockets.fds.empty()) return bindError(name, PeerAddress{address.hosts[0], address.port}, EADDRNOTAVAIL);
    return std::unique_ptr<Listener>(new Listener(std::move(state)));
  }
}

uint16_t Listener::port() const { return state_->port; }

const std::string& Listener::name() const { return state_->name; }

uint64_t Listener::acceptErrors() const { return state_->errors.load(std::memory_order_relaxed); }

void Listener::requireProxyHeader(std::shared_ptr<ProxyRules> rules) { state_->proxy = std::move(rules); }

void Listener::startAccepting(const std::vector<EventLoop*>& loops, Sink sink) {
  stopAccepting();
  State& state = *state_;
  state.loops = loops;
  state.perLoop.resize(loops.size());
  const auto shared = std::make_shared<const Sink>(std::move(sink));
  Arrival arrival;
  for (size_t i = 0; i < loops.size(); ++i) {
    loops[i]->post([&state, i, shared, ticket = arrival.ticket()] { state.openEntrance(i, shared); });
  }
  arrival.wait();
}

void Listener::stopAccepting() {
  State& state = *state_;
  Arrival arrival;
  for (size_t i = 0; i < state.loops.size(); ++i) {
    state.loops[i]->post([&state, i, ticket = arrival.ticket()] { state.perLoop[i] = {}; });
  }
  arrival.wait();
  state.loops.clear();
  state.perLoop.clear();
}

}  // namespace gw::net
