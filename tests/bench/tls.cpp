#include "tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>

namespace gw::bench {
namespace {

constexpr size_t kMostAtOnce = 1 << 30;  // OpenSSL counts in int

int clamped(size_t size) { return static_cast<int>(std::min(size, kMostAtOnce)); }

}  // namespace

TlsContext::TlsContext(const std::string& authorityFile) : context_(SSL_CTX_new(TLS_client_method())) {
  SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_mode(context_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  if (SSL_CTX_load_verify_locations(context_, authorityFile.c_str(), nullptr) == 1) return;
  SSL_CTX_free(context_);
  throw std::runtime_error("no certificate in " + authorityFile);
}

TlsContext::~TlsContext() { SSL_CTX_free(context_); }

TlsLayer::TlsLayer(const TlsContext& context, int fd) : ssl_(SSL_new(context.get())) {
  SSL_set1_host(ssl_, "localhost");
  SSL_set_fd(ssl_, fd);
  SSL_set_connect_state(ssl_);
}

TlsLayer::~TlsLayer() { SSL_free(ssl_); }

TlsLayer::Handshake TlsLayer::handshake() {
  ERR_clear_error();
  const int done = SSL_do_handshake(ssl_);
  if (done == 1) return Handshake::kDone;
  return SSL_get_error(ssl_, done) == SSL_ERROR_WANT_READ ? Handshake::kWaits : Handshake::kFailed;
}

ssize_t TlsLayer::send(const char* bytes, size_t size) {
  ERR_clear_error();
  return resultOf(SSL_write(ssl_, bytes, clamped(size)));
}

ssize_t TlsLayer::receive(char* bytes, size_t size) {
  ERR_clear_error();
  return resultOf(SSL_read(ssl_, bytes, clamped(size)));
}

ssize_t TlsLayer::resultOf(int done) {
  if (done > 0) return done;
  switch (SSL_get_error(ssl_, done)) {
    case SSL_ERROR_ZERO_RETURN:
      return 0;
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      errno = EAGAIN;
      return -1;
    case SSL_ERROR_SYSCALL:
      return -1;  // errno is the socket's
    default:
      errno = EPROTO;
      return -1;
  }
}

std::string TlsLayer::lastError() {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  return reason ? reason : "the server ended the connection";
}

}  // namespace gw::bench
