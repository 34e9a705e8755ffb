#include "gw/backend/link.hpp"

#include <Poco/Data/Session.h>
#include <Poco/Data/Statement.h>
#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <thread>

#include "fake_gateway.h"
#include "gw/backend/database.hpp"
#include "support/child_process.h"

namespace gw::backend {
namespace {

using test::FakeGateway;
using test::TempFolder;
using Json = nlohmann::json;
using Texts = std::vector<std::string>;

// Adds to a table of its own, echoes, throws if asked to.
class Adder : public Backend {
 public:
  void onStart(Transaction& tx) override {
    using namespace Poco::Data::Keywords;
    database(tx) << "CREATE TABLE IF NOT EXISTS total(sum INTEGER NOT NULL)", now;
    database(tx) << "INSERT INTO total SELECT 0 WHERE NOT EXISTS (SELECT 1 FROM total)", now;
  }
  void authenticate(Transaction&, const Credentials& given, const Answer<User>& answer) override {
    if (given.username == "throws") throw std::runtime_error("no");
    if (given.username == "later") {
      later_ = std::thread([answer] { answer(User{"u-later", "later"}); });
      return;
    }
    if (given.username == "twice") answer(User{"u-1", "first"});
    if (given.password == "wrong") return answer.refuse(Refusal::wrongPassword());
    answer(User{"u-" + given.username, given.username});
  }
  ~Adder() override {
    if (later_.joinable()) later_.join();
  }
  void onEntered(Transaction& tx, const Session& session) override { tx.join(session.id, "hall"); }
  void onClosed(Transaction& tx, const Session& session, std::string_view reason) override {
    tx.text(session.id, "nobody reads this");
    tx.roomOutput("hall", Output::text("closed " + std::string(reason)));
  }
  void onCommand(Transaction& tx, const Session& session, std::string_view text) override {
    using namespace Poco::Data::Keywords;
    Poco::Int64 sum = 0;
    database(tx) << "UPDATE total SET sum = sum + 1", now;
    database(tx) << "SELECT sum FROM total", into(sum), now;
    tx.text(session.id, std::string(text) + " " + std::to_string(sum));
    if (text == "throw") throw std::runtime_error("asked to");
    if (text == "long") tx.text(session.id, std::string(70'000, 'x'));
    if (text == "burst") burst(tx, session);
    if (text == "drop") tx.output(session.id, Output::text("dropped"), Delivery::drop());
    if (text == "who") {
      tx.getSession(session.id, [id = session.id](Transaction& later, const SessionReport& report) {
        later.text(id, report.refusal ? report.refusal->code : report.json);
      });
    }
  }
  void onPrivate(Transaction& tx, const Session& session, std::string_view text) override {
    tx.text(session.id, "private " + std::to_string(text.size()));
  }

 private:
  static void burst(Transaction& tx, const Session& session) {
    for (int i = 0; i < 3000; ++i) tx.text(session.id, "line " + std::to_string(i) + std::string(60, '.'));
  }
  std::thread later_;
};

// A link in a thread, to a fake gateway.
class LinkTest : public ::testing::Test {
 protected:
  LinkTest() { token_ = folder_.write("token", "secret"); }
  ~LinkTest() override { stop(); }

  Options options() const {
    Options options;
    options.url = gateway_.url();
    options.tokenFile = token_;
    options.database = folder_.file("w.db");
    options.name = "world";
    options.durability = Durability::kNormal;
    options.reconnectMin = std::chrono::milliseconds(5);
    options.reconnectMax = std::chrono::milliseconds(20);
    options.log = [](LogLevel, const std::string&) {};
    return options;
  }
  void start() { start(options()); }
  void start(const Options& options) {
    link_ = std::make_unique<Link>(options, world_);
    thread_ = std::thread([this] { link_->run(); });
    gateway_.waitForLinks(++links_);
  }
  void relink() {
    gateway_.hangUp();
    gateway_.waitForLinks(++links_);
  }
  void stop() {
    if (!link_) return;
    link_->stop();
    thread_.join();
    link_.reset();
  }
  Json ask(const std::string& method, const Json& params) {
    const std::string id = "g" + std::to_string(++requests_);
    gateway_.send({{"type", "req"}, {"id", id}, {"method", method}, {"params", params}});
    return gateway_.waitForResponse(id);
  }

  TempFolder folder_;
  std::string token_;
  FakeGateway gateway_;
  Adder world_;
  std::unique_ptr<Link> link_;
  std::thread thread_;
  int links_ = 0;
  int requests_ = 0;
};

TEST_F(LinkTest, SaysWhoItIs) {
  Options wanted = options();
  wanted.capabilities.welcome = "Hello.";
  wanted.capabilities.hasRegistration = true;
  start(wanted);
  const Json connect = gateway_.connects().at(0);
  EXPECT_EQ(connect["auth"]["token"], "secret");
  EXPECT_EQ(connect["role"], "backend");
  EXPECT_EQ(connect["name"], "world");
  EXPECT_EQ(connect["instance"].get<std::string>().size(), 32U);
  EXPECT_EQ(connect["capabilities"],
            (Json{{"characters", true}, {"registration", true}, {"guests", false}, {"welcome", "Hello."}}));
}

TEST_F(LinkTest, KeepsItsInstanceOverRestarts) {
  start();
  stop();
  start();
  EXPECT_EQ(gateway_.connects().at(0)["instance"], gateway_.connects().at(1)["instance"]);
}

TEST_F(LinkTest, SpeaksOverAUnixSocket) {
  FakeGateway other(folder_.file("s"));
  Options wanted = options();
  wanted.url = other.url();
  Link link(wanted, world_);
  std::thread thread([&] { link.run(); });
  other.waitForLinks(1);
  other.enter("s");
  other.command("s", 1, "look");
  EXPECT_EQ(other.texts("s", 2), (Texts{"room.join", "look 1"}));
  link.stop();
  thread.join();
}

TEST_F(LinkTest, AnswersLogins) {
  start();
  const Json yes = ask("authenticate", {{"session", "s"}, {"username", "anna"}, {"password", "x"}, {"address", "::1"}});
  EXPECT_EQ(yes["payload"], (Json{{"user", {{"id", "u-anna"}, {"name", "anna"}}}}));
  const Json no = ask("authenticate", {{"username", "anna"}, {"password", "wrong"}});
  EXPECT_EQ(no["ok"], false);
  EXPECT_EQ(no["error"]["code"], "UNAUTHORIZED");
  EXPECT_EQ(no["error"]["details"]["reason"], "invalidCredentials");
  EXPECT_EQ(ask("authenticate", {{"username", "later"}})["payload"]["user"]["id"], "u-later");
  EXPECT_EQ(ask("authenticate", {{"username", "throws"}})["error"]["code"], "INTERNAL");
  EXPECT_EQ(ask("authenticate", {{"username", "twice"}})["payload"]["user"]["name"], "first");
  EXPECT_EQ(ask("guest", Json::object())["error"]["code"], "METHOD_NOT_FOUND");
  EXPECT_EQ(ask("no.such", Json::object())["error"]["code"], "METHOD_NOT_FOUND");
  EXPECT_EQ(ask("authenticate", Json::array())["error"]["code"], "INVALID_REQUEST");
  EXPECT_EQ(ask("heartbeat", Json::object())["ok"], true);
}

TEST_F(LinkTest, CarriesOutACommandOnceAndAcknowledgesItEachTime) {
  start();
  gateway_.enter("s");
  gateway_.command("s", 4, "a");
  gateway_.waitForAck("s", 4);
  gateway_.command("s", 4, "a");
  gateway_.waitForAck("s", 4);
  gateway_.command("s", 9, "b");
  EXPECT_EQ(gateway_.texts("s", 3), (Texts{"room.join", "a 1", "b 2"}));
}

TEST_F(LinkTest, TakesBackAloneACommandThatThrows) {
  start();
  gateway_.enter("s");
  Json both = Json::array();
  for (const auto& [seq, text] : {std::pair{1, "a"}, {2, "throw"}, {3, "long"}, {4, "b"}}) {
    both.push_back(
        {{"type", "event"}, {"event", "command"}, {"payload", {{"session", "s"}, {"seq", seq}, {"text", text}}}});
  }
  gateway_.send(both);
  const std::string sorry = options().errorText;
  EXPECT_EQ(gateway_.texts("s", 5), (Texts{"room.join", "a 1", sorry, sorry, "b 2"}));
  gateway_.waitForAck("s", 4);
}

TEST_F(LinkTest, SendsUnacknowledgedFramesAgainAndNoneTwice) {
  gateway_.setAcks(false);
  start();
  gateway_.enter("s");
  gateway_.command("s", 1, "a");
  gateway_.waitForAck("s", 1);
  gateway_.lose("s", 1);  // it took room.join alone, then the line was cut
  relink();
  gateway_.reconnect("s", 1);
  EXPECT_EQ(gateway_.texts("s", 3), (Texts{"room.join", "a 1", "a 1"}));  // the second is the lost one
  gateway_.command("s", 2, "b");
  EXPECT_EQ(gateway_.texts("s", 4).back(), "b 2");
}

TEST_F(LinkTest, SendsNothingOfASessionBeforeItIsTold) {
  gateway_.setAcks(false);
  start();
  gateway_.enter("s");
  gateway_.command("s", 1, "a");
  gateway_.waitForAck("s", 1);
  relink();
  link_->post([](Transaction& tx) {
    tx.text("s", "tick");
    tx.roomOutput("hall", Output::text("all"));
  });
  gateway_.waitForEvent("room.output");
  EXPECT_EQ(gateway_.texts("s", 2).size(), 2U);
  gateway_.reconnect("s", 2);
  EXPECT_EQ(gateway_.texts("s", 3).back(), "tick");
}

TEST_F(LinkTest, GoesBackToWhatTheGatewayLacks) {
  gateway_.setAcks(false);
  start();
  gateway_.enter("s");
  gateway_.command("s", 1, "a");
  gateway_.command("s", 2, "b");
  gateway_.waitForAck("s", 2);
  gateway_.lose("s", 1);
  gateway_.command("s", 3, "c");  // its frame is number 4: refused
  EXPECT_EQ(gateway_.texts("s", 6), (Texts{"room.join", "a 1", "b 2", "a 1", "b 2", "c 3"}));
}

TEST_F(LinkTest, NumbersAnewWhatAGatewayLostAfterItsAcknowledgement) {
  start();
  gateway_.enter("s");
  gateway_.command("s", 1, "a");
  gateway_.waitForAck("s", 1);
  gateway_.acknowledge();
  gateway_.command("s", 1, "a");  // answered behind the acknowledgement
  gateway_.waitForAck("s", 1);
  stop();  // everything has been acknowledged, and that has been stored
  gateway_.lose("s", 0);
  start();
  gateway_.reconnect("s", 0, "restored");
  gateway_.command("s", 2, "b");
  EXPECT_EQ(gateway_.texts("s", 3).back(), "b 2");
}

TEST_F(LinkTest, EntersASessionThatItHearsOfByReconnected) {
  start();
  gateway_.lose("s", 5);  // it has five frames of an older database of ours
  gateway_.reconnect("s", 5);
  const auto join = gateway_.waitFor("room.join", [](const Json& frame) { return frame.contains("n"); });
  EXPECT_EQ(join["n"], 6);
}

TEST_F(LinkTest, ForgetsAClosedSession) {
  start();
  gateway_.enter("s");
  gateway_.waitForEvent("room.join");
  gateway_.event("session.closed", {{"session", "s"}, {"reason", "timeout"}});
  EXPECT_EQ(gateway_.waitForEvent("room.output")["payload"]["output"]["text"], "closed timeout");
  gateway_.command("s", 1, "late");
  gateway_.enter("t");
  EXPECT_EQ(gateway_.texts("t", 1), Texts{"room.join"});
  EXPECT_EQ(gateway_.texts("s", 1), Texts{"room.join"});
}

TEST_F(LinkTest, AsksForSessionsThatWereNotToldAndForgetsThoseThatAreOver) {
  start();
  gateway_.enter("s");
  gateway_.waitForEvent("room.join");
  relink();
  const Json asked =
      gateway_.waitFor("session.get", [](const Json& frame) { return frame.value("method", "") == "session.get"; });
  EXPECT_EQ(asked["params"]["session"], "s");
  gateway_.send(
      {{"type", "res"}, {"id", asked["id"]}, {"ok", false}, {"error", {{"code", "NOT_FOUND"}, {"message", "?"}}}});
  EXPECT_EQ(gateway_.waitForEvent("room.output")["payload"]["output"]["text"], "closed notFound");
}

TEST_F(LinkTest, KeepsASessionThatComesBackWithTheNewsThatItIsNotFound) {
  start();
  gateway_.enter("s");
  gateway_.waitForEvent("room.join");
  relink();
  const Json asked =
      gateway_.waitFor("session.get", [](const Json& frame) { return frame.value("method", "") == "session.get"; });
  const Json back = {{"type", "event"},
                     {"event", "session.reconnected"},
                     {"payload", {{"session", "s"}, {"n", 1}, {"state", "playing"}, {"cause", "restored"}}}};
  gateway_.send(Json::array(
      {{{"type", "res"}, {"id", asked["id"]}, {"ok", false}, {"error", {{"code", "NOT_FOUND"}, {"message", "?"}}}},
       back}));
  gateway_.command("s", 1, "a");
  EXPECT_EQ(gateway_.texts("s", 2).back(), "a 1");
  EXPECT_TRUE(gateway_.taken("", 0).empty());  // "closed" goes to the hall
}

TEST_F(LinkTest, WhatWaitedLeavesInTheOrderInWhichItWasMade) {
  gateway_.setReady(false);
  start();
  gateway_.enter("s");  // and joins the hall
  gateway_.command("s", 1, "a");
  gateway_.waitForAck("s", 1);
  for (int i = 0; i < 3; ++i) {
    link_->post([i](Transaction& tx) {
      tx.leave("s", "room " + std::to_string(i));
      tx.join("s", "room " + std::to_string(i + 1));
      tx.roomOutput("room " + std::to_string(i + 1), Output::text("welcome"));
    });
  }
  gateway_.command("s", 2, "b");
  gateway_.waitForAck("s", 2);
  EXPECT_TRUE(gateway_.taken("s", 0).empty());
  stop();  // the order is kept over a restart, too
  start();
  gateway_.reconnect("s", 0);
  gateway_.event("link.ready", {{"sessions", 1}});
  Texts wanted = {"room.join", "session.output"};
  for (int i = 0; i < 3; ++i) wanted.insert(wanted.end(), {"room.leave", "room.join", "room.output"});
  wanted.push_back("session.output");
  Texts order;
  while (order.size() < wanted.size())
    order.push_back(
        gateway_.waitFor("a counted frame", [](const Json& frame) { return frame.contains("n"); })["event"]);
  EXPECT_EQ(order, wanted);
}

TEST_F(LinkTest, DropsTheOutboxOfASessionThatIsNotFound) {
  start();
  gateway_.enter("s");
  gateway_.waitForEvent("room.join");
  gateway_.event(
      "link.error",
      {{"event", "session.output"}, {"session", "s"}, {"n", 2}, {"error", {{"code", "NOT_FOUND"}, {"message", "?"}}}});
  EXPECT_EQ(gateway_.waitForEvent("room.output")["payload"]["output"]["text"], "closed notFound");
}

TEST_F(LinkTest, GoesOnBehindAFrameThatIsRefusedForWhatItSays) {
  gateway_.setAcks(false);
  gateway_.refuseFrames("bad 1", {{"code", "INVALID_REQUEST"}, {"message", "bad"}});
  start();
  gateway_.enter("s");
  gateway_.command("s", 1, "bad");  // number 2: used up
  gateway_.command("s", 2, "b");
  EXPECT_EQ(gateway_.texts("s", 2), (Texts{"room.join", "b 2"}));
  EXPECT_EQ(gateway_.taken("s", 2).back()["n"], 3);
  gateway_.command("s", 3, "c");
  EXPECT_EQ(gateway_.taken("s", 3).back()["n"], 4);
}

TEST_F(LinkTest, GoesOnBehindABroadcastThatItMayNotSend) {
  gateway_.refuseFrames("to everybody",
                        {{"code", "FORBIDDEN"}, {"message", "no"}, {"details", {{"reason", "permissionDenied"}}}});
  start();
  link_->post([](Transaction& tx) {
    Broadcast everywhere;
    everywhere.output = Output::text("to everybody");
    tx.broadcast(everywhere);
    tx.roomOutput("hall", Output::text("all"));
  });
  EXPECT_EQ(gateway_.texts("", 1), Texts{"all"});
  EXPECT_EQ(gateway_.taken("", 1).back()["n"], 2);
}

TEST_F(LinkTest, SendsFramesWithoutASessionAgainOnceAnOlderConnectionHasEnded) {
  gateway_.refuseFrames("to everybody",
                        {{"code", "FORBIDDEN"}, {"message", "no"}, {"details", {{"reason", "otherConnection"}}}});
  start();
  link_->post([](Transaction& tx) { tx.roomOutput("hall", Output::text("to everybody")); });
  link_->post([](Transaction& tx) { tx.roomOutput("hall", Output::text("and to everybody")); });
  gateway_.enter("s");
  gateway_.waitForEvent("room.join");  // behind both
  gateway_.refuseFrames("", nullptr);
  EXPECT_EQ(gateway_.texts("", 2), (Texts{"to everybody", "and to everybody"}));
}

TEST_F(LinkTest, TakesTheNumberInReconnectedForAnAcknowledgement) {
  gateway_.setAcks(false);
  start();
  gateway_.enter("s");
  gateway_.command("s", 1, "a");
  gateway_.waitForAck("s", 1);
  relink();
  gateway_.reconnect("s", 2);
  gateway_.command("s", 2, "b");
  gateway_.waitForAck("s", 2);
  gateway_.lose("s", 0);  // what was acknowledged does not come again, even now
  gateway_.command("s", 3, "c");
  EXPECT_EQ(gateway_.texts("s", 5), (Texts{"room.join", "a 1", "b 2", "b 2", "c 3"}));
}

TEST_F(LinkTest, BeginsAtOneWhenASessionEntersAgain) {
  start();
  gateway_.enter("s");
  gateway_.command("s", 7, "a");
  gateway_.texts("s", 2);
  gateway_.leave("s", "clientDisconnect");
  gateway_.enter("s");
  gateway_.command("s", 8, "b");
  EXPECT_EQ(gateway_.texts("s", 4), (Texts{"room.join", "a 1", "room.join", "b 2"}));
  EXPECT_EQ(gateway_.taken("s", 4).back()["n"], 2);
}

TEST_F(LinkTest, GathersFramesIntoMessagesOfAtMost64KiB) {
  start();
  gateway_.enter("s");
  gateway_.command("s", 1, "burst");
  EXPECT_EQ(gateway_.taken("s", 3002).size(), 3002U);
  size_t largest = 0;
  for (const size_t size : gateway_.messageSizes()) largest = std::max(largest, size);
  EXPECT_LE(largest, 65536U);
  EXPECT_GT(largest, 60000U);
  EXPECT_LT(gateway_.messageSizes().size(), 40U);
}

TEST_F(LinkTest, DoesNotCountWhatMayBeDropped) {
  start();
  gateway_.enter("s");
  gateway_.command("s", 1, "drop");
  gateway_.waitForAck("s", 1);
  const Json dropped =
      gateway_.waitFor("drop", [](const Json& frame) { return frame["payload"].value("delivery", "") == "drop"; });
  EXPECT_FALSE(dropped.contains("n"));
}

TEST_F(LinkTest, AsksTheGatewayAndTellsIfTheLinkBreaks) {
  start();
  gateway_.enter("s");
  gateway_.command("s", 1, "who");
  const auto isAsked = [](const Json& frame) { return frame.value("method", "") == "session.get"; };
  const Json asked = gateway_.waitFor("session.get", isAsked);
  gateway_.send({{"type", "res"}, {"id", asked["id"]}, {"ok", true}, {"payload", {{"state", "playing"}}}});
  EXPECT_EQ(gateway_.texts("s", 3).back(), R"({"state":"playing"})");
  gateway_.command("s", 2, "who");
  gateway_.waitFor("session.get", isAsked);
  relink();
  gateway_.reconnect("s", 4);
  EXPECT_EQ(gateway_.texts("s", 5).back(), "UNAVAILABLE");
}

TEST_F(LinkTest, AnswersToHiddenPromptsAreNotCommands) {
  start();
  gateway_.enter("s");
  gateway_.event("command.private", {{"session", "s"}, {"text", "secret"}});
  EXPECT_EQ(gateway_.texts("s", 2).back(), "private 6");
}

TEST_F(LinkTest, AsksAQuietGatewayForASignAndLeavesADeadOne) {
  gateway_.setHeartbeatMs(100);
  start();
  gateway_.waitFor("heartbeat", [](const Json& frame) { return frame.value("method", "") == "heartbeat"; });
  EXPECT_EQ(gateway_.connects().size(), 1U);  // it was answered
}

TEST_F(LinkTest, DialsAgainWhenItIsRefused) {
  gateway_.refuseWith({{"code", "UNAUTHORIZED"}, {"message", "no"}});
  link_ = std::make_unique<Link>(options(), world_);
  thread_ = std::thread([this] { link_->run(); });
  test::waitUntil("it has tried three times", [this] { return gateway_.connects().size() >= 3; });
  EXPECT_FALSE(link_->isConnected());
  gateway_.refuseWith(nullptr);
  gateway_.waitForLinks(4);
}

TEST_F(LinkTest, LeavesAGatewayThatSpeaksNonsense) {
  start();
  gateway_.sendRaw("{nonsense", 0x81);
  gateway_.waitForLinks(2);
}

TEST_F(LinkTest, PutsFragmentsTogether) {
  start();
  gateway_.enter("s");
  gateway_.sendRaw(R"({"type":"event","event":"command",)", 0x01);
  gateway_.sendRaw("ping", 0x89);
  gateway_.sendRaw(R"("payload":{"session":"s","seq":1,"text":"look"}})", 0x80);
  EXPECT_EQ(gateway_.texts("s", 2).back(), "look 1");
}

TEST_F(LinkTest, RunsTimersAndPostedWorkInTransactions) {
  start();
  gateway_.enter("s");
  gateway_.waitForEvent("room.join");
  link_->every(std::chrono::milliseconds(1), [](Transaction& tx) {
    for (const Session* session : tx.sessions()) tx.text(session->id, "tick");
  });
  EXPECT_EQ(gateway_.texts("s", 4).back(), "tick");
}

// The gateway does not acknowledge, so that frames stay in the outbox.
class OutboxTest : public LinkTest {
 protected:
  void startWith(size_t maxOutbox) {
    gateway_.setAcks(false);
    start(bounded(maxOutbox));
  }
  Options bounded(size_t maxOutbox) const {
    Options wanted = options();
    wanted.maxOutbox = maxOutbox;
    return wanted;
  }
  /// Posts it, waits until it is over: was it kept?
  bool isKept(const Link::Work& work) {
    bool isKept = false;
    std::promise<void> isOver;
    link_->post([&](Transaction& tx) {
      tx.afterCommit([&] { isKept = true; });
      work(tx);
    });
    link_->post([&](Transaction& tx) { tx.afterCommit([&] { isOver.set_value(); }); });
    isOver.get_future().get();
    return isKept;
  }
  bool isKept(int frames) {
    return isKept([frames](Transaction& tx) {
      for (int i = 0; i < frames; ++i) tx.roomOutput("hall", Output::text("line"));
    });
  }
};

TEST_F(OutboxTest, TakesMaxOutboxFramesAndNotOneMore) {
  startWith(3);
  EXPECT_TRUE(isKept(2));
  EXPECT_FALSE(isKept(2));
  EXPECT_EQ(link_->outboxSize(), 2U);
  EXPECT_TRUE(isKept(1));
  EXPECT_FALSE(isKept(1));
  EXPECT_EQ(link_->outboxSize(), 3U);
}

TEST_F(OutboxTest, IsFullForCountedFramesOfThoseWhoPlayAlone) {
  startWith(1);
  EXPECT_TRUE(isKept(1));
  EXPECT_TRUE(isKept([](Transaction& tx) {
    tx.roomOutput("hall", Output::text("weather"), {}, Delivery::drop());
    tx.text("nobody", "is told");
  }));
  EXPECT_EQ(link_->outboxSize(), 1U);
}

TEST_F(OutboxTest, KeepsNothingOfWorkThatFindsItFull) {
  using Poco::Data::Keywords::now;
  startWith(2);
  gateway_.enter("s");
  gateway_.texts("s", 1);
  bool isTold = false;
  EXPECT_FALSE(isKept([&](Transaction& tx) {
    database(tx) << "UPDATE total SET sum = sum + 1", now;
    tx.text("s", "fits");
    tx.output("s", Output::text("weather"), Delivery::drop());
    try {
      tx.text("s", "does not");
    } catch (const OutboxFull&) {
      isTold = true;  // but that saves nothing
    }
  }));
  EXPECT_TRUE(isTold);
  EXPECT_FALSE(isKept([](Transaction& tx) {
    tx.text("s", "fits");
    throw std::runtime_error("for another reason");
  }));
  EXPECT_EQ(link_->outboxSize(), 1U);
  gateway_.command("s", 1, "a");
  EXPECT_EQ(gateway_.texts("s", 2), (Texts{"room.join", "a 1"}));
  EXPECT_EQ(gateway_.waitForEvent("room.join")["n"], 1);
  EXPECT_EQ(gateway_.waitForEvent("session.output")["payload"]["output"]["text"], "a 1");
}

TEST_F(OutboxTest, BoundsTimers) {
  startWith(5);
  std::atomic<int> ticks{0};
  link_->every(std::chrono::milliseconds(1), [&](Transaction& tx) {
    ++ticks;
    tx.roomOutput("hall", Output::text("tick"));
  });
  test::waitUntil("ten ticks", [&] { return ticks >= 10; });
  EXPECT_EQ(link_->outboxSize(), 5U);
  stop();  // ticks goes before the link
}

TEST_F(OutboxTest, HasRoomAgainOnceFramesAreAcknowledged) {
  startWith(2);
  EXPECT_TRUE(isKept(2));
  EXPECT_FALSE(isKept(1));
  gateway_.texts("", 2);
  gateway_.event("link.ack", {{"n", 1}});
  test::waitUntil("a frame is acknowledged", [this] { return link_->outboxSize() == 1; });
  EXPECT_FALSE(isKept(2));
  EXPECT_TRUE(isKept(1));
}

TEST_F(OutboxTest, LetsCommandsAndSessionEventsGoOnWhenItIsFull) {
  startWith(1);
  EXPECT_TRUE(isKept(1));
  gateway_.enter("s");
  gateway_.command("s", 1, "a");
  gateway_.command("s", 2, "throw");
  gateway_.command("s", 3, "b");
  EXPECT_EQ(gateway_.texts("s", 4), (Texts{"room.join", "a 1", options().errorText, "b 2"}));
  EXPECT_EQ(link_->outboxSize(), 5U);
  EXPECT_FALSE(isKept(1));
  gateway_.leave("s", "clientDisconnect");
  EXPECT_EQ(gateway_.texts("", 2).back(), "closed clientDisconnect");
  EXPECT_EQ(link_->outboxSize(), 2U);
}

TEST_F(OutboxTest, IsCountedAgainAfterARestart) {
  startWith(3);
  gateway_.enter("s");
  gateway_.texts("s", 1);
  EXPECT_TRUE(isKept(2));
  gateway_.texts("", 2);
  gateway_.event("link.ack", {{"n", 1}});
  test::waitUntil("a frame is acknowledged", [this] { return link_->outboxSize() == 2; });
  stop();
  EXPECT_EQ(Link(bounded(3), world_).outboxSize(), 2U);
  start(bounded(3));
  test::waitUntil("hello has acknowledged the other", [this] { return link_->outboxSize() == 1; });
  EXPECT_TRUE(isKept(2));
  EXPECT_FALSE(isKept(1));
}

TEST_F(OutboxTest, NeedsRoomForAFrame) { EXPECT_THROW(Link(bounded(0), world_), std::runtime_error); }

TEST_F(LinkTest, EndsWhenItIsDrained) {
  start();
  gateway_.enter("s");
  gateway_.command("s", 1, "last");
  gateway_.event("link.drain", {{"graceMs", 1000}});
  thread_.join();
  link_.reset();
  EXPECT_EQ(gateway_.texts("s", 2).back(), "last 1");
}

TEST_F(LinkTest, StartsNotWithAnOpenTokenFileOrABadUrl) {
  Options open = options();
  open.tokenFile = folder_.write("open", "secret", 0644);
  EXPECT_THROW(Link(open, world_), std::runtime_error);
  Options bad = options();
  bad.url = "http://x";
  EXPECT_THROW(Link(bad, world_), std::runtime_error);
}

}  // namespace
}  // namespace gw::backend
