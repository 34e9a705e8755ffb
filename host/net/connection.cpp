#include "net/connection.h"

#include <arpa/inet.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "net/connection_io.h"
#include "net/peer_address.h"
#include "net/tls.h"

namespace gw::net {

namespace {

[[noreturn]] void brokenInvariant(const char* what) {
  std::fprintf(stderr, "connection: %s\n", what);
  std::abort();
}

constexpr uint8_t kTcpClose = 7;  // TCP_CLOSE of the kernel's tcp_states.h

// Whether an empty send queue means that all of it has arrived, and not that it was thrown away.
bool isEmptyForGood(int fd, uint64_t wireBytes) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return false;
  return info.tcpi_state != kTcpClose || info.tcpi_bytes_acked >= wireBytes;
}

}  // namespace

Connection::Connection(EventLoop& loop, int fd, PeerAddress peer, const ConnectionLimits& limits,
                       std::unique_ptr<TlsSession> tls)
    : loop_(&loop),
      limits_(&limits),
      fd_(fd),
      tls_(std::move(tls)),
      peer_(std::move(peer)),
      timer_(
          loop.timers(), [](void* self) { static_cast<Connection*>(self)->onTimer(); }, this) {}

Connection::~Connection() {
  if (offering_) brokenInvariant("destroyed from within onBytes; use deleteLater()");
  if (watched_ && loop_ != nullptr) {  // detached ones are watched by nobody
    loop_->unwatch(fd_, *this);
    loop_->countConnections(-1);
  }
  if (flushTicket_ != kNoFlush) loop_->cancelFlush(flushTicket_);
  endHold();
  tls_.reset();
  if (fd_ >= 0) ::close(fd_);
}

void Connection::start(ConnectionHandler& handler) {
  handler_ = &handler;
  handshaking_ = tls_ != nullptr;
  armed_ = EPOLLIN | EPOLLRDHUP;
  loop_->watch(fd_, armed_, *this);
  watched_ = true;
  loop_->countConnections(1);
  if (handshaking_) timer_.setAfterMs(limits_->tlsHandshakeMs);
}

void Connection::setHandler(ConnectionHandler& handler) {
  handler_ = &handler;
  eofTold_ = false;
}

void Connection::kick() {
  kicked_ = true;
  scheduleTurnEnd();
}

void Connection::scheduleTurnEnd() {
  if (flushTicket_ == kNoFlush && loop_ != nullptr) flushTicket_ = loop_->requestFlush(*this);
}

void Connection::sendUnit(std::string_view head, const SharedBytes& body, std::string_view tail) {
  if (closing_ || aborted_) return;
  output_.appendUnit(loop_->scratch(), head, body, tail);
  const size_t queued = output_.bytes();
  if (queued > limits_->softBytes) {
    wasAboveSoft_ = true;
    // What the kernel will still take this turn does not count, up to as much again.
    const uint64_t bound = writeBlocked_ ? limits_->hardBytes : uint64_t{2} * limits_->hardBytes;
    if (queued > bound) return abort(CloseCause::kSlow, "output queue above its hard limit");
  }
  if (writeBlocked_) return;
  if (!patient_) return scheduleTurnEnd();
  if (flushTicket_ == kNoFlush && holdTicket_ == kNoFlush) holdTicket_ = loop_->requestHold(*this);
}

size_t Connection::unsentInKernel() const {
  int unsent = 0;
  if (fd_ < 0 || ioctl(fd_, SIOCOUTQ, &unsent) != 0 || unsent < 0) return 0;
  return static_cast<size_t>(unsent);
}

void Connection::trackAcknowledged() {
  if (tls_ != nullptr && records_ == nullptr) records_ = std::make_unique<OffsetLedger<uint64_t>>();
}

uint64_t Connection::acknowledgedBytes() {
  if (acknowledgedBytes_ == writtenBytes_) return acknowledgedBytes_;
  const uint64_t wire = tls_ ? tls_->wireBytes() : writtenBytes_;
  int unsent = 0;
  if (fd_ < 0 || ioctl(fd_, SIOCOUTQ, &unsent) != 0 || unsent < 0) return acknowledgedBytes_;
  if (unsent == 0 && !isEmptyForGood(fd_, wire)) return acknowledgedBytes_;
  const uint64_t arrived = wire - std::min<uint64_t>(wire, static_cast<uint64_t>(unsent));  // a FIN counts as one
  if (tls_ == nullptr) {
    acknowledgedBytes_ = std::max(acknowledgedBytes_, arrived);
  } else if (records_ != nullptr) {
    acknowledgedBytes_ = records_->settle(arrived).value_or(acknowledgedBytes_);
  }
  return acknowledgedBytes_;
}

bool Connection::hasPeerLeft() const {
  pollfd asked{fd_, POLLRDHUP, 0};
  return fd_ < 0 || (poll(&asked, 1, 0) > 0 && asked.revents != 0);
}

void Connection::pauseReading() {
  if (paused_ || closing_ || aborted_) return;
  paused_ = true;
  ConnectionIo(*this).rearm();
}

void Connection::resumeReading() {
  if (!paused_) return;
  paused_ = false;
  if (closing_ || aborted_) return;
  ConnectionIo(*this).rearm();
  if (!unread_.empty() || eofSeen_) kick();
}

void Connection::close(uint32_t graceMs) {
  if (aborted_ || closed_) return;
  const uint64_t end = loop_->nowNs() + uint64_t{graceMs} * 1'000'000;
  if (closing_) {
    graceEndNs_ = std::min(graceEndNs_, end);
  } else {
    closing_ = true;
    graceEndNs_ = end;
    paused_ = false;
    unread_ = std::string();  // frees: assigning "" would keep the capacity
  }
  timer_.setAtNs(graceEndNs_);
  if (watched_) ConnectionIo(*this).rearm();
  if (!writeBlocked_) scheduleTurnEnd();
}

void Connection::abort(CloseCause cause, std::string_view error) {
  if (aborted_ || closed_) return;
  aborted_ = true;
  closing_ = true;
  cause_ = cause;
  error_ = error;
  output_.clear(loop_->scratch());
  timer_.cancel();
  if (watched_) {
    loop_->unwatch(fd_, *this);
    loop_->countConnections(-1);
    watched_ = false;
  }
  scheduleTurnEnd();
}

void Connection::detach() {
  if (offering_) brokenInvariant("detached from within onBytes");
  if (watched_) {
    loop_->unwatch(fd_, *this);
    loop_->countConnections(-1);
  }
  if (flushTicket_ != kNoFlush) loop_->cancelFlush(flushTicket_);
  flushTicket_ = kNoFlush;
  endHold();
  keptDeadlineNs_ = timer_.isSet() ? timer_.deadlineNs() : 0;
  timer_.cancel();
  loop_ = nullptr;
}

void Connection::adopt(EventLoop& loop) {
  loop_ = &loop;
  timer_.rebind(loop.timers());
  if (keptDeadlineNs_ != 0) timer_.setAtNs(keptDeadlineNs_);
  if (watched_) {
    loop.watch(fd_, armed_, *this);
    loop.countConnections(1);
  }
  // Queued output, a kick or an abort may have been under way.
  scheduleTurnEnd();
}

PeerAddress Connection::local() const {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (fd_ < 0 || getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &length) != 0) return {};
  return peerAddressOf(address);
}

void Connection::onFdReady(uint32_t epollEvents) {
  ConnectionIo io(*this);
  if (handshaking_) return io.handshake();
  if ((epollEvents & EPOLLOUT) != 0) {
    writeBlocked_ = false;
    tlsWantsWrite_ = false;
    scheduleTurnEnd();
  }
  const uint32_t input = EPOLLIN | EPOLLRDHUP | EPOLLHUP | EPOLLERR;
  if ((epollEvents & input) != 0 || (epollEvents & EPOLLOUT) != 0) {
    if (finSent_ || (closing_ && (epollEvents & input) != 0)) {
      io.discard();
    } else if ((epollEvents & (EPOLLHUP | EPOLLERR)) != 0 && (armed_ & EPOLLIN) == 0) {
      // Reading is off but these two are always reported: without an end here the loop would spin.
      abort(CloseCause::kPeer, "connection reset by the peer");
    } else if ((epollEvents & input) != 0 || tls_ != nullptr) {
      io.read();
    }
  }
  if (watched_) io.rearm();
}

void Connection::onHoldEnd() {
  holdTicket_ = kNoFlush;
  scheduleTurnEnd();
}

void Connection::endHold() {
  if (holdTicket_ != kNoFlush) loop_->cancelHold(holdTicket_);
  holdTicket_ = kNoFlush;
}

void Connection::onTurnEnd() {
  flushTicket_ = kNoFlush;
  endHold();
  if (closed_) return;
  ConnectionIo io(*this);
  if (aborted_) return io.finish(cause_, error_);
  if (kicked_) {
    kicked_ = false;
    if (!closing_ && !paused_) {
      io.offerUnread();
      if (eofSeen_) io.tellEof();
    }
  }
  if (handshaking_) {
    if (closing_ && output_.isEmpty()) abort(CloseCause::kLocal, {});
  } else if (!writeBlocked_ && !aborted_) {
    io.flush();
  }
  if (watched_) io.rearm();
}

void Connection::onTimer() {
  ConnectionIo io(*this);
  if (closing_) {
    // Everything was said and only the peer's FIN is missing: that is a normal end.
    if (finSent_ || output_.isEmpty()) return abort(CloseCause::kLocal, {});
    return abort(CloseCause::kTimeout, "output left at the end of the goodbye's grace");
  }
  if (handshaking_) return abort(CloseCause::kTimeout, "TLS handshake deadline");
  io.checkStall();
}

}  // namespace gw::net
