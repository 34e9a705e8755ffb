// The HTTP front behind reverse proxies: whose request it is, who is let in, and for how long it counts.

#include <gtest/gtest.h>

#include <map>

#include "net/http_front.h"
#include "unit/host/net/net_test.h"

namespace gw::net {
namespace {

using test::Peer;
using test::tcpPair;
using Exchange = std::shared_ptr<HttpExchange>;

class HttpFrontBehindProxy : public ::testing::Test {
 protected:
  HttpFrontBehindProxy() {
    table_->routes.push_back(
        {"GET", "/who", 0, false, true, [](Exchange exchange) {
           exchange->reply(200, {}, exchange->peer().toString() + (exchange->isThroughProxy() ? " proxied" : ""));
         }});
    table_->routes.push_back({"GET", "/keep", 0, false, true, [this](Exchange exchange) { kept_ = exchange; }});
    table_->routes.push_back({"GET", "/up", 0, false, true, [this](Exchange exchange) {
                                stream_ = exchange->accept(true, {});
                                stream_->setHandler(streamHandler_);
                                stream_->kick();
                              }});
    rules_.trusted = AddressBlocks(std::vector<std::string>{"10.0.0.0/8"});
    rules_.configKey = "/http/0/trustedProxies";
    rules_.admission.admit = [this](const PeerAddress& client, Arrival arrival) -> const char* {
      EXPECT_EQ(arrival, Arrival::kRequest);
      if (client.ip == banned_) return "this address is banned";
      ++open_[client.ip];
      return nullptr;
    };
    rules_.admission.left = [this](const PeerAddress& client, Arrival arrival) {
      EXPECT_EQ(arrival, Arrival::kRequest);
      --open_[client.ip];
    };
  }

  Peer dial(const std::string& from = "10.0.0.1") {
    if (!front_) {
      front_ = std::make_unique<HttpFront>(HttpLimits(), ConnectionLimits(), rules_);
      front_->publish(table_);
    }
    const auto [server, client] = tcpPair();
    front_->accept(
        std::make_unique<Connection>(loop_, server, PeerAddress{from, 5}, front_->connectionLimits(), nullptr), [] {});
    return Peer(client);
  }
  /// One answer on a connection that stays.
  std::string ask(Peer& peer, const std::string& path, const std::string& headers) {
    peer.write("GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + headers + "\r\n");
    std::string got;
    EXPECT_TRUE(until([&] {
      got += peer.readSome();
      const size_t headEnd = got.find("\r\n\r\n");
      if (headEnd == std::string::npos) return peer.sawEof();
      const size_t at = got.find("Content-Length: ");
      return at > headEnd || got.size() >= headEnd + 4 + std::stoul(got.substr(at + 16));
    })) << got;
    return got.substr(9, 3) + " " + got.substr(got.find("\r\n\r\n") + 4);
  }
  bool until(const std::function<bool()>& condition) { return test::turnUntil(loop_, condition); }

  EventLoop loop_;
  HttpProxyRules rules_;
  std::map<std::string, int> open_;
  std::string banned_ = "203.0.113.66";
  Exchange kept_;
  test::RecordingHandler streamHandler_;
  std::unique_ptr<Connection> stream_;
  std::shared_ptr<RouteTable> table_ = std::make_shared<RouteTable>();
  std::unique_ptr<HttpFront> front_;
};

TEST_F(HttpFrontBehindProxy, EachRequestOfAProxyHasAClientOfItsOwn) {
  Peer proxy = dial();
  EXPECT_EQ(ask(proxy, "/who", "X-Forwarded-For: 203.0.113.9\r\n"), "200 203.0.113.9:0 proxied");
  EXPECT_EQ(ask(proxy, "/who", "X-Forwarded-For: 203.0.113.9, 203.0.113.10\r\n"), "200 203.0.113.10:0 proxied");
  EXPECT_EQ(ask(proxy, "/who", ""), "200 10.0.0.1:5 proxied");
  EXPECT_EQ(ask(proxy, "/who", "Forwarded: for=203.0.113.9\r\n"), "200 10.0.0.1:5 proxied");
  EXPECT_EQ(open_, (std::map<std::string, int>{{"203.0.113.9", 0}, {"203.0.113.10", 0}, {"10.0.0.1", 0}}));
}

TEST_F(HttpFrontBehindProxy, ReadsForwardedIfThatIsWhatTheProxiesWrite) {
  rules_.header = ForwardedHeader::kForwarded;
  Peer proxy = dial();
  EXPECT_EQ(ask(proxy, "/who", "X-Forwarded-For: 203.0.113.9\r\nForwarded: for=203.0.113.10\r\n"),
            "200 203.0.113.10:0 proxied");
}

TEST_F(HttpFrontBehindProxy, BelievesNobodyElse) {
  for (const char* from : {"203.0.113.9", "127.0.0.1", "::1", "11.0.0.1"}) {
    Peer client = dial(from);
    EXPECT_EQ(ask(client, "/who", "X-Forwarded-For: 198.51.100.1\r\nForwarded: for=198.51.100.1\r\n"),
              "200 " + (PeerAddress{from, 5}.toString()));
  }
  EXPECT_TRUE(open_.empty()) << "their sockets were let in, not their requests";
}

TEST_F(HttpFrontBehindProxy, ARefusedClientDoesNotCostTheOthersTheirConnection) {
  Peer proxy = dial();
  const std::string refused = ask(proxy, "/who", "X-Forwarded-For: 203.0.113.66\r\n");
  EXPECT_EQ(refused.substr(0, 3), "429");
  EXPECT_NE(refused.find("this address is banned"), std::string::npos) << refused;
  EXPECT_EQ(ask(proxy, "/who", "X-Forwarded-For: 203.0.113.9\r\n"), "200 203.0.113.9:0 proxied");
  EXPECT_EQ(front_->figures().refused, 1u);
}

TEST_F(HttpFrontBehindProxy, AClientCountsUntilItsAnswer) {
  Peer proxy = dial();
  proxy.write("GET /keep HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 203.0.113.9\r\n\r\n");
  ASSERT_TRUE(until([&] { return kept_ != nullptr; }));
  EXPECT_EQ(open_["203.0.113.9"], 1);
  kept_->reply(200, {}, "");
  EXPECT_EQ(open_["203.0.113.9"], 0);
}

TEST_F(HttpFrontBehindProxy, AClientCountsUntilItsProxyLeaves) {
  Peer proxy = dial();
  proxy.write("GET /keep HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 203.0.113.9\r\n\r\n");
  ASSERT_TRUE(until([&] { return kept_ != nullptr; }));
  proxy.reset();
  EXPECT_TRUE(until([&] { return open_["203.0.113.9"] == 0; }));
}

TEST_F(HttpFrontBehindProxy, AStreamGoesOnUnderItsClientsAddress) {
  Peer proxy = dial();
  proxy.write("GET /up HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: 203.0.113.9:77\r\n\r\n");
  ASSERT_TRUE(until([&] { return stream_ != nullptr; }));
  EXPECT_EQ(stream_->peer().toString(), "203.0.113.9:77");
  EXPECT_EQ(open_["203.0.113.9"], 0) << "from here on the stream counts, not the request";
}

TEST_F(HttpFrontBehindProxy, TheSchemeThatAProxyTellsIsNotBelieved) {
  Peer proxy = dial();
  const std::string answer =
      ask(proxy, "/who",
          "X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: https\r\nForwarded: proto=https\r\n"
          "Origin: https://localhost\r\n");
  EXPECT_EQ(answer.substr(0, 3), "403");
}

}  // namespace
}  // namespace gw::net
