#include <gtest/gtest.h>

#include <set>

#include "lobby_house.h"

namespace gw::lobby {
namespace {

using testing::LobbyHouse;

LobbyOptions withGuests() {
  LobbyOptions options;
  options.guests = true;
  options.guestsPerHour = 1'000'000;
  return options;
}

class Guests : public LobbyHouse {
 protected:
  Guests() : LobbyHouse(withGuests()) {}
  Answer<session::Identity> guest(const std::string& address = "192.0.2.1") {
    Answer<session::Identity> answer;
    accounts.guest(address, answer.reply());
    settle();
    return answer;
  }
  Answer<std::vector<session::Character>> list(const std::string& userId) {
    Answer<std::vector<session::Character>> answer;
    accounts.listCharacters(userId, answer.reply());
    settle();
    return answer;
  }
};

TEST_F(Guests, ComeInOnlyIfTheConfigurationSaysSo) {
  EXPECT_TRUE(guest()->ok());
  options.guests = false;
  accounts.configure(options);
  EXPECT_EQ(guest()->error().code, ErrorCode::kForbidden);
}

TEST_F(Guests, OfOneAddressAreLimited) {
  options.guestsPerHour = 2;
  accounts.configure(options);
  EXPECT_TRUE(guest()->ok());
  EXPECT_TRUE(guest()->ok());
  const auto third = guest();
  EXPECT_EQ(third->error().code, ErrorCode::kRateLimited);
  EXPECT_EQ(third->error().retryAfterMs, 1'800'000);
  EXPECT_EQ(accounts.refusedGuests(), 1u);
  EXPECT_TRUE(guest("203.0.113.9")->ok());
  advanceMs(1'800'000);
  EXPECT_TRUE(guest()->ok());
}

TEST_F(Guests, HaveANameAndACharacterOfTheirOwn) {
  const auto answer = guest();
  ASSERT_TRUE(answer->ok());
  const session::Identity& identity = **answer;
  EXPECT_TRUE(identity.isGuest);
  EXPECT_EQ(identity.userName.size(), 10u);
  EXPECT_EQ(identity.userName.rfind("Guest-", 0), 0u);
  const auto characters = list(identity.userId);
  ASSERT_EQ((*characters)->size(), 1u);
  EXPECT_EQ((*characters)->front().name, identity.userName);
  Answer<session::Character> selected;
  accounts.selectCharacter(identity.userId, identity.userName, selected.reply());
  EXPECT_EQ((*selected)->id, identity.userId);
  EXPECT_EQ(create(identity.userId, "Aria")->error().detail, "permissionDenied");
}

TEST_F(Guests, NeverShareANameAlsoAfterARestart) {
  std::set<std::string> names;
  for (int i = 0; i < 5000; ++i) EXPECT_TRUE(names.insert((*guest())->userName).second);
  Accounts restarted(options, store, post(), hasher, timers, clock);
  Answer<session::Identity> answer;
  restarted.guest("192.0.2.1", answer.reply());
  settle();
  EXPECT_TRUE(names.insert((*answer)->userName).second);
}

TEST_F(Guests, NumbersGiveAMillionDifferentNames) {
  std::set<std::string> names;
  for (uint64_t i = 0; i < (1u << 20); i += 7) EXPECT_TRUE(names.insert(GuestNames::nameOf(i)).second);
  EXPECT_EQ(GuestNames::nameOf(0), GuestNames::nameOf(1u << 20));
}

TEST_F(Guests, WaitTogetherForOneAnswerOfTheStore) {
  workers.isHeld = true;
  const auto first = guest();
  const auto second = guest();
  EXPECT_TRUE(first.isOwed() && second.isOwed());
  EXPECT_EQ(workers.jobs, 1);
  workers.release();
  settle();
  EXPECT_NE((*first)->userName, (*second)->userName);
}

TEST_F(Guests, AreToldWhenTheStoreFailsAndMayTryAgain) {
  workers.isBroken = true;
  EXPECT_EQ(guest()->error().code, ErrorCode::kUnavailable);
  workers.isBroken = false;
  EXPECT_TRUE(guest()->ok());
}

TEST_F(Guests, KeepSettingsForTheirVisitOnly) {
  const session::Identity identity = **guest();
  const SessionId session{5, 5};
  world.entered({session, identity, {identity.userId, identity.userName, {}}, false, {}, {}});
  settle();
  const int jobs = workers.jobs;
  EXPECT_EQ(answerTo(session, "/plain on"), std::vector<std::string>{"Plain output is on."});
  world.mute(identity.userId, INT64_MAX);
  EXPECT_EQ(answerTo(session, "hello"), std::vector<std::string>{"You are muted: nobody would hear you."});
  EXPECT_EQ(workers.jobs, jobs) << "nothing of a guest is stored";
}

TEST(GuestId, CarriesTheNameAndIsRecognised) {
  const std::string id = makeGuestId("Guest-7k3f");
  EXPECT_TRUE(isGuestId(id));
  EXPECT_EQ(guestNameOf(id), "Guest-7k3f");
  EXPECT_NE(id, makeGuestId("Guest-7k3f"));
  EXPECT_FALSE(isGuestId("abc"));
  EXPECT_EQ(guestNameOf("abc"), "");
}

}  // namespace
}  // namespace gw::lobby
