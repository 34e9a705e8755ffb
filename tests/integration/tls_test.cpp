// TLS on a telnet account and on an HTTP listener, with certificates made here; renewed without a restart.

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <nlohmann/json.hpp>

#include "integration/gateway_fixture.h"
#include "support/tcp_client.h"

namespace gw::test {
namespace {

using Json = nlohmann::json;

/// A client whose server must show a certificate that `ca` has signed, for localhost.
class TlsClient {
 public:
  TlsClient(uint16_t port, const std::string& ca, int minimum = TLS1_2_VERSION, int maximum = 0)
      : socket_(port), context_(SSL_CTX_new(TLS_client_method())), ssl_(nullptr) {
    SSL_CTX_load_verify_locations(context_, ca.c_str(), nullptr);
    SSL_CTX_set_min_proto_version(context_, minimum);
    if (maximum) SSL_CTX_set_max_proto_version(context_, maximum);
    SSL_CTX_set_security_level(context_, 0);
    ssl_ = SSL_new(context_);
    SSL_set_verify(ssl_, SSL_VERIFY_PEER, nullptr);
    SSL_set1_host(ssl_, "localhost");
    SSL_set_fd(ssl_, socket_.fd());
    isOpen_ = SSL_connect(ssl_) == 1;
  }
  ~TlsClient() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
  }
  TlsClient(const TlsClient&) = delete;
  TlsClient& operator=(const TlsClient&) = delete;

  bool isOpen() const { return isOpen_; }
  void send(const std::string& text) { SSL_write(ssl_, text.data(), static_cast<int>(text.size())); }
  void expect(const std::string& text) {
    const Deadline deadline(kPatience);
    while (text_.find(text) == std::string::npos) {
      if (!SSL_pending(ssl_) && !waitReadable(socket_.fd(), deadline)) throw std::runtime_error("timed out: " + text_);
      std::string bytes(8192, '\0');
      const int n = SSL_read(ssl_, bytes.data(), static_cast<int>(bytes.size()));
      if (n <= 0) throw std::runtime_error("closed before \"" + text + "\": " + text_);
      filter_.take(std::string_view(bytes).substr(0, static_cast<size_t>(n)), text_);
    }
    text_.erase(0, text_.find(text) + text.size());
  }
  /// The serial number of the certificate that was shown.
  long serial() const {
    X509* shown = SSL_get1_peer_certificate(ssl_);
    const long number = shown ? ASN1_INTEGER_get(X509_get0_serialNumber(shown)) : -1;
    X509_free(shown);
    return number;
  }

 private:
  TcpClient socket_;
  SSL_CTX* context_;
  SSL* ssl_;
  bool isOpen_ = false;
  TerminalText filter_;
  std::string text_;
};

class Tls : public GatewayTest {
 protected:
  void SetUp() override {
    openssl({"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
             "-subj", "/CN=test authority", "-keyout", "ca.key", "-out", "ca.pem"});
    issue(1001);
    const Json tls{{"certificateFile", certificates_.file("cert.pem")}, {"keyFile", certificates_.file("cert.key")}};
    const Json listen{{"bind", "127.0.0.1"}, {"port", 0}};
    const Json patch{{"http", {{{"name", "main"}, {"listen", listen}, {"tls", tls}}}},
                     {"accounts",
                      {{{"channel", "telnet"}, {"account", "tls"}, {"listen", listen}, {"tls", tls}},
                       {{"channel", "websocket"}, {"account", "default"}, {"http", "main"}},
                       {{"channel", "sse"}, {"account", "default"}, {"http", "main"}}}}};
    launch(patch.dump());
  }

  void openssl(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "openssl");
    const Outcome made = run(std::move(arguments), certificates_.path());
    ASSERT_EQ(made.exit, 0) << made.err;
  }

  /// A certificate for localhost with this serial number, in place of the one before.
  void issue(int serial) {
    certificates_.write("san", "subjectAltName=DNS:localhost,IP:127.0.0.1\n");
    openssl({"req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=localhost",
             "-keyout", "cert.key", "-out", "cert.csr"});
    openssl({"x509", "-req", "-in", "cert.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-days", "2", "-set_serial",
             std::to_string(serial), "-extfile", "san", "-out", "cert.pem"});
  }

  std::string ca() const { return certificates_.file("ca.pem"); }
  Outcome curl(std::vector<std::string> more) {
    std::vector<std::string> argv{"curl", "-sS", "--cacert", ca()};
    argv.insert(argv.end(), more.begin(), more.end());
    return run(std::move(argv), certificates_.path());
  }
  std::string url(const std::string& target) {
    return "https://127.0.0.1:" + std::to_string(gateway().httpPort()) + target;
  }

  TempFolder certificates_;
};

}  // namespace

TEST_F(Tls, TelnetAndHttpsTalkToEachOther) {
  TlsClient telnet(gateway().portOf("telnet:tls"), ca());
  ASSERT_TRUE(telnet.isOpen());
  telnet.expect("Name: ");
  telnet.send("guest\r\n");
  telnet.expect("You are in lobby.");
  const Outcome health = curl({url("/healthz")});
  EXPECT_EQ(health.exit, 0) << health.err;
  EXPECT_EQ(health.out, "{\"ok\":true}");
  const Outcome connected =
      curl({"-H", "Content-Type: application/json", "-d",
            R"({"type":"req","id":"1","method":"connect","params":{"auth":{"guest":true}}})", url("/rpc")});
  ASSERT_EQ(connected.exit, 0) << connected.err;
  const std::string token = Json::parse(connected.out).at("payload").at("session").at("accessToken");
  ChildProcess events({"curl", "-sN", "--cacert", ca(), "-H", "Authorization: Bearer " + token, url("/events")},
                      certificates_.path());
  events.readUntil("You are in lobby.");
  telnet.send("say hello, encrypted\r\n");
  telnet.expect("You say: hello, encrypted");
  events.readUntil("says: hello, encrypted");
  const Json shown = gateway().gwctlJson({"connection", "list", "--account", "telnet:tls"}).at("items");
  ASSERT_EQ(shown.size(), 1u);
  EXPECT_EQ(shown[0].at("tls"), true);
}

TEST_F(Tls, ARenewedCertificateIsServedAfterAReloadAndOldConnectionsGoOn) {
  TlsClient before(gateway().portOf("telnet:tls"), ca());
  ASSERT_TRUE(before.isOpen());
  EXPECT_EQ(before.serial(), 1001);
  before.expect("Name: ");
  issue(2002);
  const Outcome reloaded = gateway().gwctl({"config", "reload"});
  EXPECT_EQ(reloaded.exit, 0) << reloaded.err;
  TlsClient after(gateway().portOf("telnet:tls"), ca());
  ASSERT_TRUE(after.isOpen());
  EXPECT_EQ(after.serial(), 2002);
  TlsClient https(gateway().httpPort(), ca());
  EXPECT_EQ(https.serial(), 2002);
  before.send("guest\r\n");
  before.expect("You are in lobby.");
}

TEST_F(Tls, ABrokenRenewalIsRefusedAndTheOldCertificateStays) {
  certificates_.write("cert.pem", "rubbish");
  const Outcome reloaded = gateway().gwctl({"config", "reload"});
  EXPECT_EQ(reloaded.exit, 7) << reloaded.err;
  EXPECT_NE(reloaded.err.find("cert.pem"), std::string::npos) << reloaded.err;
  TlsClient client(gateway().portOf("telnet:tls"), ca());
  ASSERT_TRUE(client.isOpen());
  EXPECT_EQ(client.serial(), 1001);
}

TEST_F(Tls, OldProtocolsAndPlaintextAreRefused) {
  const TlsClient old(gateway().portOf("telnet:tls"), ca(), TLS1_VERSION, TLS1_1_VERSION);
  EXPECT_FALSE(old.isOpen());
  TelnetClient plain(gateway().portOf("telnet:tls"));
  plain.sendLine("guest");
  const std::string seen = plain.readToEnd();
  EXPECT_EQ(seen.find("Name"), std::string::npos) << seen;
}

}  // namespace gw::test
