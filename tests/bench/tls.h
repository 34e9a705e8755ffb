#pragma once
// TLS below a client's non-blocking socket. Thread: one.

#include <sys/types.h>

#include <cstddef>
#include <string>

typedef struct ssl_st SSL;
typedef struct ssl_ctx_st SSL_CTX;

namespace gw::bench {

/// What all clients have in common: servers must show a certificate for localhost that this authority signed.
class TlsContext {
 public:
  /// Throws std::runtime_error if the file has no certificate.
  explicit TlsContext(const std::string& authorityFile);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;
  SSL_CTX* get() const { return context_; }

 private:
  SSL_CTX* context_;
};

class TlsLayer {
 public:
  enum class Handshake : unsigned char { kDone, kWaits, kFailed };

  /// The socket stays the caller's.
  TlsLayer(const TlsContext& context, int fd);
  ~TlsLayer();
  TlsLayer(const TlsLayer&) = delete;
  TlsLayer& operator=(const TlsLayer&) = delete;

  /// Again whenever the socket is readable, until it no longer waits.
  Handshake handshake();
  /// As send(2) and recv(2) on such a socket, errno included; a whole record at most.
  ssize_t send(const char* bytes, size_t size);
  ssize_t receive(char* bytes, size_t size);
  /// Of the last call that failed.
  static std::string lastError();

 private:
  ssize_t resultOf(int done);

  SSL* ssl_;
};

}  // namespace gw::bench
