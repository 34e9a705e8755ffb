#pragma once
// Certificates made on the spot and a blocking TLS client, for tests.

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <filesystem>
#include <string>

#include "unit/host/net/net_test.h"

namespace gw::net::test {

struct Identity {
  EVP_PKEY* key = nullptr;
  X509* certificate = nullptr;
  ~Identity() {
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
};

/// A P-256 certificate for `name`, signed by `issuer` or, if null, by itself.
inline void makeIdentity(Identity& out, const char* name, const Identity* issuer = nullptr) {
  out.key = EVP_EC_gen("P-256");
  out.certificate = X509_new();
  X509* x = out.certificate;
  X509_set_version(x, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(x), issuer == nullptr ? 1 : 2);
  X509_gmtime_adj(X509_getm_notBefore(x), -60);
  X509_gmtime_adj(X509_getm_notAfter(x), 3600);
  X509_set_pubkey(x, out.key);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(name),
                             -1, -1, 0);
  X509_set_issuer_name(x, X509_get_subject_name(issuer == nullptr ? x : issuer->certificate));
  if (issuer == nullptr) {
    X509_EXTENSION* ca = X509V3_EXT_conf_nid(nullptr, nullptr, NID_basic_constraints, "critical,CA:TRUE");
    X509_add_ext(x, ca, -1);
    X509_EXTENSION_free(ca);
  }
  X509_sign(x, issuer == nullptr ? out.key : issuer->key, EVP_sha256());
}

/// A folder of PEM files that goes with the test.
class PemFolder {
 public:
  PemFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "gw_tls_XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~PemFolder() { std::filesystem::remove_all(folder_); }
  std::string path(const std::string& name) const { return (folder_ / name).string(); }
  void write(const std::string& certificate, const std::string& key, const Identity& identity) const {
    FILE* file = std::fopen(path(certificate).c_str(), "w");
    PEM_write_X509(file, identity.certificate);
    std::fclose(file);
    file = std::fopen(path(key).c_str(), "w");
    PEM_write_PrivateKey(file, identity.key, nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(file);
  }

 private:
  std::filesystem::path folder_;
};

/// A TLS client on a non-blocking socket, moved along by the test between turns of the server's loop.
class TlsClient {
 public:
  explicit TlsClient(int fd, int maxVersion = 0, const Identity* identity = nullptr) : peer_(fd) {
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    context_ = SSL_CTX_new(TLS_client_method());
    if (maxVersion != 0) {
      SSL_CTX_set_security_level(context_, 0);
      SSL_CTX_set_min_proto_version(context_, TLS1_VERSION);
      SSL_CTX_set_max_proto_version(context_, maxVersion);
    }
    if (identity != nullptr) {
      SSL_CTX_use_certificate(context_, identity->certificate);
      SSL_CTX_use_PrivateKey(context_, identity->key);
    }
    ssl_ = SSL_new(context_);
    SSL_set_fd(ssl_, fd);
    SSL_set_connect_state(ssl_);
  }
  ~TlsClient() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
  }
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  Peer& peer() { return peer_; }
  SSL* ssl() { return ssl_; }
  /// Moves the handshake along; true once it is done. hasFailed() tells of an alert.
  bool handshake() { return judge(SSL_do_handshake(ssl_)) == 1; }
  std::string read() {
    std::string out(65536, '\0');
    const int n = judge(SSL_read(ssl_, out.data(), static_cast<int>(out.size())));
    out.resize(n > 0 ? static_cast<size_t>(n) : 0);
    return out;
  }
  /// Returns how much was taken.
  size_t write(std::string_view bytes) {
    const int n = judge(SSL_write(ssl_, bytes.data(), static_cast<int>(bytes.size())));
    return n > 0 ? static_cast<size_t>(n) : 0;
  }
  bool sawCloseNotify() const { return (SSL_get_shutdown(ssl_) & SSL_RECEIVED_SHUTDOWN) != 0; }
  bool hasFailed() const { return hasFailed_; }
  std::string serverName() const {
    X509* certificate = SSL_get1_peer_certificate(ssl_);
    if (certificate == nullptr) return {};
    char name[64] = "";
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof name);
    X509_free(certificate);
    return name;
  }

 private:
  int judge(int returned) {
    const int error = SSL_get_error(ssl_, returned);
    if (error == SSL_ERROR_SSL || error == SSL_ERROR_SYSCALL) hasFailed_ = true;
    ERR_clear_error();
    return returned;
  }
  Peer peer_;
  SSL_CTX* context_ = nullptr;
  SSL* ssl_ = nullptr;
  bool hasFailed_ = false;
};

}  // namespace gw::net::test
