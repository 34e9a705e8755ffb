#pragma once
// ConnectionIo: the transport half of a Connection, split from its public calls: reading, flushing,
// saying goodbye. Internal to net/.

#include "net/connection.h"

namespace gw::net {

struct ConnectionIo {
  explicit ConnectionIo(Connection& connection) : c(connection) {}

  void handshake();
  /// One read into the loop's buffer, offered to the handler.
  void read();
  /// While closing: throws input away until EOF.
  void discard();
  void offer(std::string_view bytes);
  void offerUnread();
  void tellEof();
  void flush();
  /// Flushed while closing: close_notify, FIN.
  void sendFin();
  /// Watches what the state asks for; a call without a change costs nothing.
  void rearm();
  void checkStall();
  void finish(CloseCause cause, std::string_view error);

 private:
  bool readSome(char* out, size_t capacity, size_t& got);
  void keepUnread(std::string_view bytes, size_t consumed);
  ssize_t writeOnce(size_t& asked);
  bool flushPlain();
  bool flushTls();
  void noteWritten(size_t bytes);
  void noteBlocked();

  Connection& c;
};

}  // namespace gw::net
