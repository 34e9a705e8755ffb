// Both sides of the link may die at any moment.

#include "integration/link_fixture.h"

namespace gw::test {
namespace {

class LinkCrash : public LinkTest {
 protected:
  static Json strict() { return {{"store", {{"durability", "strict"}}}}; }
};

TEST_F(LinkCrash, AGatewayThatWasKilledKnowsWhatItHadTakenAndGivesWhatWasNotDone) {
  launchLink(strict(), {"--broadcast"});
  std::optional<LinkPeer> world(backend());
  V1Client anna = player(*world);
  const std::string id = idOf(anna);
  const std::string token = anna.reconnectToken();
  world->event("room.join", {{"session", id}, {"n", 1}, {"room", "hall"}});
  anna.command("one");
  anna.command("two");
  world->expect("command");
  world->expect("command");
  world->output(id, "first", 2);
  world->acknowledge(id, 1);
  world->event("room.output", {{"n", 1}, {"room", "hall"}, {"output", {{"type", "text"}, {"text", "to the hall"}}}});
  anna.expect("first");
  anna.expect("to the hall");
  // Shown in strict is committed, and so are its counts.
  const Position seen = anna.position();
  gateway().kill();
  gateway().start();
  world.emplace(gateway().linkPort());
  const Json hello = world->connect(token_);
  EXPECT_EQ(hello.at("payload").at("link").at("n"), 1) << hello;
  const Json back = world->expect("session.reconnected");
  EXPECT_EQ(back.at("session"), id);
  EXPECT_EQ(back.at("state"), "disconnected");
  EXPECT_EQ(back.at("n"), 2) << back;
  EXPECT_EQ(back.at("rooms"), Json({"hall"}));
  const Json command = world->expect("command");
  EXPECT_EQ(command.at("text"), "two");
  EXPECT_EQ(command.at("seq"), 2);
  world->output(id, "first", 2);  // an outbox that had not heard of it
  world->output(id, "done with two", 3);
  world->acknowledge(id, 2);
  V1Client again(gateway().httpPort());
  again.resume(token, "attempt-1", seen);
  again.expect("done with two");
  EXPECT_EQ(again.duplicates(), 0u);
  for (const Json& event : again.events()) EXPECT_EQ(event.dump().find("first"), std::string::npos) << event;
  world->event("room.output", {{"n", 2}, {"room", "hall"}, {"output", {{"type", "text"}, {"text", "still there"}}}});
  again.expect("still there");
  // Numbers given and lost in the crash are never given again.
  again.command("three");
  EXPECT_GT(world->expect("command").at("seq").get<uint64_t>(), 2u);
}

TEST_F(LinkCrash, ACleanRestartOfTheGatewayKeepsCountsAndCommandsInRelaxedToo) {
  launchLink();
  std::optional<LinkPeer> world(backend());
  V1Client anna = player(*world);
  const std::string id = idOf(anna);
  const std::string token = anna.reconnectToken();
  world->output(id, "first", 1);
  anna.expect("first");
  const Position seen = anna.position();
  anna.command("unanswered");
  world->expect("command");
  EXPECT_EQ(gateway().stop(), 0);
  EXPECT_EQ(world->expect("session.disconnected").at("reason"), "serverShutdown");
  EXPECT_EQ(world->readToClose(), 1001);
  gateway().start();
  LinkPeer again = backend();
  const Json back = again.expect("session.reconnected");
  EXPECT_EQ(back.at("n"), 1);
  EXPECT_EQ(again.expect("command").at("text"), "unanswered");
  again.output(id, "second", 2);
  V1Client client(gateway().httpPort());
  client.resume(token, "attempt-1", seen);
  client.expect("second");
}

TEST_F(LinkCrash, AfterARelaxedGatewayWasKilledTheBackendGoesOnFromItsOwnCount) {
  launchLink();
  std::optional<LinkPeer> world(backend());
  V1Client anna = player(*world);
  const std::string id = idOf(anna);
  const std::string token = anna.reconnectToken();
  waitUntil("the session is saved", [&] { return gateway().gwctlJson({"store", "status"}).at("sessions") == 1; });
  for (uint64_t n = 1; n <= 5; ++n) world->output(id, "line " + std::to_string(n), n);
  anna.expect("line 5");
  gateway().kill();
  gateway().start();
  LinkPeer again = backend();
  again.expect("session.reconnected");
  // Five were acknowledged and are in no outbox any more.
  again.output(id, "line 6", 6);
  EXPECT_EQ(again.expect("link.ack").at("n"), 6);
  V1Client client(gateway().httpPort());
  client.resume(token, "attempt-1", {});
  client.expect("line 6");
}

TEST_F(LinkCrash, AnotherInstanceBeginsItsOwnCount) {
  launchLink();
  std::optional<LinkPeer> world(backend());
  V1Client anna = player(*world);
  world->output(idOf(anna), "old", 1);
  anna.expect("old");
  world.reset();
  LinkPeerOptions options;
  options.instance = "i2";
  LinkPeer other = backend(options);
  EXPECT_EQ(other.expect("session.reconnected").at("n"), 0);
  other.output(idOf(anna), "new", 1);
  anna.expect("new");
}

}  // namespace
}  // namespace gw::test
