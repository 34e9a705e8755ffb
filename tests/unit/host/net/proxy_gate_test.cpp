#include "net/proxy_gate.h"

#include <gtest/gtest.h>

#include <vector>

#include "net/listener.h"
#include "unit/host/net/net_test.h"

namespace gw::net {
namespace {

using test::dial;
using test::Peer;
using test::tcpPair;

constexpr std::string_view kHeader = "PROXY TCP4 203.0.113.9 10.0.0.1 56324 443\r\n";

// One gate on a loop that the test turns; its sink keeps what passes.
class ProxyGateTest : public ::testing::Test {
 protected:
  struct Passed {
    Peer socket;
    std::string client;
  };

  Peer connect(const std::string& from = "10.0.0.1") {
    if (!gate_) {
      const auto sink = std::make_shared<const ProxyGate::Sink>([this](EventLoop&, int fd, PeerAddress client) {
        passed_.push_back({Peer(fd), client.toString()});
      });
      gate_ = std::make_unique<ProxyGate>(loop_, rules_, sink);
    }
    const auto [server, client] = tcpPair();
    gate_->take(server, PeerAddress{from, 5});
    return Peer(client);
  }
  bool until(const std::function<bool()>& condition) { return test::turnUntil(loop_, condition); }
  bool isClosed(Peer& peer) {
    return until([&] {
      peer.readSome();
      return peer.sawEof() || errno == ECONNRESET;
    });
  }
  uint64_t refused(ProxyRefusal why) const { return rules_->counts->of(why); }
  uint64_t refusedInAll() const {
    return refused(ProxyRefusal::kUntrusted) + refused(ProxyRefusal::kLate) + refused(ProxyRefusal::kInvalid) +
           refused(ProxyRefusal::kCrowded);
  }

  EventLoop loop_;
  std::shared_ptr<ProxyRules> rules_ = std::make_shared<ProxyRules>(
      "telnet:default", AddressBlocks(std::vector<std::string>{"10.0.0.0/8"}), std::make_shared<ProxyCounts>());
  std::vector<Passed> passed_;
  std::unique_ptr<ProxyGate> gate_;
};

TEST_F(ProxyGateTest, PassesTheSocketWithTheClientsAddressAndLeavesWhatFollowsInIt) {
  Peer proxy = connect();
  proxy.write(std::string(kHeader) + "hello");
  ASSERT_TRUE(until([&] { return !passed_.empty(); }));
  EXPECT_EQ(passed_[0].client, "203.0.113.9:56324");
  EXPECT_EQ(passed_[0].socket.readExactly(5), "hello");
  EXPECT_EQ(rules_->waiting, 0u);
  EXPECT_EQ(refusedInAll(), 0u);
}

TEST_F(ProxyGateTest, WaitsForTheRestOfAHeader) {
  Peer proxy = connect();
  for (const char byte : kHeader.substr(0, kHeader.size() - 1)) {
    proxy.write(std::string_view(&byte, 1));
    loop_.runOnce(1);
    ASSERT_TRUE(passed_.empty());
  }
  proxy.write(kHeader.substr(kHeader.size() - 1));
  ASSERT_TRUE(until([&] { return !passed_.empty(); }));
  EXPECT_EQ(passed_[0].client, "203.0.113.9:56324");
}

TEST_F(ProxyGateTest, KeepsTheSocketsPeerWhereTheProxySpeaksForItself) {
  Peer proxy = connect();
  proxy.write("PROXY UNKNOWN\r\n");
  ASSERT_TRUE(until([&] { return !passed_.empty(); }));
  EXPECT_EQ(passed_[0].client, "10.0.0.1:5");
}

TEST_F(ProxyGateTest, RefusesWhoIsNoTrustedProxyUnheard) {
  Peer stranger = connect("203.0.113.66");
  stranger.write(kHeader);
  EXPECT_TRUE(isClosed(stranger));
  EXPECT_TRUE(passed_.empty());
  EXPECT_EQ(refused(ProxyRefusal::kUntrusted), 1u);
  EXPECT_EQ(refusedInAll(), 1u);
}

TEST_F(ProxyGateTest, ClosesWhoIsLate) {
  rules_->headerMs = 30;
  Peer silent = connect();
  Peer slow = connect();
  slow.write(kHeader.substr(0, 20));
  EXPECT_TRUE(isClosed(silent));
  EXPECT_TRUE(isClosed(slow));
  EXPECT_EQ(refused(ProxyRefusal::kLate), 2u);
  EXPECT_EQ(rules_->waiting, 0u);
}

TEST_F(ProxyGateTest, ClosesWhoSendsSomethingElse) {
  Peer wrong = connect();
  wrong.write("GET / HTTP/1.1\r\n\r\n");
  EXPECT_TRUE(isClosed(wrong));
  Peer half = connect();
  half.write(kHeader.substr(0, 20));
  half.finish();
  EXPECT_TRUE(isClosed(half));
  EXPECT_TRUE(passed_.empty());
  EXPECT_EQ(refused(ProxyRefusal::kInvalid), 2u);
}

TEST_F(ProxyGateTest, DoesNotCountAProbeThatLeavesWithoutAWord) {
  Peer probe = connect();
  probe.close();
  EXPECT_TRUE(until([&] { return rules_->waiting == 0; }));
  EXPECT_EQ(refusedInAll(), 0u);
}

TEST_F(ProxyGateTest, BoundsThoseThatWait) {
  rules_->maxWaiting = 2;
  Peer first = connect();
  Peer second = connect();
  Peer third = connect();
  EXPECT_TRUE(isClosed(third));
  EXPECT_EQ(refused(ProxyRefusal::kCrowded), 1u);
  first.write(kHeader);
  ASSERT_TRUE(until([&] { return passed_.size() == 1; }));
  Peer fourth = connect();
  fourth.write(kHeader);
  EXPECT_TRUE(until([&] { return passed_.size() == 2; }));
}

TEST_F(ProxyGateTest, ClosesThoseThatWaitWhenItGoes) {
  Peer waiting = connect();
  gate_.reset();
  EXPECT_TRUE(isClosed(waiting));
  EXPECT_EQ(rules_->waiting, 0u);
}

TEST(ListenerBehindAProxy, GivesSocketsOnWithTheClientsAddress) {
  EventLoop loop;
  loop.start();
  auto bound = Listener::bind("test", {{"127.0.0.1"}, 0}, {});
  ASSERT_TRUE(bound.ok());
  Listener& listener = **bound;
  listener.requireProxyHeader(std::make_shared<ProxyRules>(
      "test", AddressBlocks(std::vector<std::string>{"127.0.0.0/8"}), std::make_shared<ProxyCounts>()));
  std::atomic<bool> isRight{false};
  listener.startAccepting({&loop}, [&](EventLoop& on, int fd, PeerAddress client) {
    Peer owned(fd);
    isRight = on.isInLoop() && client.ip == "203.0.113.9" && owned.readSome() == "hello";
    owned.write("seen");
  });
  Peer waiting = dial(listener.port());  // says nothing until the listener closes
  Peer client = dial(listener.port());
  client.write(std::string(kHeader) + "hello");
  EXPECT_EQ(client.readToEof(), "seen");
  EXPECT_TRUE(isRight);
  listener.stopAccepting();
  EXPECT_EQ(waiting.readToEof(), "");
  loop.stop();
  loop.join();
}

}  // namespace
}  // namespace gw::net
