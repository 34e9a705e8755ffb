#pragma once
// A thin OpenSSL layer: TLS 1.2+, certificate and key by file, renewed without a restart.
// Rules: RELEASE_BUFFERS, PARTIAL_WRITE, MOVING_WRITE_BUFFER, NO_RENEGOTIATION; ERR_clear_error()
// before each call; socket BIO, so that kTLS stays open.

#include <memory>
#include <string>

#include "base/result.h"

typedef struct ssl_st SSL;
typedef struct ssl_ctx_st SSL_CTX;

namespace gw::net {

struct TlsFiles {
  std::string certificateFile;  // PEM, chain included
  std::string keyFile;          // PEM
  std::string clientCaFile;     // empty: no client certificates; else they are required
};

/// A listener's TLS material. reload() swaps it; running sessions keep theirs.
/// Thread: load and reload [control]; newSession [loop]; the current context is swapped atomically.
class TlsContext {
 public:
  /// Fails: kInvalid, naming the file and what is wrong with it (missing, unreadable, key mismatch).
  static Result<std::shared_ptr<TlsContext>> load(const TlsFiles& files);
  Result<void> reload();
  std::unique_ptr<class TlsSession> newSession(int fd);
  ~TlsContext();

 private:
  TlsContext() = default;
  struct State;
  std::shared_ptr<State> state_;
};

/// One connection's TLS. All calls [loop].
class TlsSession {
 public:
  enum class Io { kOk, kWantRead, kWantWrite, kEof, kError };
  explicit TlsSession(SSL* ssl) : ssl_(ssl) {}
  ~TlsSession();
  Io handshake();
  Io read(char* out, size_t capacity, size_t& got);
  Io write(const char* bytes, size_t size, size_t& written);
  Io shutdown();  // sends close_notify
  /// All that went to the socket so far: handshake, records, alerts. After a kOk write it ends with the
  /// record that held the last byte. (Not with kTLS, which is off.)
  uint64_t wireBytes() const;
  /// Bytes that are decrypted and not yet read: epoll does not announce them.
  size_t pending() const;
  /// What the last kError was, for logs; empty if there was none.
  std::string lastError() const { return error_; }

 private:
  Io ioOf(int returned);
  SSL* ssl_;
  bool isBroken_ = false;  // after a fatal error OpenSSL forbids further calls, shutdown included
  std::string error_;
};

}  // namespace gw::net
