#include "backend/lobby/settings.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "lobby_house.h"

namespace gw::lobby {
namespace {

using testing::LobbyHouse;

TEST(Settings, RoundTripBesideOtherMembers) {
  Settings settings;
  settings.plain = true;
  settings.mutedUntilUs = 42;
  settings.ignored = {{"u1", "Bob"}, {"u2", "Zoë"}};
  const std::string json = mergeSettings(R"({"theme":"dark","plain":false})", settings);
  EXPECT_EQ(nlohmann::json::parse(json)["theme"], "dark");
  const Settings back = parseSettings(json, 10);
  EXPECT_TRUE(back.plain);
  EXPECT_EQ(back.mutedUntilUs, 42);
  EXPECT_EQ(back.ignored, settings.ignored);
  EXPECT_EQ(parseSettings(json, 1).ignored.size(), 1u);
}

TEST(Settings, ReadAnythingOddAsAbsent) {
  for (const char* odd : {"", "{", "[]", "null", R"({"plain":1,"mutedUntilUs":"x","ignore":{}})",
                          R"({"ignore":[1,"x",{},{"userId":3}]})"}) {
    const Settings settings = parseSettings(odd, 10);
    EXPECT_FALSE(settings.plain) << odd;
    EXPECT_TRUE(settings.ignored.empty() && settings.mutedUntilUs == 0) << odd;
  }
  EXPECT_FALSE(parseSettings("{\"plain\":true,\"x\":\"" + std::string(300'000, 'x') + "\"}", 10).plain);
}

class SettingsKept : public LobbyHouse {};

TEST_F(SettingsKept, ChangesMadeBeforeTheyWereReadJoinWhatWasKept) {
  SessionId anna = enter("Anna");
  enter("Bob");
  type(anna, "/ignore add Bob");
  leave(anna);
  workers.isHeld = true;
  anna = enter("Anna");
  type(anna, "/plain on");
  workers.release();
  settle();
  EXPECT_TRUE(keptSettings("Anna").plain);
  ASSERT_EQ(keptSettings("Anna").ignored.size(), 1u) << "not overwritten by the change that came first";
  EXPECT_EQ(keptSettings("Anna").ignored[0].name, "Bob");
}

TEST_F(SettingsKept, NothingIsSavedOverWhatCouldNotBeRead) {
  SessionId anna = enter("Anna");
  enter("Bob");
  type(anna, "/ignore add Bob");
  leave(anna);
  workers.isBroken = true;
  anna = enter("Anna");
  workers.isBroken = false;
  type(anna, "/plain on");
  EXPECT_TRUE(sink.hasPlain(anna)) << "in force for this visit";
  ASSERT_EQ(keptSettings("Anna").ignored.size(), 1u);
  leave(anna);
  anna = enter("Anna");
  EXPECT_EQ(answerTo(anna, "/ignore"), std::vector<std::string>{"You ignore: Bob"});
}

TEST_F(SettingsKept, AreSharedByAUsersSessionsAndReadOnce) {
  const SessionId anna = enter("Anna");
  const SessionId bob = enter("Bob");
  type(anna, "/ignore add Bob");
  const int jobs = workers.jobs;
  const SessionId second = enter("Anna");
  EXPECT_EQ(workers.jobs, jobs) << "nothing to read again";
  (void)sink.take(second);
  type(bob, "hello");
  EXPECT_TRUE(sink.take(second).empty());
  leave(anna);
  (void)sink.take(second);
  type(bob, "hello again");
  EXPECT_TRUE(sink.take(second).empty()) << "the other session still ignores";
}

TEST_F(SettingsKept, TwoSessionsThatComeWhileTheyAreReadAgreeOnTheFirstAnswer) {
  workers.isHeld = true;
  const SessionId first = enter("Anna");
  const SessionId second = enter("Anna");
  type(first, "/plain on");
  workers.release();
  settle();
  EXPECT_TRUE(keptSettings("Anna").plain);
  EXPECT_EQ(answerTo(second, "/plain"), std::vector<std::string>{"Plain output is off."}) << "it was on for both";
}

TEST_F(SettingsKept, EarlyChangesAreBounded) {
  workers.isHeld = true;
  const SessionId anna = enter("Anna");
  for (int i = 0; i < 64; ++i) type(anna, i % 2 ? "/plain off" : "/plain on");
  const std::vector<std::string> notNow{"That does not work right now. Try again in a moment."};
  EXPECT_EQ(answerTo(anna, "/plain on"), notNow);
  EXPECT_FALSE(sink.hasPlain(anna)) << "refused as a whole";
  enter("Bob");
  EXPECT_EQ(answerTo(anna, "/ignore Bob"), notNow);
  workers.release();
  settle();
  EXPECT_FALSE(keptSettings("Anna").plain);
  EXPECT_EQ(answerTo(anna, "/plain on"), std::vector<std::string>{"Plain output is on."});
}

TEST_F(SettingsKept, AChangeIsKeptEvenIfItsMakerLeftBeforeTheyWereRead) {
  workers.isHeld = true;
  const SessionId anna = enter("Anna");
  type(anna, "/plain on");
  leave(anna);
  workers.release();
  settle();
  EXPECT_EQ(world.find(anna), nullptr) << "not brought back";
  EXPECT_TRUE(keptSettings("Anna").plain) << "as they were told";
  type(enter("Anna"), "/plain");
  EXPECT_FALSE(keptSettings("Anna").plain) << "the next visit begins from it";
}

TEST_F(SettingsKept, AFailedSaveDisturbsNobody) {
  const SessionId anna = enter("Anna");
  workers.isBroken = true;
  EXPECT_EQ(answerTo(anna, "/plain on"), std::vector<std::string>{"Plain output is on."});
}

TEST_F(SettingsKept, ADeletedUserIsNotBroughtBack) {
  Settings some;
  some.plain = true;
  settings.save("nobody", some);
  settle();
  EXPECT_FALSE(workers.store().findUserById("nobody").value().has_value());
}

}  // namespace
}  // namespace gw::lobby
