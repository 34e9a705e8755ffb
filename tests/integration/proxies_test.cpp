// The gateway behind proxies: who the client is, for limits, bans, sessions and operators; and who may say so.

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <nlohmann/json.hpp>

#include "integration/gateway_fixture.h"
#include "support/http_client.h"
#include "support/tls_client.h"
#include "support/v1_client.h"

namespace gw::test {
namespace {

using Json = nlohmann::json;

std::string v1(const std::string& client, int port = 56324) {
  return "PROXY TCP4 " + client + " 127.0.0.1 " + std::to_string(port) + " 4000\r\n";
}

/// TCP over IPv4 or IPv6; command 0x20: LOCAL.
std::string v2(const std::string& client, const std::string& tlvs = {}, char command = 0x21) {
  const bool isIpv6 = client.find(':') != std::string::npos;
  in6_addr bytes{};
  inet_pton(isIpv6 ? AF_INET6 : AF_INET, client.c_str(), &bytes);
  const std::string source(reinterpret_cast<const char*>(&bytes), isIpv6 ? 16 : 4);
  const std::string block = source + source + std::string("\xdc\x04\x0f\xa0", 4) + tlvs;
  std::string header("\r\n\r\n\0\r\nQUIT\n", 12);
  header += command;
  header += isIpv6 ? '\x21' : '\x11';
  header += static_cast<char>(block.size() >> 8);
  header += static_cast<char>(block.size() & 0xff);
  return header + block;
}

/// A telnet client as its proxy delivers it.
TelnetClient telnetBehind(uint16_t port, const std::string& header, const std::string& proxy = "127.0.0.1") {
  TelnetClient client(port, proxy);
  client.socket().send(header);
  return client;
}

class Proxies : public GatewayTest {
 protected:
  /// One listener of each kind with this on top.
  void launchWith(const Json& onTelnet, const Json& onHttp, const Json& limits = Json::object()) {
    Json telnet{{"channel", "telnet"}, {"account", "default"}, {"listen", listen_}};
    Json http{{"name", "main"}, {"listen", listen_}};
    telnet.update(onTelnet);
    http.update(onHttp);
    const Json patch{{"http", {http}},
                     {"limits", limits},
                     {"accounts",
                      {telnet,
                       {{"channel", "websocket"}, {"account", "default"}, {"http", "main"}},
                       {{"channel", "sse"}, {"account", "default"}, {"http", "main"}}}}};
    launch(patch.dump());
  }
  void launchTelnet(const Json& limits = Json::object()) { launchWith(header_, Json::object(), limits); }
  void launchHttp(const Json& limits = Json::object()) {
    launchWith(Json::object(), {{"trustedProxies", {"127.0.0.1"}}}, limits);
  }

  uint64_t refusedBy(const std::string& limit) {
    return gateway().gwctlJson({"status"}).at("refused").at(limit).get<uint64_t>();
  }
  /// What operators see of the clients' addresses, in the order of the list.
  std::vector<std::string> clientAddresses() {
    std::vector<std::string> out;
    const Json sessions = gateway().gwctlJson({"session", "list"}).at("items");
    for (const Json& item : sessions) out.push_back(item.at("clientAddress"));
    return out;
  }
  std::vector<std::string> peers(const std::string& account) {
    std::vector<std::string> out;
    const Json connections = gateway().gwctlJson({"connection", "list", "--account", account}).at("items");
    for (const Json& item : connections) out.push_back(item.at("peer"));
    return out;
  }
  HttpAnswer connectByRpc(const std::vector<std::string>& more) {
    std::vector<std::string> headers{"Content-Type: application/json"};
    headers.insert(headers.end(), more.begin(), more.end());
    return httpRequest(gateway().httpPort(), "POST", "/rpc", headers,
                       R"({"type":"req","id":"1","method":"connect","params":{"auth":{"guest":true}}})");
  }
  static WsOptions forwardedFor(const std::string& list) {
    WsOptions options;
    options.headers = {"X-Forwarded-For: " + list};
    return options;
  }

  const Json listen_{{"bind", "127.0.0.1"}, {"port", 0}};
  const Json header_{{"proxyProtocol", true}, {"trustedProxies", {"127.0.0.1", "192.0.2.0/24"}}};
};

using Strings = std::vector<std::string>;

TEST_F(Proxies, TelnetClientsHaveTheAddressOfTheirHeader) {
  launchTelnet();
  const uint16_t port = gateway().telnetPort();
  TelnetClient first = telnetBehind(port, v1("203.0.113.9"));
  first.enterAsGuest();
  EXPECT_EQ(clientAddresses(), Strings{"203.0.113.9"});
  EXPECT_EQ(peers("telnet:default"), Strings{"203.0.113.9:56324"});
  first.socket().close();
  waitUntil("it has left", [&] { return peers("telnet:default").empty(); });
  TelnetClient second = telnetBehind(port, v2("2001:db8::5", std::string("\x04\x00\x02..", 5)));
  second.enterAsGuest();
  EXPECT_EQ(peers("telnet:default"), Strings{"[2001:db8::5]:56324"});
}

TEST_F(Proxies, AProxyThatSpeaksForItselfKeepsItsOwnAddress) {
  launchTelnet();
  TelnetClient local = telnetBehind(gateway().telnetPort(), v2("203.0.113.9", {}, 0x20));
  local.enterAsGuest();
  EXPECT_EQ(clientAddresses(), Strings{"127.0.0.1"});
  TelnetClient unknown = telnetBehind(gateway().telnetPort(), "PROXY UNKNOWN\r\n");
  unknown.expect("Name: ");
}

TEST_F(Proxies, TheHeaderComesBeforeTls) {
  const TestCertificates certificates;
  Json telnet = header_;
  telnet["tls"] = {{"certificateFile", certificates.file("cert.pem")}, {"keyFile", certificates.file("cert.key")}};
  launchWith(telnet, Json::object());
  for (const std::string& header : {v1("203.0.113.9"), v2("203.0.113.9")}) {
    {
      TlsClient client(gateway().telnetPort(), certificates.authority(), {.prologue = header});
      ASSERT_TRUE(client.isOpen());
      client.expect("Name: ");
      client.send("guest\r\n");
      client.expect("You are in lobby.");
      EXPECT_EQ(peers("telnet:default"), Strings{"203.0.113.9:56324"});
    }
    waitUntil("it has left", [&] { return peers("telnet:default").empty(); });
  }
  const TlsClient bare(gateway().telnetPort(), certificates.authority());
  EXPECT_FALSE(bare.isOpen());
  EXPECT_EQ(refusedBy("proxyHeaderInvalid"), 1u);
}

TEST_F(Proxies, LimitsPerAddressMeetTheClientsAddress) {
  launchTelnet({{"connectionsPerAddress", 2}});
  const uint16_t port = gateway().telnetPort();
  TelnetClient first = telnetBehind(port, v1("203.0.113.9"));
  TelnetClient second = telnetBehind(port, v2("203.0.113.9"));
  first.expect("Name: ");
  second.expect("Name: ");
  TelnetClient third = telnetBehind(port, v1("203.0.113.9"));
  EXPECT_EQ(third.readToEnd(), "Sorry, too many connections from this address. Please try again later.\n");
  EXPECT_EQ(refusedBy("connectionsPerAddress"), 1u);
  for (const char* other : {"203.0.113.10", "203.0.113.11", "127.0.0.1"}) {
    TelnetClient elsewhere = telnetBehind(port, v1(other));
    elsewhere.expect("Name: ");
  }
}

TEST_F(Proxies, BansMeetTheClientsAddress) {
  launchWith(header_, {{"trustedProxies", {"127.0.0.1"}}});
  TelnetClient before = telnetBehind(gateway().telnetPort(), v1("203.0.113.9"));
  before.enterAsGuest();
  ASSERT_EQ(gateway().gwctl({"ban", "add", "address", "203.0.113.0/24"}).exit, 0);
  before.expect("You are banned.");
  before.readToEnd();
  TelnetClient after = telnetBehind(gateway().telnetPort(), v1("203.0.113.10"));
  EXPECT_EQ(after.readToEnd(), "Sorry, this address is banned. Please try again later.\n");
  TelnetClient other = telnetBehind(gateway().telnetPort(), v1("198.51.100.1"));
  other.expect("Name: ");
  const HttpAnswer refused = connectByRpc({"X-Forwarded-For: 203.0.113.11"});
  EXPECT_EQ(refused.status, 429);
  EXPECT_NE(refused.body.find("this address is banned"), std::string::npos) << refused.body;
  EXPECT_EQ(connectByRpc({"X-Forwarded-For: 203.0.113.11, 198.51.100.1"}).status, 200);
  EXPECT_EQ(refusedBy("bans"), 2u);
}

TEST_F(Proxies, WhoIsNoTrustedProxyIsRefusedWhateverHeSays) {
  launchTelnet();
  TelnetClient liar = telnetBehind(gateway().telnetPort(), v1("192.0.2.7"), "127.0.0.66");
  EXPECT_EQ(liar.readToEnd(), "");
  TelnetClient another = telnetBehind(gateway().telnetPort(), v1("192.0.2.7"), "127.0.0.66");
  EXPECT_EQ(another.readToEnd(), "");
  EXPECT_EQ(refusedBy("trustedProxies"), 2u);
  gateway().waitForLog("it is not in trustedProxies");
  const std::string log = gateway().log();
  const size_t line = log.find("it is not in trustedProxies");
  EXPECT_NE(log.find("peer=\"127.0.0.66:"), std::string::npos) << log;
  EXPECT_EQ(log.find("it is not in trustedProxies", line + 1), std::string::npos) << "one line a minute";
}

TEST_F(Proxies, WhoSendsNoWholeHeaderIsClosedAfterThreeSeconds) {
  launchTelnet();
  const auto start = std::chrono::steady_clock::now();
  TelnetClient silent(gateway().telnetPort());
  TelnetClient slow = telnetBehind(gateway().telnetPort(), v1("203.0.113.9").substr(0, 30));
  EXPECT_EQ(silent.readToEnd(), "");
  EXPECT_GE(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(2900));
  EXPECT_EQ(slow.readToEnd(), "");
  EXPECT_EQ(refusedBy("proxyHeaderMissing"), 2u);
  EXPECT_EQ(peers("telnet:default"), Strings{});
}

TEST_F(Proxies, WhoSendsSomethingElseIsClosedAtOnce) {
  launchTelnet();
  TelnetClient plain = telnetBehind(gateway().telnetPort(), "guest\r\n");
  EXPECT_EQ(plain.readToEnd(), "");
  EXPECT_EQ(refusedBy("proxyHeaderInvalid"), 1u);
}

TEST_F(Proxies, AStopEndsThoseWhoseHeaderIsAwaited) {
  launchTelnet();
  TelnetClient waiting(gateway().telnetPort());
  TelnetClient inside = telnetBehind(gateway().telnetPort(), v1("203.0.113.9"));
  inside.expect("Name: ");
  EXPECT_EQ(gateway().stop(), 0) << gateway().log();
  EXPECT_EQ(waiting.readToEnd(), "");
  expectStopped();
}

TEST_F(Proxies, HttpClientsHaveTheAddressOfThePROXYHeader) {
  launchWith(Json::object(), header_);
  const TcpClient socket(gateway().httpPort());
  const std::string body = R"({"type":"req","id":"1","method":"connect","params":{"auth":{"guest":true}}})";
  socket.send(v2("203.0.113.9") + "POST /rpc HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-For: 198.51.100.1\r\n" +
              "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  std::string answer;
  const Deadline deadline(kPatience);
  while (answer.find("accessToken") == std::string::npos && socket.receive(answer, deadline)) {
  }
  EXPECT_EQ(answer.substr(0, 12), "HTTP/1.1 200") << answer;
  EXPECT_EQ(clientAddresses(), Strings{"203.0.113.9"}) << "that client is no trusted proxy: its own tale is ignored";
  const TcpClient bare(gateway().httpPort());
  bare.send("GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  std::string nothing;
  while (bare.receive(nothing, deadline)) {
  }
  EXPECT_EQ(nothing, "");
}

TEST_F(Proxies, ForwardedClientsHaveTheirAddressOnEveryChannel) {
  launchHttp();
  const HttpAnswer answer = connectByRpc({"X-Forwarded-For: 198.51.100.66, 203.0.113.9"});
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(clientAddresses(), Strings{"203.0.113.9"});
  const Json session = Json::parse(answer.body).at("payload").at("session");
  SseStream events(gateway().httpPort(), session.at("accessToken"), {}, {"X-Forwarded-For: 203.0.113.9:4711"});
  ASSERT_EQ(events.status(), 200);
  EXPECT_EQ(peers("sse:default"), Strings{"203.0.113.9:4711"});
  V1Client socket(gateway().httpPort(), forwardedFor("2001:db8::5, 127.0.0.1"));
  socket.enterAsGuest();
  EXPECT_EQ(peers("websocket:default"), Strings{"[2001:db8::5]:0"});
}

TEST_F(Proxies, LimitsPerAddressMeetTheForwardedAddress) {
  // A stream's request counts until the stream does.
  launchHttp({{"connectionsPerAddress", 3}});
  V1Client first(gateway().httpPort(), forwardedFor("203.0.113.9"));
  V1Client second(gateway().httpPort(), forwardedFor("203.0.113.9"));
  EXPECT_THROW(V1Client(gateway().httpPort(), forwardedFor("203.0.113.9")), std::exception);
  EXPECT_EQ(refusedBy("connectionsPerAddress"), 1u);
  std::vector<std::unique_ptr<V1Client>> others;
  for (int i = 10; i < 20; ++i) {
    others.push_back(std::make_unique<V1Client>(gateway().httpPort(), forwardedFor("203.0.113." + std::to_string(i))));
    others.back()->enterAsGuest();
  }
  first.enterAsGuest();
  second.enterAsGuest();
}

TEST_F(Proxies, TheRateOfNewStreamsIsTheForwardedAddresss) {
  launchHttp({{"connectionBurstPerAddress", 2}, {"connectionRatePerAddress", 0.01}});
  for (int i = 0; i < 2; ++i) V1Client(gateway().httpPort(), forwardedFor("203.0.113.9"));
  EXPECT_THROW(V1Client(gateway().httpPort(), forwardedFor("203.0.113.9")), std::exception);
  EXPECT_EQ(refusedBy("connectionRatePerAddress"), 1u);
  V1Client other(gateway().httpPort(), forwardedFor("203.0.113.10"));
  other.enterAsGuest();
}

TEST_F(Proxies, AnUnknownProxyOnThisMachineIsNamedOnceWithTheKey) {
  launchWith(Json::object(), {{"trustedProxies", {"192.0.2.1"}}});
  ASSERT_EQ(connectByRpc({"X-Forwarded-For: 203.0.113.9"}).status, 200);
  ASSERT_EQ(connectByRpc({"X-Forwarded-For: 203.0.113.10"}).status, 200);
  EXPECT_EQ(clientAddresses(), (Strings{"127.0.0.1", "127.0.0.1"}));
  gateway().waitForLog("/http/0/trustedProxies");
  const std::string log = gateway().log();
  const size_t line = log.find("a proxy on this machine");
  ASSERT_NE(line, std::string::npos) << log;
  EXPECT_EQ(log.find("a proxy on this machine", line + 1), std::string::npos) << log;
}

/// A listening socket of 127.0.0.1 that a child inherits: no port has to be guessed free.
class InheritedListener {
 public:
  InheritedListener() : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(fd_, reinterpret_cast<sockaddr*>(&address), size) != 0 || ::listen(fd_, 64) != 0 ||
        ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
      throw std::runtime_error("cannot listen on 127.0.0.1");
    port_ = ntohs(address.sin_port);
  }
  ~InheritedListener() { ::close(fd_); }
  InheritedListener(const InheritedListener&) = delete;

  uint16_t port() const { return port_; }
  std::string bindLine() const { return "  bind fd@" + std::to_string(fd_) + "\n"; }

 private:
  int fd_;
  uint16_t port_ = 0;
};

// As docs/operators/proxies.md has it, but for the ports.
TEST_F(Proxies, HaproxyBringsTelnetAndWebClientsWithTheirAddresses) {
  launchWith({{"proxyProtocol", true}, {"trustedProxies", {"127.0.0.1"}}}, {{"trustedProxies", {"127.0.0.1"}}});
  const InheritedListener telnet, web;
  const std::string config = gateway().files().write(
      "haproxy.cfg",
      "defaults\n  timeout connect 5s\n  timeout client 1m\n  timeout server 1m\n  timeout tunnel 1h\n"
      "listen telnet\n  mode tcp\n" +
          telnet.bindLine() + "  server gatehouse 127.0.0.1:" + std::to_string(gateway().telnetPort()) +
          " check inter 200ms send-proxy-v2\n" + "listen web\n  mode http\n" + web.bindLine() +
          "  option forwardfor\n" + "  server gatehouse 127.0.0.1:" + std::to_string(gateway().httpPort()) + "\n");
  ChildProcess haproxy({"/usr/sbin/haproxy", "-db", "-f", config}, gateway().folder());
  TelnetClient player(telnet.port(), "127.0.0.7");
  player.enterAsGuest();
  ASSERT_EQ(clientAddresses(), Strings{"127.0.0.7"});
  WsOptions fromElsewhere;
  fromElsewhere.source = "127.0.0.8";
  fromElsewhere.headers = {"X-Forwarded-For: 203.0.113.66"};  // a lie: the proxy appends what it saw
  V1Client page(web.port(), fromElsewhere);
  page.enterAsGuest();
  EXPECT_EQ(peers("websocket:default"), Strings{"127.0.0.8:0"});
  page.command("say hello through haproxy");
  player.expect("hello through haproxy");
  EXPECT_EQ(refusedBy("proxyHeaderInvalid") + refusedBy("proxyHeaderMissing"), 0u) << "its health checks are in order";
}

}  // namespace
}  // namespace gw::test
