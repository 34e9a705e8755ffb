#pragma once
// Connection: one socket (perhaps TLS) on one loop; bytes in, an output queue with watermarks out.
//
// Thread: its loop only. Ownership: the handler's owner holds the unique_ptr; when a connection is
// done it calls onClosed once, and the owner then drops it with loop.deleteLater().
// Invariants
//  1. Input: read into the loop's shared buffer; only what the handler did not consume is kept here
//     (bounded by Limits::unreadBytes; at the bound reading pauses, never drops).
//  2. Output: units are indivisible and FIFO; one flush per turn (writev, or send for one segment).
//     Units up to 1 KiB are copied together, larger bodies are shared.
//  3. Memory of an idle connection: this object and the kernel's; no buffers.
//  4. Calls of the handler never nest: kick(), abort() and close() act at the end of the turn.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "net/event_loop.h"
#include "net/offset_ledger.h"
#include "net/output_queue.h"
#include "net/shared_bytes.h"
#include "net/tls.h"

namespace gw::net {

class Connection;

enum class CloseCause {
  kLocal,    // close() was asked for, everything was flushed and FIN was sent
  kPeer,     // EOF or reset by the peer
  kTimeout,  // TLS handshake deadline, or output left at the end of close()'s grace
  kSlow,     // hard limit of the queue, or no progress for stallMs
  kError,    // socket or TLS error
};

class ConnectionHandler {
 public:
  /// New bytes behind what was left, all of it contiguous. Returns how many were consumed; the rest
  /// is offered again with the next bytes, by kick() or by resumeReading().
  virtual size_t onBytes(Connection& connection, std::string_view bytes) = 0;
  /// The peer finished sending; output may still be written. Called after the last onBytes (but
  /// kick() still offers what was left). While reading is paused it waits.
  virtual void onEof(Connection& connection) = 0;
  /// The queue fell below the low watermark after having been above the soft limit.
  virtual void onWritable(Connection& connection) = 0;
  /// The last call. error: a short text for logs, may be empty.
  virtual void onClosed(Connection& connection, CloseCause cause, std::string_view error) = 0;

 protected:
  ~ConnectionHandler() = default;
};

struct ConnectionLimits {
  uint32_t unreadBytes = 256 * 1024;
  uint32_t softBytes = 1 << 20;    // isAboveSoft()
  uint32_t lowBytes = 256 * 1024;  // onWritable below it
  uint32_t hardBytes = 4 << 20;    // closed as kSlow above it
  uint32_t stallMs = 30'000;       // closed as kSlow without write progress
  uint32_t tlsHandshakeMs = 10'000;
};

struct PeerAddress {
  std::string ip;  // "203.0.113.9" or "2001:db8::1"; IPv4-mapped IPv6 is shown as IPv4
  uint16_t port = 0;
  std::string toString() const;  // "ip:port" / "[ip]:port"
  /// What per-address limits count: IPv4 /32, IPv6 /64.
  std::string limitKey() const;
};

class Connection final : private FdHandler {
 public:
  /// Takes the (non-blocking) socket. tls: null for plaintext. limits must outlive it (setLimits()).
  Connection(EventLoop& loop, int fd, PeerAddress peer, const ConnectionLimits& limits,
             std::unique_ptr<TlsSession> tls);
  ~Connection();

  /// Starts watching (and the TLS handshake). The handler may be exchanged at any time (HTTP front →
  /// stream); left-over input is offered to the new one by kick().
  void start(ConnectionHandler& handler);
  /// A new handler is told of an EOF that its predecessor has seen, after kick().
  void setHandler(ConnectionHandler& handler);
  void setLimits(const ConnectionLimits& limits) { limits_ = &limits; }
  /// Offers unread input again at the end of this turn, unless reading is paused.
  void kick();

  void send(std::string_view bytes) { sendUnit(bytes, SharedBytes(), {}); }
  void sendUnit(std::string_view head, const SharedBytes& body, std::string_view tail);
  /// While true, what is sent may wait a moment (EventLoop::requestHold) to leave with later output.
  void setPatient(bool patient) { patient_ = patient; }
  size_t queuedBytes() const { return output_.bytes(); }
  bool isAboveSoft() const { return output_.bytes() > limits_->softBytes; }
  /// Received and not yet consumed by the handler.
  size_t unreadBytes() const { return unread_.size(); }
  /// Bytes handed to the kernel so far (plaintext count).
  uint64_t writtenBytes() const { return writtenBytes_; }
  /// What writtenBytes() will be once everything that was sent so far is written.
  uint64_t sentBytes() const { return writtenBytes_ + output_.bytes(); }
  /// With TLS: from now on it is kept which record of the wire ended where (plaintext needs nothing).
  void trackAcknowledged();
  /// Of writtenBytes(), how many the peer's kernel surely has: what was written less SIOCOUTQ; with TLS
  /// the plaintext of the records that it has wholly, 0 unless tracked. Never falls, never too high:
  /// once the connection is down (reset, timed out) an empty queue is believed only if TCP has counted
  /// as many acknowledged bytes, else the last answer stays. Good until the object's end, after FIN too.
  /// A system call or two.
  uint64_t acknowledgedBytes();
  uint64_t readBytes() const { return readBytes_; }
  size_t unsentInKernel() const;  // written and not acknowledged, in bytes of the wire; 0 when unknown
  /// The peer has reset the connection or finished sending, though what it sent before may still be unread.
  /// A system call.
  bool hasPeerLeft() const;

  void pauseReading();
  void resumeReading();

  /// Flushes, sends FIN (close_notify first), discards input until EOF or graceMs, then onClosed(kLocal).
  /// Nothing but onClosed is called from now on; later sends are ignored. Again: shortens the grace.
  void close(uint32_t graceMs);
  /// Drops the queue and closes now; onClosed(cause) follows at the end of the turn.
  void abort(CloseCause cause, std::string_view error);
  bool isClosing() const { return closing_; }
  bool isStarted() const { return watched_; }

  /// Leaves this loop with fd, TLS, unread input, queue and timers; adopt() on the other loop (posted
  /// there). Between the two nobody may touch it. Not from within onBytes (aborts): what it consumes is
  /// not known yet; use loop.atTurnEnd().
  void detach();
  void adopt(EventLoop& loop);

  EventLoop& loop() { return *loop_; }
  const PeerAddress& peer() const { return peer_; }
  /// A trusted proxy has said who its client is.
  void setPeer(PeerAddress client) { peer_ = std::move(client); }
  PeerAddress local() const;  // getsockname
  bool isTls() const { return tls_ != nullptr; }
  int fd() const { return fd_; }

 private:
  friend struct ConnectionIo;  // connection_io.cpp: reading, flushing, lingering
  void onFdReady(uint32_t epollEvents) override;
  void onTurnEnd() override;
  void onHoldEnd() override;
  void endHold();
  void onTimer();
  void scheduleTurnEnd();

  static constexpr size_t kNoFlush = static_cast<size_t>(-1);

  // First what every write touches, so that it is in two cache lines.
  EventLoop* loop_;
  ConnectionHandler* handler_ = nullptr;
  const ConnectionLimits* limits_;
  int fd_;
  uint32_t armed_ = 0;  // what epoll watches now
  bool closing_ = false;
  bool watched_ = false;
  bool handshaking_ = false;
  bool offering_ = false;  // onBytes is on the stack
  bool paused_ = false;
  bool kicked_ = false;
  bool readMore_ = false;  // input below unreadBytes may wait again
  bool eofSeen_ = false;
  bool eofTold_ = false;
  bool writeBlocked_ = false;   // the kernel took no more: wait for EPOLLOUT
  bool tlsWantsWrite_ = false;  // the handshake or a read has to write first
  bool wasAboveSoft_ = false;
  bool patient_ = false;
  bool finSent_ = false;
  bool aborted_ = false;
  bool closed_ = false;  // onClosed was called
  CloseCause cause_ = CloseCause::kLocal;
  size_t flushTicket_ = kNoFlush;
  size_t holdTicket_ = kNoFlush;
  std::unique_ptr<TlsSession> tls_;
  OutputQueue output_;
  uint64_t writtenBytes_ = 0;
  uint64_t readBytes_ = 0;
  uint64_t acknowledgedBytes_ = 0;                   // the last answer
  std::unique_ptr<OffsetLedger<uint64_t>> records_;  // TLS and tracked: end on the wire -> plaintext so far
  uint64_t progressNs_ = 0;                          // when the kernel or the peer last took something
  size_t unsentAtProgress_ = 0;                      // what SIOCOUTQ said then
  uint64_t graceEndNs_ = 0;
  uint64_t keptDeadlineNs_ = 0;  // the timer's, between detach() and adopt(); 0: not set
  PeerAddress peer_;
  std::string unread_;
  std::string error_;
  Timer timer_;  // handshake, then stall, then grace: never two at once
};

}  // namespace gw::net
