// Many clients at once on all channels: each gets what is broadcast, the plugin encodes it once, and what
// a churn of connections took is given back. Compiled twice: with 1,000 connections (integration) and,
// as far as the machine's descriptors go, 20,000 (soak).

#include <sys/resource.h>

#include <random>

#include "integration/gateway_fixture.h"
#include "support/http_client.h"
#include "support/v1_client.h"

namespace gw::test {
namespace {

using Json = nlohmann::json;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kMemoryIsComparable = false;  // sanitizers keep freed memory for a while
#else
constexpr bool kMemoryIsComparable = true;
#endif
constexpr size_t kBatch = 250;  // logging in at the same time
constexpr size_t kBroadcasts = 20;

/// As many as wanted, or as this process may open.
size_t connectionsPossible(size_t wanted) {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  const size_t most = files.rlim_max == RLIM_INFINITY ? wanted : static_cast<size_t>(files.rlim_max) - 500;
  return std::min(wanted, most);
}

std::string sourceOf(size_t i) { return "127.1." + std::to_string(i / 200 % 250) + "." + std::to_string(1 + i % 200); }

/// Guests on all channels, of every five: two on telnet, two on WebSocket, one on SSE.
class Fleet {
 public:
  Fleet(const GatewayProcess& gateway, size_t size) {
    for (size_t from = 0; from < size; from += kBatch) board(gateway, from, std::min(size, from + kBatch));
  }
  void expectAll(const std::string& text) {
    for (auto& client : telnet_) client->expect(text + "\n");
    for (auto& client : ws_) client->expect(text);
    for (auto& stream : sse_) stream->expect(text);
  }
  size_t size() const { return telnet_.size() + ws_.size() + sse_.size(); }
  size_t onTelnet() const { return telnet_.size(); }
  size_t onWebSocket() const { return ws_.size(); }

 private:
  void board(const GatewayProcess& gateway, size_t from, size_t to) {
    const size_t hadTelnet = telnet_.size();
    for (size_t i = from; i < to; ++i) {
      if (i % 5 < 2) {
        // A typed line ends the introduction at once.
        telnet_.push_back(std::make_unique<TelnetClient>(gateway.telnetPort(), sourceOf(i)));
        telnet_.back()->sendLine("guest");
      } else if (i % 5 < 4) {
        WsOptions options;
        options.source = sourceOf(i);
        ws_.push_back(std::make_unique<V1Client>(gateway.httpPort(), options));
        ws_.back()->enterAsGuest();
      } else {
        RpcClient rpc(gateway.httpPort(), sourceOf(i));
        rpc.connect({{"auth", {{"guest", true}}}});
        sse_.push_back(std::make_unique<SseStream>(gateway.httpPort(), rpc.accessToken()));
      }
    }
    for (size_t i = hadTelnet; i < telnet_.size(); ++i) telnet_[i]->expect("You are in lobby.");
  }

  std::vector<std::unique_ptr<TelnetClient>> telnet_;
  std::vector<std::unique_ptr<V1Client>> ws_;
  std::vector<std::unique_ptr<SseStream>> sse_;
};

class GW_LOAD_SUITE : public GatewayTest {
 protected:
  void SetUp() override {
    count_ = connectionsPossible(GW_LOAD_CONNECTIONS);
    if (count_ < GW_LOAD_CONNECTIONS) std::cerr << "only " << count_ << " connections: ulimit -n" << std::endl;
    launch(R"({"loops": 2, "limits": {"connections": 25000, "sessions": 60000, "sessionInMemory": "1s",
               "unauthenticatedPerAddress": 2000, "idleTimeout": "0s"}})");
  }
  uint64_t encodeCalls(const std::string& account) {
    return gateway().gwctlJson({"channel", "show", account}).at("encodeCalls").get<uint64_t>();
  }

  /// Comes and goes in every way there is.
  void churn(size_t visits, std::mt19937& random) {
    for (size_t i = 0; i < visits; ++i) {
      const std::string source = sourceOf(i);
      switch (random() % 6) {
        case 0: {
          const TcpClient silent(gateway().telnetPort(), source);
          break;
        }
        case 1: {
          TcpClient rude(gateway().telnetPort(), source);
          rude.send("guest\r\nsay hi\r\n");
          rude.reset();
          break;
        }
        case 2: {
          const TcpClient half(gateway().httpPort(), source);
          half.send("GET /ws HTTP/1.1\r\nHost: 127");
          break;
        }
        case 3: {
          EXPECT_EQ(httpRequest(gateway().httpPort(), "GET", "/healthz", {"Connection: close"}, {}, source).status,
                    200);
          break;
        }
        case 4: {
          WsOptions options;
          options.source = source;
          V1Client dropped(gateway().httpPort(), options);
          dropped.enterAsGuest();
          dropped.ws().socket().reset();
          break;
        }
        default: {
          WsOptions options;
          options.source = source;
          V1Client polite(gateway().httpPort(), options);
          polite.enterAsGuest();
          polite.request("logout");
          break;
        }
      }
    }
  }

  void waitForConnections(size_t wanted) {
    waitUntil("the gateway has " + std::to_string(wanted) + " connections",
              [&] { return gateway().gwctlJson({"health"}).at("connections").get<size_t>() == wanted; });
  }

  size_t count_ = 0;
};

}  // namespace

TEST_F(GW_LOAD_SUITE, EveryoneGetsABroadcastThatIsEncodedOncePerLoop) {
  Fleet fleet(gateway(), count_);
  ASSERT_EQ(fleet.size(), count_);
  waitForConnections(count_);
  // Who came in is summed up once a second; a line to everyone shows that it is over.
  ASSERT_EQ(gateway().gwctl({"broadcast", "all aboard"}).exit, 0);
  fleet.expectAll("all aboard");
  const uint64_t telnetBefore = encodeCalls("telnet:default");
  const uint64_t wsBefore = encodeCalls("websocket:default");
  for (size_t i = 0; i < kBroadcasts; ++i)
    ASSERT_EQ(gateway().gwctl({"broadcast", "number " + std::to_string(i) + " for all"}).exit, 0);
  for (size_t i = 0; i < kBroadcasts; ++i) fleet.expectAll("number " + std::to_string(i) + " for all");
  // Two loops; a health or traffic event may come in between. Without sharing it were thousands.
  const uint64_t most = 2 * kBroadcasts + 16;
  const uint64_t telnetCalls = encodeCalls("telnet:default") - telnetBefore;
  const uint64_t wsCalls = encodeCalls("websocket:default") - wsBefore;
  EXPECT_GE(telnetCalls, kBroadcasts);
  EXPECT_LE(telnetCalls, most) << "for " << fleet.onTelnet() << " connections";
  EXPECT_GE(wsCalls, kBroadcasts);
  EXPECT_LE(wsCalls, most) << "for " << fleet.onWebSocket() << " connections";
}

TEST_F(GW_LOAD_SUITE, AChurnOfConnectionsGivesBackDescriptorsAndMemory) {
  std::mt19937 random(4711);
  churn(50, random);  // each loop opens a file of its own when it first calls a plugin
  waitForConnections(0);
  const size_t idle = gateway().openDescriptors();
  const size_t visits = count_ * 3 / 2;
  churn(visits, random);
  waitForConnections(0);
  waitUntil("the descriptors are back", [&] { return gateway().openDescriptors() <= idle + 2; });
  const size_t warm = gateway().residentBytes();
  churn(visits, random);
  waitForConnections(0);
  waitUntil("the descriptors are back", [&] { return gateway().openDescriptors() <= idle + 2; });
  waitUntil("sessions without connections have left the memory", [&] {
    size_t sessions = 0;
    const Json health = gateway().gwctlJson({"health"});
    for (const Json& loop : health.at("loops")) sessions += loop.at("sessions").get<size_t>();
    return sessions == 0;
  });
  if (kMemoryIsComparable) {
    EXPECT_LT(gateway().residentBytes(), warm + (8u << 20)) << "after a second churn; warm: " << warm;
  }
  EXPECT_EQ(gateway().gwctl({"health"}).exit, 0);
}

}  // namespace gw::test
