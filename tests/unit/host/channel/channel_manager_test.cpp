#include "channel/channel_manager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "gw/types.h"
#include "unit/host/channel/fake_acceptor.h"
#include "unit/host/channel/tcp_client.h"
#include "unit/host/net/tls_fixture.h"
#include "unit/host/plugin/plugin_files.h"

namespace gw::channel {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class ChannelManagerTest : public ::testing::Test {
 protected:
  ChannelManagerTest() {
    options_.onChange = [this] { ++changes_; };
    control_.start();
    for (int i = 0; i < 2; ++i) {
      loops_.push_back(std::make_unique<net::EventLoop>(i));
      loops_.back()->start();
    }
  }
  ~ChannelManagerTest() override {
    if (manager_) onControl([&] { manager_->stopAll(GW_CLOSE_SHUTDOWN, 0); });
    acceptor_.dropStreams();
    control_.drain();
    for (auto& loop : loops_) loop->stop();
    for (auto& loop : loops_) loop->join();
    if (manager_) onControl([&] { manager_.reset(); });
    control_.stop();
  }

  void onControl(Task task) { ASSERT_TRUE(control_.run(std::move(task))); }

  AccountSpec& socketAccount(const std::string& name, uint16_t port = 0) {
    AccountSpec spec;
    spec.channelId = "good";
    spec.accountId = name;
    spec.listen = net::ListenAddress{{"127.0.0.1"}, port};
    return options_.accounts.emplace_back(std::move(spec));
  }
  AccountSpec& httpAccount(const std::string& name, const std::string& optionsJson = "{}") {
    AccountSpec spec;
    spec.channelId = "good";
    spec.accountId = name;
    spec.http = "main";
    spec.optionsJson = optionsJson;
    return options_.accounts.emplace_back(std::move(spec));
  }
  HttpListenerSpec& httpListener(uint16_t port = 0) {
    HttpListenerSpec spec;
    spec.listen = {{"127.0.0.1"}, port};
    spec.rules.allowedHosts = {"127.0.0.1", "localhost"};
    return options_.http.emplace_back(std::move(spec));
  }
  ChannelManager& manager() {
    if (!manager_) {
      if (!std::filesystem::exists(folder_.dir() + "/good.so")) folder_.place("good");
      catalog_.emplace(plugin::CatalogOptions{{folder_.dir()}, folder_.copies()}, host_.table());
      onControl([&] {
        EXPECT_TRUE(catalog_->prepare().ok());
        manager_ = std::make_unique<ChannelManager>(std::move(options_), control_, *catalog_, acceptor_, systemClock());
      });
    }
    return *manager_;
  }
  Result<void> bindAll() {
    Result<void> result;
    onControl([&] { result = manager().bindAll(); });
    return result;
  }
  void startAll() {
    onControl([&] { manager().startAll(); });
  }
  void accept() {
    std::vector<net::EventLoop*> all;
    for (auto& loop : loops_) all.push_back(loop.get());
    onControl([&] { manager().startAccepting(all); });
  }
  void up() {
    manager();
    ASSERT_TRUE(bindAll().ok());
    startAll();
    accept();
  }
  Result<void> start(const std::string& id) {
    Result<void> result;
    onControl([&] { result = manager().start(id); });
    return result;
  }
  Result<size_t> stop(const std::string& id, uint64_t graceMs = 1000) {
    Result<size_t> result{size_t{0}};
    onControl([&] { result = manager().stop(id, graceMs); });
    return result;
  }
  AccountSnapshot account(const std::string& id) { return *manager().snapshot(id); }
  uint16_t portOf(const std::string& id) {
    const std::string address = account(id).addresses.at(0);
    return static_cast<uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
  }
  uint16_t httpPort() { return manager().httpListeners().at(0)->port(); }

  test::RecordingHost host_;
  test::PluginFolder folder_;
  test::FakeAcceptor acceptor_;
  std::atomic<int> changes_{0};
  ManagerOptions options_;
  ControlThread control_;
  std::vector<std::unique_ptr<net::EventLoop>> loops_;
  std::optional<plugin::PluginCatalog> catalog_;
  std::unique_ptr<ChannelManager> manager_;
};

TEST_F(ChannelManagerTest, TakesSocketsOnceItAccepts) {
  socketAccount("default").roles = {"player", "operator"};
  manager();
  ASSERT_TRUE(bindAll().ok());
  startAll();
  EXPECT_EQ(account("good:default").state, AccountState::kRunning);
  EXPECT_FALSE(account("good:default").isAccepting);
  EXPECT_FALSE(manager().isAnyAccepting());
  test::TcpClient early(portOf("good:default"));  // waits in the kernel's backlog
  EXPECT_TRUE(early.isConnected());
  EXPECT_EQ(acceptor_.streamCount(), 0u);
  accept();
  EXPECT_TRUE(manager().isAnyAccepting());
  ASSERT_TRUE(acceptor_.waitForStreams(1));
  EXPECT_TRUE(acceptor_.wasInLoop());
  EXPECT_FALSE(acceptor_.sawTls());
  EXPECT_EQ(acceptor_.lastTraits().accountId, "good:default");
  EXPECT_THAT(acceptor_.lastTraits().roles, ElementsAre("player", "operator"));

  const AccountSnapshot now = account("good:default");
  EXPECT_EQ(now.connections, 1u);
  EXPECT_EQ(now.accepted, 1u);
  EXPECT_EQ(now.lastActivity, 4711);
  EXPECT_EQ(now.generation, 1u);
  EXPECT_EQ(now.pluginVersion, "1.2.3");
  EXPECT_GT(now.lastStartAt, 0);
  EXPECT_EQ(now.lastStopAt, 0);
  EXPECT_TRUE(now.running);
  EXPECT_GT(changes_, 2);
}

TEST_F(ChannelManagerTest, OneAccountsFailureIsItsOwn) {
  socketAccount("default");
  socketAccount("broken").optionsJson = "fail-start";
  socketAccount("missing").channelId = "gopher";
  up();
  EXPECT_TRUE(account("good:default").running);
  EXPECT_EQ(account("good:broken").state, AccountState::kError);
  EXPECT_EQ(account("good:broken").lastError, "good:broken: start failed: no cable");
  EXPECT_GT(account("good:broken").lastErrorAt, 0);
  EXPECT_TRUE(account("good:broken").addresses.empty());
  EXPECT_THAT(account("gopher:missing").lastError, HasSubstr("no plugin for channel \"gopher\""));
  EXPECT_EQ(account("gopher:missing").generation, 0u);
  EXPECT_EQ(host_.count("destroy"), 1);  // the broken one left nothing behind
}

TEST_F(ChannelManagerTest, EveryWayToFailAStartEndsInError) {
  const char* const ways[] = {"fail-validate", "throw-create", "null-create", "fail-create", "throw-start"};
  for (const char* way : ways) socketAccount(way).optionsJson = way;
  socketAccount("default");
  up();
  for (const char* way : ways) {
    EXPECT_EQ(account(std::string("good:") + way).state, AccountState::kError) << way;
  }
  EXPECT_TRUE(account("good:default").running);
}

TEST_F(ChannelManagerTest, ATakenPortIsThatAccountsError) {
  auto taken = net::Listener::bind("other", {{"127.0.0.1"}, 0}, {});
  ASSERT_TRUE(taken.ok());
  socketAccount("default");
  socketAccount("taken", (*taken)->port());
  up();
  EXPECT_TRUE(account("good:default").running);
  EXPECT_EQ(account("good:taken").state, AccountState::kError);
  EXPECT_THAT(account("good:taken").lastError, HasSubstr(std::to_string((*taken)->port())));
  taken->reset();  // the holder is gone: the operator starts it
  const auto started = start("good:taken");
  ASSERT_TRUE(started.ok()) << started.error().message;
  EXPECT_TRUE(account("good:taken").lastError.empty());
  EXPECT_TRUE(account("good:taken").isAccepting);
}

TEST_F(ChannelManagerTest, NothingBoundAtAllIsFatal) {
  auto taken = net::Listener::bind("other", {{"127.0.0.1"}, 0}, {});
  socketAccount("one", (*taken)->port());
  socketAccount("off").enabled = false;
  manager();
  const auto bound = bindAll();
  ASSERT_FALSE(bound.ok());
  EXPECT_EQ(bound.error().code, ErrorCode::kConflict);
  EXPECT_EQ(account("good:off").state, AccountState::kStopped);
}

TEST_F(ChannelManagerTest, StopsSaysGoodbyeAndStartsAgainOnTheSamePort) {
  socketAccount("default");
  up();
  const uint16_t port = portOf("good:default");
  test::TcpClient client(port);
  ASSERT_TRUE(acceptor_.waitForStreams(1));
  acceptor_.cutOff = 3;
  const auto stopped = stop("good:default", 1234);
  ASSERT_TRUE(stopped.ok());
  EXPECT_EQ(*stopped, 3u);
  ASSERT_EQ(acceptor_.closes.size(), 1u);
  EXPECT_EQ(acceptor_.closes[0].account, "good:default");
  EXPECT_EQ(acceptor_.closes[0].code, static_cast<uint32_t>(GW_CLOSE_SHUTDOWN));
  EXPECT_EQ(acceptor_.closes[0].graceMs, 1234u);
  EXPECT_EQ(client.readAll(), "");
  EXPECT_THAT(host_.messages(), ElementsAre("init", "create", "start", "drain", "stop", "destroy", "deinit"));
  EXPECT_FALSE(test::isMapped(folder_.copies()));

  const AccountSnapshot now = account("good:default");
  EXPECT_EQ(now.state, AccountState::kStopped);
  EXPECT_TRUE(now.stoppedByOperator);
  EXPECT_FALSE(now.isAccepting);
  EXPECT_GT(now.lastStopAt, 0);
  EXPECT_EQ(now.lastActivity, 4711);
  EXPECT_FALSE(test::TcpClient(port).isConnected());  // refused at once, not left waiting
  EXPECT_EQ(stop("good:default").error().code, ErrorCode::kConflict);

  ASSERT_TRUE(start("good:default").ok());
  EXPECT_EQ(portOf("good:default"), port);
  EXPECT_EQ(account("good:default").generation, 2u);
  EXPECT_FALSE(account("good:default").stoppedByOperator);
  test::TcpClient again(port);
  EXPECT_TRUE(acceptor_.waitForStreams(1));
  EXPECT_EQ(start("good:default").error().code, ErrorCode::kConflict);
}

TEST_F(ChannelManagerTest, AStreamThatOutlivesTheStopEndsItsInstanceOnTheControlThread) {
  socketAccount("default");
  up();
  test::TcpClient client(portOf("good:default"));
  ASSERT_TRUE(acceptor_.waitForStreams(1));
  acceptor_.keepStreams = true;
  ASSERT_TRUE(stop("good:default", 0).ok());
  EXPECT_EQ(host_.count("stop"), 1);
  EXPECT_EQ(host_.count("destroy"), 0);
  acceptor_.dropStreams();  // on this thread
  control_.drain();
  EXPECT_EQ(host_.count("destroy"), 1);
  EXPECT_EQ(host_.count("deinit"), 1);
}

TEST_F(ChannelManagerTest, UnknownAccountsAreNotFound) {
  socketAccount("default");
  manager();
  EXPECT_EQ(start("good:none").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(stop("good:none").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(manager().snapshot("good:none").error().code, ErrorCode::kNotFound);
  onControl([&] { EXPECT_EQ(manager().publishRules("none", {}).error().code, ErrorCode::kNotFound); });
}

TEST_F(ChannelManagerTest, DisabledAccountsWaitForTheOperator) {
  socketAccount("default");
  socketAccount("later").enabled = false;
  up();
  EXPECT_EQ(account("good:later").state, AccountState::kStopped);
  EXPECT_FALSE(account("good:later").enabled);
  ASSERT_TRUE(start("good:later").ok());
  EXPECT_TRUE(account("good:later").isAccepting);
  EXPECT_EQ(account("good:later").generation, account("good:default").generation);  // one load for both
}

TEST_F(ChannelManagerTest, AccountsShareAnHttpListener) {
  httpListener().extraRoutes.push_back({"GET", "/healthz", 0, false, false,
                                        [](std::shared_ptr<net::HttpExchange> e) { e->reply(200, {}, "loops turn"); }});
  httpAccount("one", R"({"path":"/one"})");
  httpAccount("two", R"({"path":"/two"})");
  up();
  EXPECT_THAT(test::httpGet(httpPort(), "/one"), HasSubstr("good:one good:one"));
  EXPECT_THAT(test::httpGet(httpPort(), "/two"), HasSubstr("good:two good:two"));
  EXPECT_THAT(test::httpGet(httpPort(), "/healthz"), HasSubstr("loops turn"));
  EXPECT_THAT(test::httpGet(httpPort(), "/three"), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(account("good:one").addresses, ElementsAre("http://127.0.0.1:" + std::to_string(httpPort()) + "/one"));
  ASSERT_TRUE(stop("good:one").ok());
  EXPECT_THAT(test::httpGet(httpPort(), "/one"), StartsWith("HTTP/1.1 404"));
  EXPECT_THAT(test::httpGet(httpPort(), "/two"), HasSubstr("good:two"));
  ASSERT_TRUE(start("good:one").ok());
  EXPECT_THAT(test::httpGet(httpPort(), "/one"), HasSubstr("good:one"));
}

TEST_F(ChannelManagerTest, TheSecondAccountOnAPathGoesIntoErrorNamingBoth) {
  httpListener().extraRoutes.push_back({"GET", "/healthz", 0, false, false, nullptr});
  httpAccount("one", R"({"path":"/same"})");
  httpAccount("two", R"({"path":"/same"})");
  httpAccount("three", R"({"path":"/healthz"})");
  up();
  EXPECT_TRUE(account("good:one").running);
  EXPECT_EQ(account("good:two").state, AccountState::kError);
  EXPECT_EQ(account("good:two").lastError, "both good:one and good:two want GET /same on HTTP listener main");
  EXPECT_THAT(account("good:three").lastError, HasSubstr("both the gateway itself and good:three want GET /healthz"));
  EXPECT_THAT(test::httpGet(httpPort(), "/same"), HasSubstr("good:one"));
  ASSERT_TRUE(stop("good:one").ok());
  ASSERT_TRUE(start("good:two").ok());
  EXPECT_THAT(test::httpGet(httpPort(), "/same"), HasSubstr("good:two"));
}

TEST_F(ChannelManagerTest, RoutesThatAreNoneAreRefused) {
  httpListener();
  httpAccount("a", "no-routes");
  httpAccount("b", "throw-routes");
  httpAccount("c", "bad-route");
  httpAccount("d").channelId = "socket-only";
  folder_.place("no_http");
  up();
  EXPECT_THAT(account("good:a").lastError, HasSubstr("wants no HTTP route"));
  EXPECT_THAT(account("good:b").lastError, HasSubstr("routes threw an exception: routes went wrong"));
  EXPECT_THAT(account("good:c").lastError, HasSubstr("routes failed"));
  EXPECT_THAT(account("socket-only:d").lastError, HasSubstr("does not speak HTTP"));
}

TEST_F(ChannelManagerTest, AccountsWithoutAPlaceAreErrors) {
  httpAccount("lost").http = "nowhere";
  httpAccount("homeless").http = "";
  socketAccount("default");
  up();
  EXPECT_THAT(account("good:lost").lastError, HasSubstr("there is no HTTP listener nowhere"));
  EXPECT_THAT(account("good:homeless").lastError, HasSubstr("neither an address nor an HTTP listener"));
  EXPECT_TRUE(account("good:default").running);
}

TEST_F(ChannelManagerTest, ATakenHttpPortIsItsAccountsErrorUntilItIsFree) {
  auto taken = net::Listener::bind("other", {{"127.0.0.1"}, 0}, {});
  httpListener((*taken)->port());
  httpAccount("default");
  socketAccount("socket");
  up();
  EXPECT_EQ(account("good:default").state, AccountState::kError);
  EXPECT_TRUE(account("good:socket").running);
  taken->reset();
  ASSERT_TRUE(start("good:default").ok());
  EXPECT_THAT(test::httpGet(httpPort(), "/good"), HasSubstr("good:default"));
}

TEST_F(ChannelManagerTest, QuarantineIsAnErrorThatARestartEnds) {
  httpListener();
  httpAccount("default");
  socketAccount("socket");
  up();
  test::TcpClient first(portOf("good:socket"));
  ASSERT_TRUE(acceptor_.waitForStreams(1));
  plugin::setCallbackPolicy({.budgetNs = 0});
  onControl([&] { acceptor_.quarantineAll(); });
  plugin::setCallbackPolicy({});
  EXPECT_EQ(account("good:socket").state, AccountState::kError);
  EXPECT_THAT(account("good:socket").lastError, HasSubstr("quarantined"));
  EXPECT_FALSE(account("good:socket").isAccepting);
  EXPECT_TRUE(account("good:default").running);  // the rest goes on
  test::TcpClient refused(portOf("good:socket"));
  EXPECT_EQ(refused.readAll(), "");
  EXPECT_EQ(acceptor_.streamCount(), 1u);  // those inside stay
  ASSERT_TRUE(start("good:socket").ok());
  EXPECT_TRUE(account("good:socket").running);
  test::TcpClient second(portOf("good:socket"));
  EXPECT_TRUE(acceptor_.waitForStreams(1));
}

TEST_F(ChannelManagerTest, AStoppingGatewayClosesItsListenersFirst) {
  httpListener();
  httpAccount("default");
  socketAccount("socket");
  up();
  const uint16_t socketPort = portOf("good:socket");
  const uint16_t webPort = httpPort();
  test::TcpClient inside(socketPort);
  ASSERT_TRUE(acceptor_.waitForStreams(1));
  onControl([&] { manager().stopAccepting(); });
  EXPECT_FALSE(test::TcpClient(socketPort).isConnected());
  EXPECT_FALSE(test::TcpClient(webPort).isConnected());
  EXPECT_FALSE(manager().isAnyAccepting());
  EXPECT_EQ(account("good:socket").connections, 1u);
  acceptor_.cutOff = 2;
  size_t cutOff = 0;
  onControl([&] { cutOff = manager().stopAll(GW_CLOSE_SHUTDOWN, 9000); });
  EXPECT_EQ(cutOff, 4u);
  ASSERT_EQ(acceptor_.closes.size(), 2u);
  EXPECT_LE(acceptor_.closes[0].graceMs, 4500u);  // an equal share each ...
  EXPECT_GT(acceptor_.closes[1].graceMs, 4500u);  // ... and what the first left unused
  EXPECT_LE(acceptor_.closes[1].graceMs, 9000u);
  for (const AccountSnapshot& one : manager().snapshots()) {
    EXPECT_EQ(one.state, AccountState::kStopped);
    EXPECT_FALSE(one.stoppedByOperator);
  }
}

TEST_F(ChannelManagerTest, RefusesHttpConnectionsOverItsBoundAndByAdmission) {
  httpListener();
  httpAccount("default");
  std::atomic<bool> isWelcome{true};
  std::atomic<int> left{0};
  options_.settings.admission.hooks.admit = [&](const net::PeerAddress& peer, net::Arrival arrival) {
    EXPECT_EQ(arrival, net::Arrival::kSocket);
    return isWelcome && peer.ip == "127.0.0.1" ? nullptr : "not welcome";
  };
  options_.settings.admission.hooks.left = [&](const net::PeerAddress&, net::Arrival) { ++left; };
  options_.settings.admission.maxConnections = 1;
  up();
  EXPECT_THAT(test::httpGet(httpPort(), "/good"), HasSubstr("good:default"));
  while (left != 1) std::this_thread::yield();
  HttpListener& listener = *manager().httpListeners().at(0);
  {
    test::TcpClient waiting(httpPort());  // idle in the front
    while (listener.waiting() != 1) std::this_thread::yield();
    EXPECT_EQ(test::httpGet(httpPort(), "/good"), "");
    EXPECT_EQ(listener.refused(), 1u);
  }
  while (listener.waiting() != 0) std::this_thread::yield();
  isWelcome = false;
  EXPECT_EQ(test::httpGet(httpPort(), "/good"), "");
  EXPECT_EQ(listener.refused(), 2u);
}

TEST_F(ChannelManagerTest, ATrustedProxyIsLetInAsSuchAndItsRequestsAsTheirClients) {
  httpListener().proxy.trusted = AddressBlocks(std::vector<std::string>{"127.0.0.1"});
  httpAccount("default");
  std::mutex mutex;
  std::vector<std::string> seen;
  const auto note = [&](const char* what, const net::PeerAddress& peer, net::Arrival arrival) {
    std::lock_guard lock(mutex);
    seen.push_back(what + peer.ip + (arrival == net::Arrival::kProxy ? " proxy" : " request"));
  };
  options_.settings.admission.hooks.admit = [&](const net::PeerAddress& peer, net::Arrival arrival) {
    note("+", peer, arrival);
    return nullptr;
  };
  options_.settings.admission.hooks.left = [&](const net::PeerAddress& peer, net::Arrival arrival) {
    note("-", peer, arrival);
  };
  up();
  test::TcpClient proxy(httpPort());
  proxy.send("GET /good HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-For: 203.0.113.9\r\nConnection: close\r\n\r\n");
  EXPECT_THAT(proxy.readAll(), StartsWith("HTTP/1.1 200"));
  const auto isOver = [&] {
    std::lock_guard lock(mutex);
    return seen.size() == 4;
  };
  while (!isOver()) std::this_thread::yield();
  EXPECT_THAT(seen,
              ElementsAre("+127.0.0.1 proxy", "+203.0.113.9 request", "-203.0.113.9 request", "-127.0.0.1 proxy"));
}

TEST_F(ChannelManagerTest, ASocketBehindAProxyHeaderHasItsClientsAddress) {
  socketAccount("one").proxy = {true, AddressBlocks(std::vector<std::string>{"127.0.0.1"})};
  up();
  test::TcpClient stranger(portOf("good:one"));
  stranger.send("hello");
  EXPECT_EQ(stranger.readAll(), "");
  EXPECT_EQ(manager().proxyCounts().of(net::ProxyRefusal::kInvalid), 1u);
  test::TcpClient client(portOf("good:one"));
  client.send("PROXY TCP4 203.0.113.9 127.0.0.1 7 8\r\n");
  ASSERT_TRUE(acceptor_.waitForStreams(1));
  EXPECT_EQ(acceptor_.lastPeer(), "203.0.113.9:7");
}

TEST_F(ChannelManagerTest, AllowedHostsChangeLive) {
  httpListener();
  httpAccount("default");
  up();
  EXPECT_THAT(test::httpGet(httpPort(), "/good"), StartsWith("HTTP/1.1 200"));
  onControl([&] {
    net::HttpRules rules;
    rules.allowedHosts = {"play.example"};
    EXPECT_TRUE(manager().publishRules("main", rules).ok());
  });
  EXPECT_THAT(test::httpGet(httpPort(), "/good"), StartsWith("HTTP/1.1 421"));
}

TEST_F(ChannelManagerTest, ACertificateThatIsMissingIsTheAccountsError) {
  net::TlsFiles files;
  files.certificateFile = "/nonexistent/cert.pem";
  files.keyFile = "/nonexistent/key.pem";
  socketAccount("default");
  socketAccount("tls").tls = files;
  httpListener().tls = files;
  httpAccount("web");
  up();
  EXPECT_TRUE(account("good:default").running);
  EXPECT_THAT(account("good:tls").lastError, HasSubstr("cert.pem"));
  EXPECT_THAT(account("good:web").lastError, HasSubstr("cert.pem"));
  onControl([&] { EXPECT_TRUE(manager().reloadTls().empty()); });  // nothing loaded, nothing to reload
}

TEST_F(ChannelManagerTest, ShowsWhatPluginsSayOfThemselves) {
  folder_.place("other");
  AccountSpec& spec = socketAccount("weak");
  spec.channelId = "other";
  spec.optionsJson = "degraded";
  AccountSpec& broken = socketAccount("broken");
  broken.channelId = "other";
  broken.optionsJson = "fail-selftest";
  up();
  EXPECT_THAT(account("other:broken").lastError, HasSubstr("selftest failed: the codec is broken"));
  EXPECT_EQ(account("other:weak").pluginHealth, 0u);
  const int before = changes_;
  onControl([&] { manager().refreshHealth(); });
  EXPECT_EQ(account("other:weak").pluginHealth, 1u);
  EXPECT_EQ(account("other:weak").pluginHealthText, "half the speed");
  EXPECT_EQ(changes_, before + 1);
  onControl([&] { manager().refreshHealth(); });
  EXPECT_EQ(changes_, before + 1);
  ASSERT_TRUE(stop("other:weak").ok());
  EXPECT_EQ(account("other:weak").pluginHealth, 0u);
}

TEST_F(ChannelManagerTest, KeepAliveConnectionsEndWithTheListener) {
  httpListener();
  httpAccount("default");
  up();
  test::TcpClient client(httpPort());
  client.send("GET /good HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n");
  EXPECT_THAT(client.readUntil("good:default good:default"), HasSubstr("200"));
  EXPECT_EQ(manager().httpListeners().at(0)->waiting(), 1u);
  onControl([&] { manager().stopAccepting(); });
  EXPECT_EQ(client.readAll(), "");
}

TEST_F(ChannelManagerTest, ATlsAccountHandsItsContextOverAndReloadsIt) {
  net::test::Identity identity;
  net::test::makeIdentity(identity, "localhost");
  const net::test::PemFolder pems;
  pems.write("cert.pem", "key.pem", identity);
  net::TlsFiles files;
  files.certificateFile = pems.path("cert.pem");
  files.keyFile = pems.path("key.pem");
  socketAccount("tls").tls = files;
  httpListener().tls = files;
  httpAccount("web");
  up();
  ASSERT_TRUE(account("good:tls").running) << account("good:tls").lastError;
  EXPECT_THAT(account("good:web").addresses.at(0), StartsWith("https://127.0.0.1:"));
  test::TcpClient client(portOf("good:tls"));
  ASSERT_TRUE(acceptor_.waitForStreams(1));
  EXPECT_TRUE(acceptor_.sawTls());
  EXPECT_THAT(test::httpGet(httpPort(), "/good"), ::testing::Not(HasSubstr("HTTP/1.1")));  // no TLS spoken: cut
  onControl([&] { EXPECT_TRUE(manager().reloadTls().empty()); });
  std::ofstream(files.keyFile) << "not a key";
  onControl([&] { EXPECT_EQ(manager().reloadTls().size(), 2u); });
  EXPECT_TRUE(account("good:tls").running);  // with the old certificate
}

TEST_F(ChannelManagerTest, SnapshotsMayBeTakenWhileAccountsComeAndGo) {
  socketAccount("default");
  up();
  std::atomic<bool> stopReading{false};
  std::thread reader([&] {
    while (!stopReading) {
      for (const AccountSnapshot& one : manager().snapshots()) EXPECT_EQ(one.channelId, "good");
    }
  });
  for (int i = 0; i < 20; ++i) {
    EXPECT_TRUE(stop("good:default", 0).ok());
    EXPECT_TRUE(start("good:default").ok());
  }
  stopReading = true;
  reader.join();
}

}  // namespace
}  // namespace gw::channel
