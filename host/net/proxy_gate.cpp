#include "net/proxy_gate.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/log.h"
#include "net/proxy_header.h"

namespace gw::net {

/// One socket whose header is not complete.
class ProxyGate::Waiting final : public FdHandler {
 public:
  Waiting(ProxyGate& owner, int fd, PeerAddress from)
      : peer(std::move(from)),
        gate_(owner),
        fd_(fd),
        timer_(
            owner.loop_.timers(),
            [](void* self) {
              auto& late = *static_cast<Waiting*>(self);
              late.gate_.onLate(late);
            },
            this) {
    gate_.rules_->waiting.fetch_add(1, std::memory_order_relaxed);
    gate_.loop_.watch(fd_, EPOLLIN, *this);
    timer_.setAfterMs(gate_.rules_->headerMs);
  }
  ~Waiting() {
    if (fd_ >= 0) ::close(giveAway());
  }

  bool isOpen() const { return fd_ >= 0; }
  /// Stops watching; the socket is the caller's now.
  int giveAway() {
    timer_.cancel();
    gate_.loop_.unwatch(fd_, *this);
    gate_.rules_->waiting.fetch_sub(1, std::memory_order_relaxed);
    return std::exchange(fd_, -1);
  }

  enum class Seen { kNothingYet, kBytes, kEnd };
  /// Takes what is there of the header out of the socket, and nothing else.
  Seen read() {
    char bytes[ProxyHeaderParser::kMaxV2Bytes];
    const ssize_t there = recv(fd_, bytes, sizeof bytes, MSG_PEEK);
    if (there == 0) return Seen::kEnd;
    if (there < 0) {
      const bool isThereMore = errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR;
      return isThereMore ? Seen::kNothingYet : Seen::kEnd;
    }
    const size_t used = parser.feed({bytes, static_cast<size_t>(there)});
    const ssize_t taken = recv(fd_, bytes, used, 0);
    return taken == static_cast<ssize_t>(used) ? Seen::kBytes : Seen::kEnd;
  }

  const PeerAddress peer;
  ProxyHeaderParser parser;

 private:
  void onFdReady(uint32_t) override { gate_.advance(*this); }

  ProxyGate& gate_;
  int fd_;
  Timer timer_;
};

ProxyGate::ProxyGate(EventLoop& loop, std::shared_ptr<ProxyRules> rules, std::shared_ptr<const Sink> sink)
    : loop_(loop), rules_(std::move(rules)), sink_(std::move(sink)) {}

ProxyGate::~ProxyGate() = default;

void ProxyGate::take(int fd, PeerAddress peer) {
  const bool isTrusted = rules_->trusted.contains(peer.ip);
  if (!isTrusted || rules_->waiting.load(std::memory_order_relaxed) >= rules_->maxWaiting) {
    note(isTrusted ? ProxyRefusal::kCrowded : ProxyRefusal::kUntrusted, peer,
         isTrusted ? "too many sockets wait for their PROXY header" : "it is not in trustedProxies");
    ::close(fd);
    return;
  }
  auto made = std::make_unique<Waiting>(*this, fd, std::move(peer));
  Waiting& waiting = *made;
  waiting_.emplace(&waiting, std::move(made));
  advance(waiting);  // the header usually comes with the connection
}

void ProxyGate::advance(Waiting& waiting) {
  switch (waiting.read()) {
    case Waiting::Seen::kNothingYet:
      return;
    case Waiting::Seen::kEnd:
      // A load balancer's probe connects and leaves: nobody was refused.
      if (waiting.parser.isIdle()) return forget(waiting);
      return refuse(waiting, ProxyRefusal::kInvalid, "closed within the PROXY header");
    case Waiting::Seen::kBytes:
      break;
  }
  if (waiting.parser.state() == ProxyHeaderParser::State::kComplete) return pass(waiting);
  if (waiting.parser.state() == ProxyHeaderParser::State::kFailed) {
    refuse(waiting, ProxyRefusal::kInvalid, waiting.parser.error());
  }
}

void ProxyGate::onLate(Waiting& waiting) { refuse(waiting, ProxyRefusal::kLate, "no complete PROXY header in time"); }

void ProxyGate::pass(Waiting& waiting) {
  PeerAddress client = waiting.parser.source().value_or(waiting.peer);
  const int fd = waiting.giveAway();
  forget(waiting);
  (*sink_)(loop_, fd, std::move(client));
}

void ProxyGate::refuse(Waiting& waiting, ProxyRefusal why, std::string_view text) {
  note(why, waiting.peer, text);
  forget(waiting);
}

void ProxyGate::note(ProxyRefusal why, const PeerAddress& peer, std::string_view text) {
  rules_->counts->count(why);
  const auto heldBack = rules_->logged[static_cast<size_t>(why)].pass(loop_.nowNs());
  if (!heldBack) return;
  log::warn("net.proxy", "a connection to a listener with proxyProtocol was refused",
            {{"listener", rules_->listener}, {"peer", peer.toString()}, {"why", text}, {"heldBack", *heldBack}});
}

// Its own code may be on the stack: destroyed after this turn, its socket closed now.
void ProxyGate::forget(Waiting& waiting) {
  auto node = waiting_.extract(&waiting);
  if (waiting.isOpen()) ::close(waiting.giveAway());
  loop_.deleteLater(std::move(node.mapped()));
}

}  // namespace gw::net
