#include "net/http_front.h"

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "net/listener.h"
#include "unit/host/net/net_test.h"
#include "unit/host/net/tls_fixture.h"

namespace gw::net {
namespace {

using test::Peer;
using test::RecordingHandler;
using test::tcpPair;
using Exchange = std::shared_ptr<HttpExchange>;

constexpr const char* kHost = "Host: localhost:18789\r\n";

// One front on a loop that the test turns; dial() makes clients.
class HttpFrontTest : public ::testing::Test {
 protected:
  void makeFront(HttpLimits limits = {}, ConnectionLimits connectionLimits = {}) {
    front_ = std::make_unique<HttpFront>(limits, connectionLimits);
    front_->publish(table_);
  }
  void route(const char* method, const char* path, std::function<void(Exchange)> handler, uint32_t maxBody = 1000,
             bool cors = false, bool checkOrigin = true) {
    table_->routes.push_back({method, path, maxBody, cors, checkOrigin, std::move(handler)});
  }
  Peer dial() {
    if (!front_) makeFront();
    const auto [server, client] = tcpPair();
    auto connection =
        std::make_unique<Connection>(loop_, server, PeerAddress{"127.0.0.1", 5}, front_->connectionLimits(), nullptr);
    front_->accept(std::move(connection), [this] { ++done_; });
    return Peer(client);
  }
  bool until(const std::function<bool()>& condition) { return test::turnUntil(loop_, condition); }
  // Reads until a head and its Content-Length are complete, or EOF.
  std::string response(Peer& peer) {
    std::string got;
    EXPECT_TRUE(until([&] {
      // One byte at a time, so that the next response stays where it is.
      for (std::string byte = "x"; !byte.empty() && !isComplete(got); got += byte) byte = peer.readSome(1);
      return isComplete(got) || peer.sawEof();
    })) << got;
    return got;
  }
  static bool isComplete(const std::string& response) {
    const size_t headEnd = response.find("\r\n\r\n");
    if (headEnd == std::string::npos) return false;
    const size_t at = response.find("Content-Length: ");
    const size_t size = at < headEnd ? std::stoul(response.substr(at + 16)) : 0;
    return response.size() >= headEnd + 4 + size;
  }
  std::string request(std::string_view bytes) {
    Peer peer = dial();
    peer.write(bytes);
    return response(peer);
  }
  bool isClosed(Peer& peer) {
    return until([&] {
      peer.readSome();
      return peer.sawEof();
    });
  }
  static std::string get(const std::string& path, const std::string& headers = "") {
    return "GET " + path + " HTTP/1.1\r\n" + kHost + headers + "\r\n";
  }
  static int statusOf(const std::string& response) {
    return response.size() > 12 ? std::stoi(response.substr(9, 3)) : 0;
  }
  static std::function<void(Exchange)> says(const std::string& body) {
    return [body](const Exchange& exchange) { exchange->reply(200, {{"Content-Type", "text/plain"}}, body); };
  }

  EventLoop loop_;
  std::shared_ptr<RouteTable> table_ = std::make_shared<RouteTable>();
  std::unique_ptr<HttpFront> front_;
  int done_ = 0;
};

TEST_F(HttpFrontTest, AnswersWithTheHeadersOfTheHouse) {
  route("GET", "/hi", says("hello"));
  const std::string got = request(get("/hi"));
  EXPECT_TRUE(got.starts_with("HTTP/1.1 200 OK\r\nDate: ")) << got;
  for (const char* part : {"X-Content-Type-Options: nosniff\r\n", "Referrer-Policy: no-referrer\r\n",
                           "Content-Length: 5\r\n", "Content-Type: text/plain\r\n", "Connection: keep-alive\r\n"}) {
    EXPECT_NE(got.find(part), std::string::npos) << part;
  }
  EXPECT_TRUE(got.ends_with("\r\n\r\nhello"));
  EXPECT_EQ(got.find("Access-Control"), std::string::npos);
}

TEST_F(HttpFrontTest, ShowsTheHandlerTheWholeRequest) {
  std::string seen;
  route("POST", "/rpc", [&](const Exchange& exchange) {
    seen = std::string(exchange->method()) + " " + std::string(exchange->path()) + " " +
           std::string(exchange->query()) + " " + std::string(exchange->body()) + " " +
           std::string(exchange->header("x-a")) + " " + exchange->peer().toString() +
           (exchange->isTls() ? " tls" : " plain");
    EXPECT_TRUE(exchange->isOpen());
    EXPECT_EQ(&exchange->loop(), &loop_);
    exchange->reply(204, {}, "ignored");
    EXPECT_FALSE(exchange->isOpen());
    exchange->reply(500, {}, "too late");
    EXPECT_EQ(exchange->accept(true, {}), nullptr);
  });
  const std::string got =
      request(std::string("POST /r%70c?q=1 HTTP/1.1\r\nX-A: b\r\nContent-Length: 4\r\n") + kHost + "\r\nbody");
  EXPECT_EQ(seen, "POST /rpc q=1 body b 127.0.0.1:5 plain");
  EXPECT_EQ(statusOf(got), 204);
  EXPECT_EQ(got.find("Content-Length"), std::string::npos);
  EXPECT_TRUE(got.ends_with("\r\n\r\n"));
}

TEST_F(HttpFrontTest, KeepsTheConnectionForPipelinedRequestsInOrder) {
  std::vector<Exchange> held;
  route("GET", "/later", [&](Exchange exchange) { held.push_back(std::move(exchange)); });
  route("GET", "/now", says("now"));
  Peer peer = dial();
  peer.write(get("/later") + get("/now") + get("/now", "Connection: close\r\n"));
  ASSERT_TRUE(until([&] { return held.size() == 1; }));
  for (int i = 0; i < 3; ++i) loop_.runOnce(0);
  EXPECT_EQ(peer.readSome(), "") << "the second must wait for the first";
  held[0]->reply(200, {}, "later");
  EXPECT_TRUE(response(peer).ends_with("later"));
  EXPECT_TRUE(response(peer).ends_with("now"));
  const std::string last = response(peer);
  EXPECT_NE(last.find("Connection: close"), std::string::npos);
  EXPECT_TRUE(isClosed(peer));
}

TEST_F(HttpFrontTest, AnswersAllRequestsOfAPeerThatHasFinished) {
  route("GET", "/now", says("now"));
  Peer peer = dial();
  peer.write(get("/now") + get("/now") + get("/now"));
  peer.finish();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(response(peer).ends_with("now")) << i;
  EXPECT_TRUE(isClosed(peer));
  EXPECT_TRUE(until([&] { return done_ == 1; }));
}

TEST_F(HttpFrontTest, AnswersADeferredRequestOfAPeerThatHasFinished) {
  Exchange held;
  route("GET", "/later", [&](Exchange exchange) { held = std::move(exchange); });
  Peer peer = dial();
  peer.write(get("/later"));
  peer.finish();
  ASSERT_TRUE(until([&] { return held != nullptr; }));
  for (int i = 0; i < 3; ++i) loop_.runOnce(0);
  held->reply(200, {}, "later");
  EXPECT_TRUE(response(peer).ends_with("later"));
  EXPECT_TRUE(isClosed(peer));
}

TEST_F(HttpFrontTest, GivesHeadersOnlyToHead) {
  route("GET", "/hi", says("hello"));
  Peer peer = dial();
  peer.write(std::string("HEAD /hi HTTP/1.1\r\n") + kHost + "\r\n" + get("/hi"));
  std::string got;
  ASSERT_TRUE(until([&] {
    got += peer.readSome();
    return got.ends_with("hello");
  }));
  EXPECT_NE(got.find("Content-Length: 5\r\nConnection: keep-alive\r\n\r\nHTTP/1.1 200 OK"), std::string::npos) << got;
}

TEST_F(HttpFrontTest, RefusesWithAnErrorObject) {
  route("GET", "/get", says("x"));
  route("POST", "/post", says("x"), 10);
  struct Case {
    std::string bytes;
    int status;
    const char* part;
  };
  const std::string host = kHost;
  const Case all[] = {
      {get("/nope"), 404, "{\"code\":\"NOT_FOUND\",\"message\":\""},
      {"POST /get HTTP/1.1\r\n" + host + "\r\n", 405, "Allow: GET, HEAD\r\n"},
      {"OPTIONS /get HTTP/1.1\r\n" + host + "\r\n", 405, "METHOD_NOT_FOUND"},
      {"POST /post HTTP/1.1\r\n" + host + "Content-Length: 11\r\n\r\n", 413, "TOO_LARGE"},
      {"GET /get HTTP/1.1\r\n" + host + "Content-Length: 1001\r\n\r\n", 413, "TOO_LARGE"},
      {"GET /get HTTP/1.1\r\n\r\n", 421, "FORBIDDEN"},
      {"GET /get HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421, "Connection: close"},
      {"GET http://evil.example/get HTTP/1.1\r\n" + host + "\r\n", 421, "FORBIDDEN"},
      {get("/get", "Origin: https://evil.example\r\n"), 403, "FORBIDDEN"},
      {get("/get", "Origin: null\r\n"), 403, "FORBIDDEN"},
      {get("/get", "Origin: http://localhost:18789\r\nOrigin: http://localhost:18789\r\n"), 403, "FORBIDDEN"},
      {"nonsense", 400, "INVALID_REQUEST"},
      {"GET /" + std::string(9000, 'a') + " HTTP/1.1\r\n\r\n", 414, "TOO_LARGE"},
      {get("/get", "A: " + std::string(17'000, 'a') + "\r\n"), 431, "TOO_LARGE"},
  };
  for (const Case& c : all) {
    const std::string got = request(c.bytes);
    EXPECT_EQ(statusOf(got), c.status) << c.bytes.substr(0, 80);
    EXPECT_NE(got.find(c.part), std::string::npos) << got;
    EXPECT_NE(got.find("Content-Type: application/json"), std::string::npos);
  }
  EXPECT_EQ(front_->figures().refused, std::size(all));
  EXPECT_EQ(front_->figures().requests, 0u);
}

TEST_F(HttpFrontTest, ARefusalWithoutABodyKeepsTheConnection) {
  route("GET", "/hi", says("hello"));
  Peer peer = dial();
  peer.write(get("/nope") + get("/hi"));
  EXPECT_EQ(statusOf(response(peer)), 404);
  EXPECT_EQ(statusOf(response(peer)), 200);
}

TEST_F(HttpFrontTest, ABodyOfARefusedRequestIsNeverTakenForARequest) {
  route("GET", "/hi", says("hello"));
  Peer peer = dial();
  const std::string smuggled = get("/hi");
  peer.write(std::string("POST /nope HTTP/1.1\r\n") + kHost + "Content-Length: " + std::to_string(smuggled.size()) +
             "\r\n\r\n" + smuggled);
  EXPECT_EQ(statusOf(response(peer)), 404);
  std::string rest;
  ASSERT_TRUE(until([&] {
    rest += peer.readSome();
    return peer.sawEof();
  }));
  EXPECT_EQ(rest, "");
}

TEST_F(HttpFrontTest, AnswersCorsForAllowedOriginsOnly) {
  route("POST", "/rpc", says("{}"), 10, true);
  route("GET", "/open", says("x"), 0, false, false);
  makeFront();
  auto rules = std::make_shared<HttpRules>();
  rules->allowedHosts = {"localhost"};
  rules->allowedOrigins = {"https://game.example"};
  front_->publishRules(rules);
  const std::string origin = "Origin: https://game.example\r\n";
  const std::string preflight = request("OPTIONS /rpc HTTP/1.1\r\n" + std::string(kHost) + origin +
                                        "Access-Control-Request-Method: POST\r\n\r\n");
  EXPECT_EQ(statusOf(preflight), 204);
  for (const char* part : {"Access-Control-Allow-Origin: https://game.example\r\n", "Vary: Origin\r\n",
                           "Access-Control-Allow-Methods: POST, OPTIONS\r\n",
                           "Access-Control-Allow-Headers: Authorization, Content-Type"}) {
    EXPECT_NE(preflight.find(part), std::string::npos) << part;
  }
  EXPECT_EQ(preflight.find("Allow-Credentials"), std::string::npos);
  const std::string answer = request("POST /rpc HTTP/1.1\r\n" + std::string(kHost) + origin + "\r\n");
  EXPECT_NE(answer.find("Access-Control-Allow-Origin: https://game.example\r\n"), std::string::npos);
  EXPECT_EQ(
      statusOf(request("OPTIONS /rpc HTTP/1.1\r\n" + std::string(kHost) + "Origin: https://evil.example\r\n\r\n")),
      403);
  const std::string native = request("OPTIONS /rpc HTTP/1.1\r\n" + std::string(kHost) + "\r\n");
  EXPECT_EQ(statusOf(native), 204);
  EXPECT_EQ(native.find("Access-Control"), std::string::npos);
  const std::string open = request(get("/open", "Origin: https://evil.example\r\n"));
  EXPECT_EQ(statusOf(open), 200);
  EXPECT_EQ(open.find("Access-Control"), std::string::npos);
}

TEST_F(HttpFrontTest, UpgradesAndGivesTheConnectionAwayWithItsUnreadInput) {
  RecordingHandler stream;
  std::unique_ptr<Connection> taken;
  route("GET", "/ws", [&](const Exchange& exchange) {
    taken = exchange->accept(true, {{"Upgrade", "websocket"}, {"X-Bad", "a\r\nInjected: b"}});
    ASSERT_NE(taken, nullptr);
    EXPECT_FALSE(exchange->isOpen());
    taken->setHandler(stream);
    taken->kick();
  });
  Peer peer = dial();
  peer.write(get("/ws", "Connection: Upgrade\r\nUpgrade: websocket\r\n") + "early frames");
  ASSERT_TRUE(until([&] { return stream.input == "early frames"; }));
  EXPECT_EQ(done_, 1);
  const std::string got = response(peer);
  EXPECT_EQ(got, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
  front_.reset();  // nothing of it is needed any more
  const ConnectionLimits limits;
  taken->setLimits(limits);
  taken->send("hello");
  peer.write("more");
  ASSERT_TRUE(until([&] { return stream.input == "early framesmore"; }));
  EXPECT_EQ(peer.readExactly(5), "hello");
  taken.reset();
}

TEST_F(HttpFrontTest, StreamsWithoutLengthOrChunks) {
  Exchange held;
  route(
      "GET", "/events", [&](Exchange exchange) { held = std::move(exchange); }, 0, true);
  Peer peer = dial();
  peer.write(get("/events", "Origin: http://localhost:18789\r\n"));
  peer.finish();
  ASSERT_TRUE(until([&] { return held != nullptr; }));
  for (int i = 0; i < 3; ++i) loop_.runOnce(0);
  auto stream = held->accept(false, {{"Content-Type", "text/event-stream"}, {"Connection", "keep-alive"}});
  RecordingHandler handler;
  stream->setHandler(handler);
  stream->kick();
  stream->send("data: x\n\n");
  std::string got;
  ASSERT_TRUE(until([&] {
    got += peer.readSome();
    return got.ends_with("data: x\n\n") && handler.eofs == 1;
  }));
  EXPECT_TRUE(got.starts_with("HTTP/1.1 200 OK\r\n"));
  EXPECT_NE(got.find("Access-Control-Allow-Origin: http://localhost:18789\r\n"), std::string::npos);
  EXPECT_NE(got.find("\r\nConnection: close\r\n\r\n"), std::string::npos);
  EXPECT_EQ(got.find("keep-alive"), std::string::npos);
  EXPECT_EQ(got.find("Content-Length"), std::string::npos);
}

TEST_F(HttpFrontTest, TellsTheHandlerThatThePeerHasGone) {
  Exchange held;
  int gone = 0;
  route("GET", "/later", [&](Exchange exchange) {
    held = std::move(exchange);
    held->onGone([&] { ++gone; });
  });
  Peer peer = dial();
  peer.write(get("/later"));
  ASSERT_TRUE(until([&] { return held != nullptr; }));
  peer.reset();
  ASSERT_TRUE(until([&] { return gone == 1; }));
  EXPECT_FALSE(held->isOpen());
  EXPECT_EQ(held->accept(true, {}), nullptr);
  held->reply(200, {}, "nobody hears it");
  EXPECT_EQ(held->path(), "/later");
  EXPECT_EQ(done_, 1);
}

TEST_F(HttpFrontTest, AnswersForAHandlerThatForgetsOrThrows) {
  route("GET", "/forget", [](const Exchange&) {});
  route("GET", "/throw", [](const Exchange&) { throw std::runtime_error("oops"); });
  EXPECT_EQ(statusOf(request(get("/forget"))), 500);
  const std::string got = request(get("/throw"));
  EXPECT_EQ(statusOf(got), 500);
  EXPECT_EQ(got.find("oops"), std::string::npos);
}

TEST_F(HttpFrontTest, GivesTheGoToAClientThatWaitsForIt) {
  route("POST", "/rpc", says("done"));
  Peer peer = dial();
  peer.write(std::string("POST /rpc HTTP/1.1\r\n") + kHost + "Expect: 100-continue\r\nContent-Length: 4\r\n\r\n");
  std::string got;
  ASSERT_TRUE(until([&] {
    got += peer.readSome();
    return got == "HTTP/1.1 100 Continue\r\n\r\n";
  }));
  peer.write("body");
  EXPECT_EQ(statusOf(response(peer)), 200);
  EXPECT_EQ(statusOf(request(std::string("POST /rpc HTTP/1.1\r\n") + kHost +
                             "Expect: 100-continue\r\nContent-Length: 4000\r\n\r\n")),
            413)
      << "no go for a body that would be refused";
}

TEST_F(HttpFrontTest, HeadersHaveADeadline) {
  HttpLimits limits;
  limits.headerMs = 40;
  makeFront(limits);
  Peer slow = dial();
  slow.write("GET / HT");
  EXPECT_EQ(statusOf(response(slow)), 408);
  EXPECT_TRUE(isClosed(slow));
  Peer silent = dial();
  EXPECT_EQ(response(silent), "");
  EXPECT_EQ(front_->figures().deadlines, 1u);
}

TEST_F(HttpFrontTest, BodiesHaveADeadline) {
  HttpLimits limits;
  limits.bodyMs = 40;
  route("POST", "/rpc", says("x"));
  makeFront(limits);
  EXPECT_EQ(statusOf(request(std::string("POST /rpc HTTP/1.1\r\n") + kHost + "Content-Length: 4\r\n\r\nab")), 408);
}

TEST_F(HttpFrontTest, KeptConnectionsHaveADeadlineAndTheNextHeadAnother) {
  HttpLimits limits;
  limits.keepAliveMs = 60'000;
  limits.headerMs = 400;
  route("GET", "/hi", says("hello"));
  makeFront(limits);
  Peer peer = dial();
  peer.write(get("/hi"));
  EXPECT_EQ(statusOf(response(peer)), 200);
  peer.write("G");
  EXPECT_EQ(statusOf(response(peer)), 408);
  limits.keepAliveMs = 40;
  makeFront(limits);
  Peer idle = dial();
  idle.write(get("/hi"));
  EXPECT_EQ(statusOf(response(idle)), 200);
  EXPECT_TRUE(isClosed(idle));
}

TEST_F(HttpFrontTest, AnswersForAHandlerThatIsLate) {
  HttpLimits limits;
  limits.deferMs = 40;
  Exchange held;
  int gone = 0;
  route("GET", "/later", [&](Exchange exchange) {
    held = std::move(exchange);
    held->onGone([&] { ++gone; });
  });
  route("GET", "/hi", says("hello"));
  makeFront(limits);
  Peer peer = dial();
  peer.write(get("/later"));
  EXPECT_EQ(statusOf(response(peer)), 503);
  EXPECT_EQ(gone, 1);
  EXPECT_EQ(front_->figures().deadlines, 1u);
  EXPECT_EQ(front_->figures().requests, 1u);
  EXPECT_FALSE(held->isOpen());
  held->reply(200, {}, "too late");
  peer.write(get("/hi"));
  EXPECT_TRUE(response(peer).ends_with("hello"));
}

TEST_F(HttpFrontTest, ClosesIdleConnectionsAndTheOthersAfterTheirAnswer) {
  Exchange held;
  route("GET", "/later", [&](Exchange exchange) { held = std::move(exchange); });
  Peer idle = dial();
  Peer busy = dial();
  busy.write(get("/later"));
  ASSERT_TRUE(until([&] { return held != nullptr; }));
  front_->closeIdle(loop_);
  EXPECT_TRUE(isClosed(idle));
  held->reply(200, {}, "later");
  EXPECT_NE(response(busy).find("Connection: close"), std::string::npos);
  EXPECT_TRUE(isClosed(busy));
}

TEST_F(HttpFrontTest, NewRoutesServeTheNextRequestOfAnOpenConnection) {
  route("GET", "/hi", says("old"));
  Peer peer = dial();
  peer.write(get("/hi"));
  EXPECT_TRUE(response(peer).ends_with("old"));
  auto next = std::make_shared<RouteTable>();
  next->routes.push_back({"GET", "/hi", 0, false, true, says("new")});
  front_->publish(next);
  peer.write(get("/hi"));
  EXPECT_TRUE(response(peer).ends_with("new"));
  EXPECT_EQ(table_.use_count(), 1) << "an idle connection still holds the old table";
}

TEST_F(HttpFrontTest, AClientThatDoesNotReadGetsNoMoreAnswers) {
  ConnectionLimits limits;
  limits.softBytes = 100'000;
  limits.lowBytes = 50'000;
  const std::string big(3 << 20, 'x');
  int served = 0;
  route("GET", "/big", [&](const Exchange& exchange) {
    ++served;
    exchange->reply(200, {}, big);
  });
  makeFront({}, limits);
  Peer peer = dial();
  std::string requests;
  for (int i = 0; i < 5; ++i) requests += get("/big");
  peer.write(requests);
  ASSERT_TRUE(until([&] { return served > 0; }));
  for (int i = 0; i < 20; ++i) loop_.runOnce(0);
  EXPECT_LT(served, 5);
  size_t got = 0;
  ASSERT_TRUE(until([&] {
    got += peer.readSome().size();
    return got > 5 * big.size();
  }));
  EXPECT_EQ(served, 5);
}

TEST_F(HttpFrontTest, GoesDownWithConnectionsAndExchangesOpen) {
  Exchange held;
  int gone = 0;
  route("GET", "/later", [&](Exchange exchange) {
    held = std::move(exchange);
    held->onGone([&] { ++gone; });
  });
  Peer peer = dial();
  peer.write(get("/later"));
  ASSERT_TRUE(until([&] { return held != nullptr; }));
  front_.reset();
  EXPECT_FALSE(held->isOpen());
  EXPECT_EQ(gone, 1);
  EXPECT_EQ(peer.readToEof(), "");
}

TEST_F(HttpFrontTest, SpeaksHttpsAndItsOwnOriginIsThenHttps) {
  test::PemFolder pem;
  test::Identity identity;
  test::makeIdentity(identity, "localhost");
  pem.write("cert.pem", "key.pem", identity);
  auto context = TlsContext::load({pem.path("cert.pem"), pem.path("key.pem"), ""});
  ASSERT_TRUE(context.ok());
  route("GET", "/hi", [](const Exchange& exchange) { exchange->reply(200, {}, exchange->isTls() ? "safe" : "open"); });
  makeFront();
  const auto [server, clientFd] = tcpPair();
  front_->accept(std::make_unique<Connection>(loop_, server, PeerAddress{}, front_->connectionLimits(),
                                              (*context)->newSession(server)),
                 {});
  test::TlsClient client(clientFd);
  ASSERT_TRUE(until([&] { return client.handshake(); }));
  client.write(get("/hi", "Origin: https://localhost:18789\r\n"));
  std::string got;
  ASSERT_TRUE(until([&] { return isComplete(got += client.read()); }));
  EXPECT_TRUE(got.ends_with("safe")) << got;
  client.write(get("/hi", "Origin: http://localhost:18789\r\n"));
  got.clear();
  ASSERT_TRUE(until([&] { return isComplete(got += client.read()); }));
  EXPECT_EQ(statusOf(got), 403);
}

TEST(HttpFront, ServesOnSeveralLoopsWhileRoutesAreSwapped) {
  EventLoop loops[2];
  auto front = std::make_unique<HttpFront>(HttpLimits{}, ConnectionLimits{});
  auto tableThatSays = [](const std::string& body) {
    auto table = std::make_shared<RouteTable>();
    table->routes.push_back({"GET", "/hi", 0, false, true, [body](const Exchange& exchange) {
                               // Answered from elsewhere, as a deferred request is.
                               exchange->loop().post([exchange, body] { exchange->reply(200, {}, body); });
                             }});
    return table;
  };
  front->publish(tableThatSays("0"));
  for (EventLoop& loop : loops) loop.start();
  auto listener = Listener::bind("main", {{"127.0.0.1"}, 0}, {});
  ASSERT_TRUE(listener.ok());
  std::atomic<int> done{0};
  (*listener)->startAccepting({&loops[0], &loops[1]}, [&](EventLoop& loop, int fd, PeerAddress peer) {
    auto connection = std::make_unique<Connection>(loop, fd, std::move(peer), front->connectionLimits(), nullptr);
    front->accept(std::move(connection), [&done] { ++done; });
  });
  std::atomic<int> answered{0};
  std::vector<std::thread> clients;
  for (int c = 0; c < 4; ++c) {
    clients.emplace_back([&, port = (*listener)->port()] {
      for (int i = 0; i < 10; ++i) {
        Peer peer = test::dial(port);
        peer.write("GET /hi HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
        if (peer.readToEof().starts_with("HTTP/1.1 200 OK")) ++answered;
      }
    });
  }
  for (int i = 0; i < 50; ++i) front->publish(tableThatSays(std::to_string(i)));
  for (auto& client : clients) client.join();
  EXPECT_EQ(answered, 40);
  (*listener)->stopAccepting();
  for (EventLoop& loop : loops) {
    loop.stop();
    loop.join();
  }
  front.reset();
  EXPECT_LE(done, 40);
}

class StaticFilesTest : public HttpFrontTest {
 protected:
  StaticFilesTest() : folder_(std::filesystem::temp_directory_path() / ("gw_static_" + std::to_string(getpid()))) {
    std::filesystem::create_directories(folder_ / "sub");
    write("index.html", "<p>home</p>");
    write("app.js", "let x;");
    write(".secret", "hidden");
    write("sub/index.html", "<p>sub</p>");
  }
  ~StaticFilesTest() override { std::filesystem::remove_all(folder_); }
  void write(const std::string& name, const std::string& content) { std::ofstream(folder_ / name) << content; }
  std::filesystem::path folder_;
};

TEST_F(StaticFilesTest, ServesFilesWithTypeEtagAndPolicy) {
  std::string error;
  table_->routes = staticFileRoutes(folder_.string(), error);
  ASSERT_EQ(error, "");
  const std::string home = request(get("/"));
  EXPECT_TRUE(home.ends_with("<p>home</p>")) << home;
  EXPECT_NE(home.find("Content-Type: text/html; charset=utf-8"), std::string::npos);
  EXPECT_NE(home.find("Content-Security-Policy: default-src 'self'; frame-ancestors 'none'"), std::string::npos);
  EXPECT_TRUE(request(get("/sub/")).ends_with("<p>sub</p>"));
  EXPECT_NE(request(get("/app.js")).find("text/javascript"), std::string::npos);
  EXPECT_EQ(statusOf(request(get("/.secret"))), 404);
  EXPECT_EQ(statusOf(request(get("/sub/../../etc/passwd"))), 400);
  const size_t at = home.find("ETag: ") + 6;
  const std::string etag = home.substr(at, home.find("\r\n", at) - at);
  const std::string again = request(get("/", "If-None-Match: " + etag + "\r\n"));
  EXPECT_EQ(statusOf(again), 304);
  EXPECT_TRUE(again.ends_with("\r\n\r\n"));
  EXPECT_EQ(statusOf(request(get("/", "If-None-Match: \"other\"\r\n"))), 200);
}

TEST_F(StaticFilesTest, RefusesAMissingFolderAndAGiantFile) {
  std::string error;
  EXPECT_TRUE(staticFileRoutes((folder_ / "absent").string(), error).empty());
  EXPECT_NE(error.find("absent"), std::string::npos);
  write("big.bin", std::string((1 << 20) + 1, 'x'));
  EXPECT_TRUE(staticFileRoutes(folder_.string(), error).empty());
  EXPECT_NE(error.find("big.bin: larger than 1 MiB"), std::string::npos);
}

}  // namespace
}  // namespace gw::net
