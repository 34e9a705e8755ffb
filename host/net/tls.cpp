#include "net/tls.h"

#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cstring>
#include <mutex>

namespace gw::net {

namespace {

struct SslCtxDeleter {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using SslCtx = std::unique_ptr<SSL_CTX, SslCtxDeleter>;

// The first queued error as text; empties the queue.
std::string takeError() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return errno != 0 ? std::strerror(errno) : "unknown error";
  if (ERR_SYSTEM_ERROR(code)) return std::strerror(ERR_GET_REASON(code));
  const char* reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : "error " + std::to_string(code);
}

Error fileError(const char* what, const std::string& file) {
  const std::string why = takeError();
  return fail(ErrorCode::kInvalid, std::string("TLS ") + what + " " + file + ": " + why);
}

// A key file with a passphrase must fail, not ask on the terminal.
int refusePassphrase(char*, int, int, void*) { return -1; }

void setRules(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_mode(context,
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF |
                                   SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);  // tickets need no memory of ours
  SSL_CTX_set_default_passwd_cb(context, refusePassphrase);
  const unsigned char id[] = "gatehouse";
  SSL_CTX_set_session_id_context(context, id, sizeof id - 1);
}

Result<SslCtx> build(const TlsFiles& files) {
  ERR_clear_error();
  errno = 0;
  SslCtx context(SSL_CTX_new(TLS_server_method()));
  if (context == nullptr) return fail(ErrorCode::kInternal, "TLS: no context: " + takeError());
  setRules(context.get());
  if (SSL_CTX_use_certificate_chain_file(context.get(), files.certificateFile.c_str()) != 1) {
    return fileError("certificate", files.certificateFile);
  }
  if (SSL_CTX_use_PrivateKey_file(context.get(), files.keyFile.c_str(), SSL_FILETYPE_PEM) != 1) {
    return fileError("key", files.keyFile);
  }
  if (SSL_CTX_check_private_key(context.get()) != 1) return fileError("key", files.keyFile);
  if (!files.clientCaFile.empty()) {
    STACK_OF(X509_NAME)* names = SSL_load_client_CA_file(files.clientCaFile.c_str());
    if (names == nullptr) return fileError("client CA", files.clientCaFile);
    SSL_CTX_set_client_CA_list(context.get(), names);
    if (SSL_CTX_load_verify_locations(context.get(), files.clientCaFile.c_str(), nullptr) != 1) {
      return fileError("client CA", files.clientCaFile);
    }
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  return context;
}

// Clients resume across a renewal. Not with client certificates: a ticket would outlive a changed CA.
void keepTicketKeys(SSL_CTX* from, SSL_CTX* to) {
  unsigned char keys[256];
  const long size = SSL_CTX_get_tlsext_ticket_keys(from, nullptr, 0);
  if (size <= 0 || size > static_cast<long>(sizeof keys)) return;
  if (SSL_CTX_get_tlsext_ticket_keys(from, keys, static_cast<int>(size)) == 1) {
    SSL_CTX_set_tlsext_ticket_keys(to, keys, static_cast<int>(size));
  }
  OPENSSL_cleanse(keys, sizeof keys);
}

}  // namespace

struct TlsContext::State {
  TlsFiles files;
  std::mutex mutex;
  SslCtx current;  // guarded by mutex; sessions hold references of their own
};

TlsContext::~TlsContext() = default;

Result<std::shared_ptr<TlsContext>> TlsContext::load(const TlsFiles& files) {
  Result<SslCtx> built = build(files);
  if (!built) return built.error();
  std::shared_ptr<TlsContext> context(new TlsContext);
  context->state_ = std::make_shared<State>();
  context->state_->files = files;
  context->state_->current = std::move(*built);
  return context;
}

Result<void> TlsContext::reload() {
  Result<SslCtx> built = build(state_->files);
  if (!built) return built.error();
  std::lock_guard lock(state_->mutex);
  if (state_->files.clientCaFile.empty()) keepTicketKeys(state_->current.get(), built->get());
  std::swap(state_->current, *built);
  return {};
}

std::unique_ptr<TlsSession> TlsContext::newSession(int fd) {
  SSL* ssl = nullptr;
  {
    std::lock_guard lock(state_->mutex);
    ssl = SSL_new(state_->current.get());
  }
  if (ssl == nullptr || SSL_set_fd(ssl, fd) != 1) {
    SSL_free(ssl);
    return nullptr;
  }
  SSL_set_accept_state(ssl);
  return std::make_unique<TlsSession>(ssl);
}

TlsSession::~TlsSession() { SSL_free(ssl_); }

TlsSession::Io TlsSession::ioOf(int returned) {
  const int systemError = errno;
  switch (SSL_get_error(ssl_, returned)) {
    case SSL_ERROR_NONE:
      return Io::kOk;
    case SSL_ERROR_WANT_READ:
      return Io::kWantRead;
    case SSL_ERROR_WANT_WRITE:
      return Io::kWantWrite;
    case SSL_ERROR_ZERO_RETURN:
      return Io::kEof;
    case SSL_ERROR_SYSCALL:
      isBroken_ = true;
      error_ = takeError();
      // A peer that vanished is no fault of the protocol.
      return systemError == 0 || systemError == ECONNRESET || systemError == EPIPE ? Io::kEof : Io::kError;
    default:
      isBroken_ = true;
      error_ = takeError();
      return Io::kError;
  }
}

TlsSession::Io TlsSession::handshake() {
  ERR_clear_error();
  errno = 0;
  return ioOf(SSL_do_handshake(ssl_));
}

TlsSession::Io TlsSession::read(char* out, size_t capacity, size_t& got) {
  ERR_clear_error();
  errno = 0;
  const int n = SSL_read(ssl_, out, static_cast<int>(std::min<size_t>(capacity, INT_MAX)));
  got = n > 0 ? static_cast<size_t>(n) : 0;
  return n > 0 ? Io::kOk : ioOf(n);
}

TlsSession::Io TlsSession::write(const char* bytes, size_t size, size_t& written) {
  ERR_clear_error();
  errno = 0;
  const int n = SSL_write(ssl_, bytes, static_cast<int>(std::min<size_t>(size, INT_MAX)));
  written = n > 0 ? static_cast<size_t>(n) : 0;
  return n > 0 ? Io::kOk : ioOf(n);
}

TlsSession::Io TlsSession::shutdown() {
  if (isBroken_ || SSL_in_init(ssl_)) return Io::kEof;
  ERR_clear_error();
  errno = 0;
  const int n = SSL_shutdown(ssl_);
  return n >= 0 ? Io::kOk : ioOf(n);
}

uint64_t TlsSession::wireBytes() const { return BIO_number_written(SSL_get_wbio(ssl_)); }

size_t TlsSession::pending() const { return static_cast<size_t>(std::max(SSL_pending(ssl_), 0)); }

}  // namespace gw::net
