// What strangers send. The process stays up and the session of someone else is unharmed: a witness talks
// before and after each attack.

#include <openssl/ssl.h>

#include <algorithm>

#include "integration/gateway_fixture.h"
#include "support/http_client.h"
#include "support/v1_client.h"

namespace gw::test {
namespace {

using Json = nlohmann::json;

class Hostile : public GatewayTest {
 protected:
  void SetUp() override {
    launch();
    callWitness();
  }
  void callWitness() {
    witness_ = std::make_unique<V1Client>(gateway().httpPort());
    witness_->enterAsGuest();
    witness_->expect("You are in lobby.");
  }
  void relaunch(const std::string& patch) {
    witness_.reset();
    gateway().configure(patch);
    ASSERT_EQ(gateway().stop(), 0);
    gateway().start();
    callWitness();
  }
  void TearDown() override {
    if (witness_) {
      witness_->command("say unharmed");
      witness_->expect("You say: unharmed");
      EXPECT_EQ(witness_->duplicates(), 0u);
    }
    witness_.reset();
    GatewayTest::TearDown();
  }
  uint16_t http() { return gateway().httpPort(); }
  /// The answer's first bytes to a raw request, up to the end.
  std::string raw(const std::string& bytes) {
    const TcpClient socket(http());
    socket.send(bytes);
    std::string answer;
    const Deadline deadline(kPatience);
    while (socket.receive(answer, deadline)) {
    }
    return answer;
  }
  V1Client& witness() { return *witness_; }

 private:
  std::unique_ptr<V1Client> witness_;
};

/// The first flight of a TLS client.
std::string clientHello() {
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL* ssl = SSL_new(context);
  BIO* wire = BIO_new(BIO_s_mem());
  SSL_set_bio(ssl, BIO_new(BIO_s_mem()), wire);
  SSL_connect(ssl);  // waits for an answer
  char* bytes = nullptr;
  const long size = BIO_get_mem_data(wire, &bytes);
  std::string hello(bytes, static_cast<size_t>(size));
  SSL_free(ssl);
  SSL_CTX_free(context);
  return hello;
}

std::string deepJson(size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

}  // namespace

TEST_F(Hostile, ALineOfMegabytesIsCutToldAndCostsLittleMemory) {
  TelnetClient telnet(gateway().telnetPort());
  const std::string name = telnet.enterAsGuest();
  const size_t before = gateway().residentBytes();
  ASSERT_TRUE(telnet.socket().send("say "));
  const std::string block(1 << 20, 'x');
  for (int i = 0; i < 8; ++i) ASSERT_TRUE(telnet.socket().send(block));
  EXPECT_LT(gateway().residentBytes(), before + (24u << 20));
  ASSERT_TRUE(telnet.socket().send("\r\n"));
  telnet.expect("That line was too long; only its first 4096 bytes were used.\n");
  const std::string heard = witness().expect(name + " says: xxx").at("payload").at("text");
  EXPECT_EQ(std::count(heard.begin(), heard.end(), 'x'), 4096 - 4);
  telnet.sendLine("say still here");
  telnet.expect("You say: still here\n");
}

// Discarded input costs a unit per KiB: what goes on for longer than the budget lasts is a flood.
TEST_F(Hostile, ALineWithoutEndIsClosedForFlooding) {
  gateway().configure(R"({"limits": {"unitRate": 1, "unitBurst": 1000}})");
  ASSERT_EQ(gateway().gwctl({"config", "reload"}).exit, 0);
  TelnetClient telnet(gateway().telnetPort());
  telnet.enterAsGuest();
  const std::string block(64 << 10, 'x');
  for (int i = 0; i < 128 && telnet.socket().send(block); ++i) {
  }
  EXPECT_NE(telnet.readToEnd().find("Too much at once.\n"), std::string::npos) << telnet.pending();
}

TEST_F(Hostile, BinaryRubbishOnTheTelnetPortHarmsNobody) {
  std::string rubbish;
  uint32_t state = 12345;
  for (int i = 0; i < 300'000; ++i) {
    state = state * 1664525 + 1013904223;
    rubbish.push_back(static_cast<char>(state >> 24));
  }
  for (size_t from = 0; from < rubbish.size(); from += 30'000) {
    TelnetClient telnet(gateway().telnetPort());
    telnet.socket().send(std::string_view(rubbish).substr(from, 30'000));
    telnet.socket().shutdownWrite();
    telnet.readToEnd();
  }
  // Sub-negotiations without end, and every command there is.
  TelnetClient telnet(gateway().telnetPort());
  std::string commands = "\xff\xfa\x18";
  commands.append(100'000, 'a');
  for (int command = 0; command < 256; ++command) commands += std::string("\xff") + static_cast<char>(command) + "\x2a";
  telnet.socket().send(commands);
  telnet.socket().shutdownWrite();
  telnet.readToEnd();
}

TEST_F(Hostile, EscapeSequencesAndControlsNeverReachOthers) {
  TelnetClient telnet(gateway().telnetPort());
  telnet.enterAsGuest();
  telnet.sendLine(
      "say red\x1b[31m and\x07 bell\xc2\x9b"
      "2J \xe2\x80\xae"
      "gnp");
  const Json event = witness().expect("says: red");
  const std::string text = event.at("payload").at("text");
  for (const char c : text) EXPECT_GE(static_cast<unsigned char>(c), 0x20u) << text;
  EXPECT_EQ(text.find("\xc2\x9b"), std::string::npos);
  EXPECT_EQ(text.find("\xe2\x80\xae"), std::string::npos);
}

TEST_F(Hostile, InvalidUtf8OnWebSocketClosesWith1007) {
  V1Client client(http());
  client.enterAsGuest();
  client.ws().sendFrame(1, "{\"type\":\"req\xc3\x28\"}");
  EXPECT_EQ(client.readToClose(), 1007);
}

TEST_F(Hostile, HundredThousandDeepJsonIsRefused) {
  V1Client client(http());
  client.enterAsGuest();
  client.ws().sendText("{\"type\":\"req\",\"id\":\"1\",\"method\":\"ping\",\"params\":" + deepJson(100'000) + "}");
  // Said and perhaps closed; certainly no crash (the witness).
  bool isRefused = false;
  while (!isRefused) {
    const auto frame = client.ws().receive();
    if (!frame || frame->opcode == 8) break;
    isRefused = frame->payload.find("INVALID_REQUEST") != std::string::npos;
  }
  EXPECT_TRUE(isRefused);
  const HttpAnswer answer = httpRequest(http(), "POST", "/rpc", {"Content-Type: application/json"}, deepJson(30'000));
  EXPECT_NE(answer.body.find("INVALID_REQUEST"), std::string::npos) << answer.status << answer.body;
}

TEST_F(Hostile, AnAnnouncedGigabyteClosesWith1009AndIsNotAllocated) {
  const size_t before = gateway().residentBytes();
  V1Client client(http());
  client.enterAsGuest();
  client.ws().socket().send(std::string("\x81\xff\x00\x00\x00\x00\x40\x00\x00\x00\x12\x34\x56\x78", 14));
  EXPECT_EQ(client.readToClose(), 1009);
  // The same in fragments, each small enough.
  V1Client fragments(http());
  fragments.enterAsGuest();
  const std::string piece(60'000, 'a');
  fragments.ws().sendFrame(1, piece, false);
  for (int i = 0; i < 40 && fragments.poll(); ++i) fragments.ws().sendFrame(0, piece, false);
  EXPECT_EQ(fragments.readToClose(), 1009);
  EXPECT_LT(gateway().residentBytes(), before + (24u << 20));
}

TEST_F(Hostile, BrokenFramesCloseWith1002) {
  struct Broken {
    const char* what;
    int opcode;
    std::string payload;
    bool fin, masked;
    int rsv;
  };
  const Broken all[] = {
      {"unmasked", 1, "{}", true, false, 0},         {"reserved opcode", 3, "", true, true, 0},
      {"reserved bit", 1, "{}", true, true, 2},      {"continuation of nothing", 0, "{}", true, true, 0},
      {"fragmented ping", 9, "", false, true, 0},    {"long ping", 9, std::string(126, 'p'), true, true, 0},
      {"close with one byte", 8, "x", true, true, 0}};
  for (const Broken& broken : all) {
    SCOPED_TRACE(broken.what);
    V1Client client(http());
    client.enterAsGuest();
    client.ws().sendFrame(broken.opcode, broken.payload, broken.fin, broken.masked, broken.rsv);
    EXPECT_EQ(client.readToClose(), 1002);
  }
}

TEST_F(Hostile, HalfAHandshakeIsDroppedAtItsDeadline) {
  relaunch(R"({"limits": {"handshakeTimeout": "1s"}})");
  const TcpClient half(http());
  const std::string request = wsHandshake(http(), {});
  half.send(request.substr(0, request.size() / 2));
  std::string answer;
  const Deadline deadline(Ms(10'000));
  while (half.receive(answer, deadline)) {
  }
  EXPECT_TRUE(answer.empty() || answer.rfind("HTTP/1.1 408", 0) == 0) << answer;
}

TEST_F(Hostile, HalfATlsHandshakeIsCutAtItsDeadline) {
  const TempFolder certificates;
  const Outcome made = run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                            "-nodes", "-days", "2", "-subj", "/CN=localhost", "-keyout", "key.pem", "-out", "cert.pem"},
                           certificates.path());
  ASSERT_EQ(made.exit, 0) << made.err;
  const Json listen{{"bind", "127.0.0.1"}, {"port", 0}};
  const Json tls{{"certificateFile", certificates.file("cert.pem")}, {"keyFile", certificates.file("key.pem")}};
  const Json patch{
      {"limits", {{"handshakeTimeout", "1s"}}},
      {"log", {{"level", "debug"}}},
      {"http", {{{"name", "main"}, {"listen", listen}}, {{"name", "tls"}, {"listen", listen}, {"tls", tls}}}},
      {"accounts",
       {{{"channel", "websocket"}, {"account", "default"}, {"http", "main"}},
        {{"channel", "websocket"}, {"account", "tls"}, {"http", "tls"}},
        {{"channel", "telnet"}, {"account", "tls"}, {"listen", listen}, {"tls", tls}}}}};
  relaunch(patch.dump());
  const std::string hello = clientHello();
  for (const char* account : {"telnet:tls", "websocket:tls"}) {
    SCOPED_TRACE(account);
    const TcpClient half(gateway().portOf(account));
    ASSERT_TRUE(half.send(hello.substr(0, hello.size() / 2)));
    witness().command(std::string("say meanwhile on ") + account);
    witness().expect(std::string("You say: meanwhile on ") + account);
    std::string answer;
    const Deadline deadline(Ms(10'000));
    while (half.receive(answer, deadline)) {
    }
    EXPECT_EQ(answer, "");
  }
  gateway().waitForLog("why=\"TLS handshake deadline\"");
  gateway().waitForLog("http: no request before the deadline");
}

TEST_F(Hostile, AForeignOriginOrHostIsRefused) {
  WsOptions foreign;
  foreign.origin = "https://evil.example";
  const std::string byOrigin = raw(wsHandshake(http(), foreign) + "GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(byOrigin.rfind("HTTP/1.1 403 ", 0), 0u) << byOrigin;
  WsOptions null;
  null.origin = "null";
  EXPECT_EQ(raw(wsHandshake(http(), null) + "GET / HTTP/1.1\r\nConnection: close\r\n\r\n").rfind("HTTP/1.1 403 ", 0),
            0u);
  const HttpAnswer byHost = httpRequest(http(), "GET", "/healthz", {"Host: rebound.example", "Connection: close"});
  EXPECT_EQ(byHost.status, 421);
  const HttpAnswer rpc =
      httpRequest(http(), "POST", "/rpc", {"Content-Type: application/json", "Origin: https://evil.example"}, "{}");
  EXPECT_EQ(rpc.status, 403);
  // Its own origin may.
  WsOptions own;
  own.origin = "http://127.0.0.1:" + std::to_string(http());
  V1Client fine(http(), own);
  fine.enterAsGuest();
}

TEST_F(Hostile, SmuggledAndMalformedRequestsAreRefused) {
  const std::string host = "Host: 127.0.0.1:" + std::to_string(http()) + "\r\n";
  const std::string type = "Content-Type: application/json\r\n";
  EXPECT_EQ(
      raw("POST /rpc HTTP/1.1\r\n" + host + type + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")
          .rfind("HTTP/1.1 400 ", 0),
      0u);
  EXPECT_EQ(raw("POST /rpc HTTP/1.1\r\n" + host + type + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello")
                .rfind("HTTP/1.1 400 ", 0),
            0u);
  EXPECT_EQ(raw("\x16\x03\x01\x02\x01 this is no HTTP\r\n\r\n").rfind("HTTP/1.1 400 ", 0), 0u);
  const std::string endless = raw("GET /?" + std::string(200'000, 'q') + " HTTP/1.1\r\n" + host + "\r\n");
  EXPECT_TRUE(endless.empty() || endless.rfind("HTTP/1.1 4", 0) == 0) << endless.substr(0, 100);
}

TEST_F(Hostile, OnlyUnknownSubprotocolsAreRefusedWithTheList) {
  WsOptions unknown;
  unknown.subprotocol = "chat.example";
  const std::string answer = raw(wsHandshake(http(), unknown) + "GET / HTTP/1.1\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(answer.rfind("HTTP/1.1 400 ", 0), 0u) << answer;
  EXPECT_NE(answer.find("gateway.v1"), std::string::npos) << answer;
}

TEST_F(Hostile, RequestsBeforeConnectAndUnknownMethodsAreErrorsNotCloses) {
  V1Client client(http());
  const Json early = client.tryRequest("command", {{"text", "say hi"}});
  EXPECT_EQ(early.at("error").at("code"), "NOT_CONNECTED") << early;
  client.enterAsGuest();
  const Json unknown = client.tryRequest("frobnicate");
  EXPECT_EQ(unknown.at("error").at("code"), "METHOD_NOT_FOUND") << unknown;
  client.command("say still connected");
  client.expect("You say: still connected");
}

}  // namespace gw::test
