#include "net/connection_io.h"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "net/tls.h"

namespace gw::net {

namespace {

constexpr int kSegmentsPerWrite = 64;
constexpr int kWritesPerFlush = 16;

bool isWouldBlock(int error) { return error == EAGAIN || error == EWOULDBLOCK; }

bool isPeerGone(int error) { return error == ECONNRESET || error == EPIPE || error == ETIMEDOUT; }

CloseCause causeOf(int error) { return isPeerGone(error) ? CloseCause::kPeer : CloseCause::kError; }

}  // namespace

void ConnectionIo::handshake() {
  switch (c.tls_->handshake()) {
    case TlsSession::Io::kOk:
      c.handshaking_ = false;
      c.tlsWantsWrite_ = false;
      if (!c.closing_) c.timer_.cancel();
      c.scheduleTurnEnd();
      // The client's first bytes may have come with its last handshake message.
      if (!c.closing_ && !c.paused_) read();
      break;
    case TlsSession::Io::kWantRead:
      c.tlsWantsWrite_ = false;
      break;
    case TlsSession::Io::kWantWrite:
      c.tlsWantsWrite_ = true;
      break;
    case TlsSession::Io::kEof:
      return c.abort(CloseCause::kPeer, "closed during the TLS handshake");
    case TlsSession::Io::kError:
      return c.abort(CloseCause::kError, c.tls_->lastError());
  }
  if (c.watched_) rearm();
}

// False: the connection was aborted. got == 0 without EOF: nothing to read now.
bool ConnectionIo::readSome(char* out, size_t capacity, size_t& got) {
  got = 0;
  if (c.tls_ == nullptr) {
    const ssize_t n = recv(c.fd_, out, capacity, 0);
    if (n > 0) got = static_cast<size_t>(n);
    if (n == 0) c.eofSeen_ = true;
    if (n < 0 && !isWouldBlock(errno) && errno != EINTR) {
      c.abort(causeOf(errno), std::strerror(errno));
      return false;
    }
    return true;
  }
  // A record that OpenSSL has decrypted is no longer announced by epoll: read until none is left.
  const size_t end = capacity + IoScratch::kReadBufferBytes - IoScratch::kReadBytes;
  for (;;) {
    const size_t limit = got < capacity ? capacity - got : std::min(end - got, c.tls_->pending());
    if (limit == 0) return true;
    size_t part = 0;
    const TlsSession::Io io = c.tls_->read(out + got, limit, part);
    got += part;
    if (io == TlsSession::Io::kOk) continue;
    if (io == TlsSession::Io::kEof) c.eofSeen_ = true;
    if (io == TlsSession::Io::kWantWrite) c.tlsWantsWrite_ = true;
    if (io == TlsSession::Io::kError) {
      c.abort(CloseCause::kError, c.tls_->lastError());
      return false;
    }
    return true;
  }
}

void ConnectionIo::read() {
  if (c.paused_ || c.eofSeen_) return;
  const size_t room = c.limits_->unreadBytes - std::min<size_t>(c.limits_->unreadBytes, c.unread_.size());
  if (room == 0) return;
  char* buffer = c.loop_->scratch().readBuffer();
  size_t got = 0;
  if (!readSome(buffer, std::min(room, IoScratch::kReadBytes), got)) return;
  c.readBytes_ += got;
  if (got > 0) offer({buffer, got});
  if (c.eofSeen_ && !c.closing_ && !c.paused_) tellEof();
}

void ConnectionIo::discard() {
  char* buffer = c.loop_->scratch().readBuffer();
  // Below TLS: nobody wants what these bytes mean.
  const ssize_t n = recv(c.fd_, buffer, IoScratch::kReadBytes, 0);
  if (n > 0) {
    c.readBytes_ += static_cast<size_t>(n);
    return;
  }
  if (n < 0) {
    if (isWouldBlock(errno) || errno == EINTR) return;
    // After our FIN a reset says no more than that the peer does not wait for us.
    return c.abort(c.finSent_ ? CloseCause::kLocal : causeOf(errno), c.finSent_ ? "" : std::strerror(errno));
  }
  c.eofSeen_ = true;
  if (c.finSent_) c.abort(CloseCause::kLocal, {});
}

void ConnectionIo::keepUnread(std::string_view bytes, size_t consumed) {
  if (consumed >= bytes.size()) {
    c.unread_ = std::string();  // an idle connection keeps no buffer
  } else {
    c.unread_ = std::string(bytes.substr(consumed));
  }
}

void ConnectionIo::offer(std::string_view bytes) {
  if (!c.unread_.empty()) {
    c.unread_.append(bytes);
    return offerUnread();
  }
  c.offering_ = true;
  const size_t consumed = c.handler_->onBytes(c, bytes);
  c.offering_ = false;
  if (!c.closing_) keepUnread(bytes, consumed);
}

void ConnectionIo::offerUnread() {
  if (c.unread_.empty() || c.closing_) return;
  // Taken aside: the handler may close(), which frees unread_.
  std::string bytes = std::move(c.unread_);
  c.unread_.clear();
  c.offering_ = true;
  const size_t consumed = c.handler_->onBytes(c, bytes);
  c.offering_ = false;
  if (c.closing_) return;
  if (consumed == 0) {
    c.unread_ = std::move(bytes);
  } else {
    keepUnread(bytes, consumed);
  }
}

void ConnectionIo::tellEof() {
  if (c.eofTold_ || c.closing_ || c.paused_) return;
  c.eofTold_ = true;
  c.handler_->onEof(c);
}

void ConnectionIo::noteWritten(size_t bytes) {
  c.output_.consume(c.loop_->scratch(), bytes);
  c.writtenBytes_ += bytes;
  c.progressNs_ = c.loop_->nowNs();
  c.unsentAtProgress_ = 0;
}

void ConnectionIo::noteBlocked() {
  c.writeBlocked_ = true;
  if (c.closing_ || c.timer_.isSet()) return;
  c.progressNs_ = c.loop_->nowNs();
  c.unsentAtProgress_ = c.unsentInKernel();
  c.timer_.setAfterMs(c.limits_->stallMs);
}

// One system call. Little is gathered first: a plain send() of bytes that are in the cache costs less
// than an iovec of many small pieces.
ssize_t ConnectionIo::writeOnce(size_t& asked) {
  iovec iov[kSegmentsPerWrite];
  msghdr message{};
  message.msg_iov = iov;
  asked = c.output_.bytes();
  if (asked > IoScratch::kGatherBytes) {
    message.msg_iovlen = static_cast<size_t>(c.output_.segments(iov, kSegmentsPerWrite));
    asked = 0;
    for (size_t i = 0; i < message.msg_iovlen; ++i) asked += iov[i].iov_len;
    if (asked > IoScratch::kGatherBytes) return sendmsg(c.fd_, &message, MSG_NOSIGNAL);
  }
  char* buffer = c.loop_->scratch().gatherBuffer();
  asked = c.output_.copyFront(buffer, IoScratch::kGatherBytes);
  return send(c.fd_, buffer, asked, MSG_NOSIGNAL);
}

// Both: false when blocked or aborted, true when the queue is empty or the budget is used up.
bool ConnectionIo::flushPlain() {
  for (int writes = 0; !c.output_.isEmpty() && writes < kWritesPerFlush; ++writes) {
    size_t asked = 0;
    const ssize_t n = writeOnce(asked);
    if (n < 0) {
      if (errno == EINTR) continue;
      if (isWouldBlock(errno)) {
        noteBlocked();
      } else {
        c.abort(causeOf(errno), std::strerror(errno));
      }
      return false;
    }
    noteWritten(static_cast<size_t>(n));
    if (static_cast<size_t>(n) < asked) {
      // A short write: asking again would only earn EAGAIN.
      noteBlocked();
      return false;
    }
  }
  return true;
}

bool ConnectionIo::flushTls() {
  for (int writes = 0; !c.output_.isEmpty() && writes < kWritesPerFlush; ++writes) {
    // Small units share a TLS record: one each would cost 22 bytes and a system call.
    char* record = c.loop_->scratch().gatherBuffer();
    const size_t size = c.output_.copyFront(record, IoScratch::kGatherBytes);
    size_t written = 0;
    const TlsSession::Io io = c.tls_->write(record, size, written);
    if (written > 0) noteWritten(written);
    if (written > 0 && c.records_ != nullptr && c.records_->add(c.tls_->wireBytes(), c.writtenBytes_))
      c.acknowledgedBytes();  // which settles the records
    if (io == TlsSession::Io::kOk) continue;
    if (io == TlsSession::Io::kWantWrite || io == TlsSession::Io::kWantRead) {
      noteBlocked();
    } else {
      c.abort(io == TlsSession::Io::kEof ? CloseCause::kPeer : CloseCause::kError, c.tls_->lastError());
    }
    return false;
  }
  return true;
}

void ConnectionIo::flush() {
  if (!c.output_.isEmpty()) {
    const bool isFlushed = c.tls_ == nullptr ? flushPlain() : flushTls();
    if (c.aborted_) return;
    if (c.output_.bytes() > c.limits_->hardBytes) {
      return c.abort(CloseCause::kSlow, "output queue above its hard limit");
    }
    // The budget ended with output left: the kernel still takes more, the next turn goes on.
    if (isFlushed && !c.output_.isEmpty()) c.writeBlocked_ = true;
  }
  if (c.wasAboveSoft_ && c.output_.bytes() < c.limits_->lowBytes) {
    c.wasAboveSoft_ = false;
    if (!c.closing_) c.handler_->onWritable(c);
  }
  if (c.closing_ && !c.finSent_ && c.output_.isEmpty()) sendFin();
}

void ConnectionIo::sendFin() {
  if (c.tls_ != nullptr && c.tls_->shutdown() == TlsSession::Io::kWantWrite) {
    c.writeBlocked_ = true;
    return;
  }
  c.finSent_ = true;
  if (::shutdown(c.fd_, SHUT_WR) != 0 || c.eofSeen_) c.abort(CloseCause::kLocal, {});
}

void ConnectionIo::rearm() {
  if (!c.watched_) return;
  uint32_t wanted = 0;
  const bool hasRoom = c.unread_.size() < c.limits_->unreadBytes;
  const bool wantsInput = c.handshaking_ || c.closing_ || (!c.paused_ && hasRoom);
  if (!c.eofSeen_ && wantsInput) wanted |= EPOLLIN | EPOLLRDHUP;
  if (c.writeBlocked_ || c.tlsWantsWrite_) wanted |= EPOLLOUT;
  if (wanted == c.armed_) return;
  c.armed_ = wanted;
  c.loop_->rewatch(c.fd_, wanted, c);
}

void ConnectionIo::checkStall() {
  if (c.output_.isEmpty()) return;  // set again when the kernel takes no more
  const uint64_t stallNs = uint64_t{c.limits_->stallMs} * 1'000'000;
  const uint64_t now = c.loop_->nowNs();
  // A slow reader frees the kernel's buffer long before EPOLLOUT says so: that is progress too.
  const size_t unsent = c.unsentInKernel();
  if (c.unsentAtProgress_ != 0 && unsent < c.unsentAtProgress_) c.progressNs_ = now;
  c.unsentAtProgress_ = unsent;
  if (now >= c.progressNs_ + stallNs) return c.abort(CloseCause::kSlow, "no write progress");
  c.timer_.setAtNs(c.progressNs_ + stallNs);
}

void ConnectionIo::finish(CloseCause cause, std::string_view error) {
  c.closed_ = true;
  c.timer_.cancel();
  const std::string text(error);
  c.handler_->onClosed(c, cause, text);
}

}  // namespace gw::net
