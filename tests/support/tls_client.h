#pragma once
// TLS for tests: certificates made on the spot, and a client that reads text as a person would. Not
// thread-safe. Failures throw std::runtime_error.

#include <cstdint>
#include <string>
#include <vector>

#include "support/child_process.h"
#include "support/tcp_client.h"

typedef struct ssl_st SSL;
typedef struct ssl_ctx_st SSL_CTX;

namespace gw::test {

/// An authority and a certificate of it for localhost and 127.0.0.1: cert.pem and cert.key in a folder.
class TestCertificates {
 public:
  explicit TestCertificates(int serial = 1);
  /// A certificate with this serial number, in place of the one before.
  void issue(int serial);
  std::string authority() const { return folder_.file("ca.pem"); }
  std::string file(const std::string& name) const { return folder_.file(name); }
  const TempFolder& folder() const { return folder_; }

 private:
  void openssl(std::vector<std::string> arguments) const;

  TempFolder folder_;
};

struct TlsClientOptions {
  int minimum = 0;            // of the protocol; 0: TLS 1.2
  int maximum = 0;            // 0: any
  std::string prologue = {};  // sent in plain text before the handshake
};

/// A client whose server must show a certificate that `authority` has signed, for localhost.
class TlsClient {
 public:
  TlsClient(uint16_t port, const std::string& authority, const TlsClientOptions& options = {});
  ~TlsClient();
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  bool isOpen() const { return isOpen_; }
  TcpClient& socket() { return socket_; }
  void send(const std::string& text);
  /// Appends what comes, decrypted; false at the end of the stream.
  bool receive(std::string& to, const Deadline& deadline);
  void expect(const std::string& text);
  /// The serial number of the certificate that was shown.
  long serial() const;

 private:
  TcpClient socket_;
  SSL_CTX* context_;
  SSL* ssl_;
  bool isOpen_ = false;
  TerminalText filter_;
  std::string text_;
};

}  // namespace gw::test
