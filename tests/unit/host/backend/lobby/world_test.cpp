#include "backend/lobby/world.h"

#include <gtest/gtest.h>

#include "lobby_house.h"

namespace gw::lobby {
namespace {

using plugin::Delivery;
using testing::LobbyHouse;
using Texts = std::vector<std::string>;

class Rooms : public LobbyHouse {};

TEST_F(Rooms, ANewcomerIsGreetedInTheFirstRoomAndSeenByTheOthers) {
  const SessionId anna = enter("Anna");
  EXPECT_EQ(sink.take(anna),
            Texts{"Welcome, Anna! Type help for the commands.\nYou are in lobby. Nobody else is here."});
  const SessionId bob = enter("Bob");
  EXPECT_EQ(sink.take(bob), Texts{"Welcome, Bob! Type help for the commands.\nYou are in lobby. Also here: Anna."});
  const auto seen = sink.takeEvents(anna);
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].text, "Bob arrives.");
  EXPECT_EQ(seen[0].delivery, Delivery::kDrop);
  EXPECT_EQ(sink.members("lobby"), (std::set<SessionId>{anna, bob}));
}

TEST_F(Rooms, LeavingTellsTheOthersAndEndsMembership) {
  const SessionId anna = enter("Anna");
  const SessionId bob = enter("Bob");
  (void)sink.take(anna);
  leave(bob);
  leave(bob);  // a second time changes nothing
  EXPECT_EQ(sink.take(anna), Texts{"Bob leaves."});
  EXPECT_EQ(sink.members("lobby"), std::set<SessionId>{anna});
  EXPECT_EQ(world.size(), 1u);
  EXPECT_EQ(world.findByName("bob"), nullptr);
}

TEST_F(Rooms, ADropIsQuietAndOnlyMarksThePersonAway) {
  const SessionId anna = enter("Anna");
  const SessionId bob = enter("Bob");
  (void)sink.take(anna);
  world.setAway(bob, true);
  EXPECT_TRUE(sink.take(anna).empty());
  EXPECT_EQ(answerTo(anna, "look")[0], "You are in lobby. Also here: Bob (away).");
  world.setAway(bob, false);
  EXPECT_EQ(answerTo(anna, "look")[0], "You are in lobby. Also here: Bob.");
  world.setAway(SessionId{99, 99}, true);
}

TEST_F(Rooms, TakingASessionOverIsQuiet) {
  const SessionId anna = enter("Anna");
  const SessionId bob = enter("Bob");
  type(bob, "/join garden");
  world.setAway(bob, true);
  (void)sink.take(anna);
  (void)sink.take(bob);
  world.entered({bob, {"id-Bob", "Bob", false, false}, {"char-Bob", "Bob", {}}, true, {}, {}});
  settle();
  EXPECT_TRUE(sink.take(anna).empty());
  EXPECT_TRUE(sink.take(bob).empty());
  EXPECT_EQ(world.roomOf(*world.find(bob)).name, "garden");
  EXPECT_FALSE(world.find(bob)->isAway);
}

TEST_F(Rooms, AnotherCharacterOfTheSameSessionIsAnotherVisit) {
  const SessionId anna = enter("Anna");
  world.entered({anna, {"id-Anna", "Anna", false, false}, {"char-Zoe", "Zoe", {}}, false, {}, {}});
  settle();
  EXPECT_EQ(world.size(), 1u);
  EXPECT_NE(world.findByName("zoe"), nullptr);
  EXPECT_EQ(world.findByName("anna"), nullptr);
}

TEST_F(Rooms, ASessionFromBeforeARestartIsQuietlyBackInItsRoom) {
  const SessionId bob = enter("Bob");
  type(bob, "/join garden");
  (void)sink.take(bob);
  const SessionId anna = enter("Anna", true, {"garden"});
  EXPECT_TRUE(sink.take(anna).empty());
  EXPECT_TRUE(sink.take(bob).empty());
  EXPECT_EQ(sink.members("garden"), (std::set<SessionId>{anna, bob}));
  EXPECT_EQ(world.roomOf(*world.find(anna)).name, "garden");
}

TEST_F(Rooms, AResumedSessionKeepsOneRoomThatStillExists) {
  const SessionId gone = enter("Anna", true, {"cellar"});
  EXPECT_EQ(world.roomOf(*world.find(gone)).name, "lobby");
  const SessionId session{9, 77};
  for (const char* room : {"cellar", "garden", "Tea House"}) sink.joinRoom(session, room);
  world.entered(
      {session, {"id-Bob", "Bob", false, false}, {"char-Bob", "Bob", {}}, true, {"cellar", "Tea House", "garden"}, {}});
  settle();
  EXPECT_TRUE(sink.members("garden").contains(session));
  EXPECT_FALSE(sink.members("cellar").contains(session));
  EXPECT_FALSE(sink.members("Tea House").contains(session));
}

TEST_F(Rooms, ANewVisitBeginsInTheFirstRoom) {
  SessionId anna = enter("Anna");
  type(anna, "/join garden");
  leave(anna);
  anna = enter("Anna");
  EXPECT_EQ(world.roomOf(*world.find(anna)).name, "lobby");
}

TEST_F(Rooms, JoiningMovesAndBothRoomsHearOfIt) {
  const SessionId anna = enter("Anna");
  const SessionId bob = enter("Bob");
  type(anna, "/join garden");
  (void)sink.take(anna);
  (void)sink.take(bob);
  const SessionId cleo = enter("Cleo");
  (void)sink.take(cleo);
  EXPECT_EQ(answerTo(bob, "join GARDEN"), Texts{"You are in garden. Also here: Anna."});
  EXPECT_EQ(sink.take(anna), Texts{"Bob arrives."});
  EXPECT_EQ(sink.take(cleo), Texts{"Bob leaves."});
}

TEST_F(Rooms, ManyComingsAndGoingsBecomeOneSummaryASecond) {
  std::vector<SessionId> crowd;
  for (int i = 0; i < 50; ++i) crowd.push_back(enter("P" + std::string(1 + static_cast<size_t>(i), 'x')));
  (void)sink.takeBroadcasts();
  const SessionId late = enter("Late");
  enter("Later");
  leave(late);
  EXPECT_TRUE(sink.takeBroadcasts().empty());
  advanceMs(999);
  EXPECT_TRUE(sink.takeBroadcasts().empty());
  advanceMs(1);
  const auto summary = sink.takeBroadcasts();
  ASSERT_EQ(summary.size(), 1u);
  EXPECT_EQ(summary[0].event.text, "2 people arrive, 1 person leaves.");
  EXPECT_EQ(summary[0].event.delivery, Delivery::kDrop);
  advanceMs(5000);
  EXPECT_TRUE(sink.takeBroadcasts().empty()) << "nothing happened since";
  enter("Last");
  advanceMs(1000);
  EXPECT_EQ(sink.takeBroadcasts()[0].event.text, "1 person arrives.");
}

TEST_F(Rooms, LookNamesTenAndCountsTheRest) {
  for (int i = 0; i < 30; ++i) enter("P" + std::string(1 + static_cast<size_t>(i), 'x'));
  const SessionId anna = enter("Anna");
  const auto look = answerTo(anna, "look");
  ASSERT_EQ(look.size(), 1u);
  EXPECT_NE(look[0].find(" and 20 more."), std::string::npos) << look[0];
}

TEST_F(Rooms, ASayInAFullRoomIsOneCallOfTheSink) {
  std::vector<SessionId> crowd;
  for (int i = 0; i < 1000; ++i) {
    const SessionId session{3, static_cast<uint64_t>(i) + 1};
    const std::string name = "P" + std::to_string(i);
    world.entered({session, {"g:" + name + ":x", name, true, false}, {name, name, {}}, false, {}, {}});
    crowd.push_back(session);
  }
  settle();
  (void)sink.takeBroadcasts();
  const size_t before = sink.outputs();
  type(crowd[0], "hello all");
  EXPECT_EQ(sink.takeBroadcasts().size(), 1u);
  EXPECT_EQ(sink.outputs() - before, 1u) << "the speaker's own line";
  EXPECT_EQ(sink.take(crowd[999]).back(), "P0 says: hello all");
}

TEST_F(Rooms, MutesForAWhileAndAcrossVisits) {
  SessionId anna = enter("Anna");
  const SessionId bob = enter("Bob");
  world.mute("id-Anna", clock.wallUs() + 60'000'000);
  (void)sink.take(bob);
  EXPECT_EQ(answerTo(anna, "hello"), Texts{"You are muted: nobody would hear you."});
  EXPECT_EQ(answerTo(anna, "emote waves"), Texts{"You are muted: nobody would hear you."});
  EXPECT_EQ(answerTo(anna, "tell Bob psst"), Texts{"You are muted: nobody would hear you."});
  EXPECT_TRUE(sink.take(bob).empty());
  leave(anna);
  anna = enter("Anna");
  EXPECT_EQ(answerTo(anna, "hello"), Texts{"You are muted: nobody would hear you."});
  advanceMs(60'000);
  EXPECT_EQ(answerTo(anna, "hello"), Texts{"You say: hello"});
}

TEST_F(Rooms, MutesSomeoneWhoIsNotHere) {
  SessionId anna = enter("Anna");
  leave(anna);
  world.mute("id-Anna", INT64_MAX);
  settle();
  anna = enter("Anna");
  EXPECT_EQ(answerTo(anna, "hello"), Texts{"You are muted: nobody would hear you."});
  leave(anna);
  workers.isBroken = true;
  world.mute("id-Anna", 0);
  settle();
  workers.isBroken = false;
  EXPECT_EQ(keptSettings("Anna").mutedUntilUs, INT64_MAX) << "what could not be read is left alone";
}

TEST_F(Rooms, AMuteThatOvertakesTheSettingsHolds) {
  workers.isHeld = true;
  const SessionId anna = enter("Anna");
  world.mute("id-Anna", INT64_MAX);
  workers.release();
  settle();
  EXPECT_EQ(answerTo(anna, "hello"), Texts{"You are muted: nobody would hear you."});
  EXPECT_EQ(keptSettings("Anna").mutedUntilUs, INT64_MAX);
}

}  // namespace
}  // namespace gw::lobby
