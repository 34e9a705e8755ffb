#include "support/tls_client.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace gw::test {

TestCertificates::TestCertificates(int serial) {
  openssl({"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
           "/CN=test authority", "-keyout", "ca.key", "-out", "ca.pem"});
  issue(serial);
}

void TestCertificates::openssl(std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), "openssl");
  const Outcome made = run(std::move(arguments), folder_.path());
  if (made.exit != 0) throw std::runtime_error("openssl: " + made.err);
}

void TestCertificates::issue(int serial) {
  folder_.write("san", "subjectAltName=DNS:localhost,IP:127.0.0.1\n");
  openssl({"req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=localhost",
           "-keyout", "cert.key", "-out", "cert.csr"});
  openssl({"x509", "-req", "-in", "cert.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "2", "-set_serial",
           std::to_string(serial), "-extfile", "san", "-out", "cert.pem"});
}

TlsClient::TlsClient(uint16_t port, const std::string& authority, const TlsClientOptions& options)
    : socket_(port), context_(SSL_CTX_new(TLS_client_method())), ssl_(nullptr) {
  SSL_CTX_load_verify_locations(context_, authority.c_str(), nullptr);
  SSL_CTX_set_min_proto_version(context_, options.minimum ? options.minimum : TLS1_2_VERSION);
  if (options.maximum) SSL_CTX_set_max_proto_version(context_, options.maximum);
  SSL_CTX_set_security_level(context_, 0);
  ssl_ = SSL_new(context_);
  SSL_set_verify(ssl_, SSL_VERIFY_PEER, nullptr);
  SSL_set1_host(ssl_, "localhost");
  SSL_set_fd(ssl_, socket_.fd());
  if (!options.prologue.empty()) socket_.send(options.prologue);
  isOpen_ = SSL_connect(ssl_) == 1;
}

TlsClient::~TlsClient() {
  SSL_free(ssl_);
  SSL_CTX_free(context_);
}

void TlsClient::send(const std::string& text) { SSL_write(ssl_, text.data(), static_cast<int>(text.size())); }

bool TlsClient::receive(std::string& to, const Deadline& deadline) {
  if (!SSL_pending(ssl_) && !waitReadable(socket_.fd(), deadline)) throw std::runtime_error("timed out");
  std::string bytes(8192, '\0');
  const int n = SSL_read(ssl_, bytes.data(), static_cast<int>(bytes.size()));
  if (n > 0) to.append(bytes, 0, static_cast<size_t>(n));
  return n > 0;
}

void TlsClient::expect(const std::string& text) {
  const Deadline deadline(kPatience);
  while (text_.find(text) == std::string::npos) {
    std::string bytes;
    if (!receive(bytes, deadline)) throw std::runtime_error("closed before \"" + text + "\": " + text_);
    filter_.take(bytes, text_);
  }
  text_.erase(0, text_.find(text) + text.size());
}

long TlsClient::serial() const {
  X509* shown = SSL_get1_peer_certificate(ssl_);
  const long number = shown ? ASN1_INTEGER_get(X509_get0_serialNumber(shown)) : -1;
  X509_free(shown);
  return number;
}

}  // namespace gw::test
