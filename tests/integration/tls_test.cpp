// TLS on a telnet account and on an HTTP listener, with certificates made here; renewed without a restart.

#include <openssl/ssl.h>

#include <nlohmann/json.hpp>

#include "integration/gateway_fixture.h"
#include "support/tls_client.h"

namespace gw::test {
namespace {

using Json = nlohmann::json;

class Tls : public GatewayTest {
 protected:
  void SetUp() override {
    const Json tls{{"certificateFile", certificates_.file("cert.pem")}, {"keyFile", certificates_.file("cert.key")}};
    const Json listen{{"bind", "127.0.0.1"}, {"port", 0}};
    const Json patch{{"http", {{{"name", "main"}, {"listen", listen}, {"tls", tls}}}},
                     {"accounts",
                      {{{"channel", "telnet"}, {"account", "tls"}, {"listen", listen}, {"tls", tls}},
                       {{"channel", "websocket"}, {"account", "default"}, {"http", "main"}},
                       {{"channel", "sse"}, {"account", "default"}, {"http", "main"}}}}};
    launch(patch.dump());
  }

  std::string ca() const { return certificates_.authority(); }
  Outcome curl(std::vector<std::string> more) {
    std::vector<std::string> argv{"curl", "-sS", "--cacert", ca()};
    argv.insert(argv.end(), more.begin(), more.end());
    return run(std::move(argv), certificates_.folder().path());
  }
  std::string url(const std::string& target) {
    return "https://127.0.0.1:" + std::to_string(gateway().httpPort()) + target;
  }

  TestCertificates certificates_{1001};
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
                      certificates_.folder().path());
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
  certificates_.issue(2002);
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
  certificates_.folder().write("cert.pem", "rubbish");
  const Outcome reloaded = gateway().gwctl({"config", "reload"});
  EXPECT_EQ(reloaded.exit, 7) << reloaded.err;
  EXPECT_NE(reloaded.err.find("cert.pem"), std::string::npos) << reloaded.err;
  TlsClient client(gateway().portOf("telnet:tls"), ca());
  ASSERT_TRUE(client.isOpen());
  EXPECT_EQ(client.serial(), 1001);
}

TEST_F(Tls, OldProtocolsAndPlaintextAreRefused) {
  const TlsClient old(gateway().portOf("telnet:tls"), ca(), {.minimum = TLS1_VERSION, .maximum = TLS1_1_VERSION});
  EXPECT_FALSE(old.isOpen());
  TelnetClient plain(gateway().portOf("telnet:tls"));
  plain.sendLine("guest");
  const std::string seen = plain.readToEnd();
  EXPECT_EQ(seen.find("Name"), std::string::npos) << seen;
}

}  // namespace gw::test
