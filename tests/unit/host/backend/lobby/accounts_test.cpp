#include "backend/lobby/accounts.h"

#include <gtest/gtest.h>

#include "lobby_house.h"

namespace gw::lobby {
namespace {

using testing::LobbyHouse;

class Login : public LobbyHouse {
 protected:
  Login() { EXPECT_TRUE(registerUser("Anna", "correct horse", "203.0.113.9")->ok()); }

  void edit(void (*change)(store::UserRecord&)) {
    auto user = workers.store().findUser("anna").value();
    ASSERT_TRUE(user.has_value());
    change(*user);
    ASSERT_TRUE(workers.store().updateUser(*user).ok());
  }
  static void expectRefused(const Answer<session::Identity>& answer) {
    ASSERT_FALSE(answer.isOwed());
    ASSERT_FALSE(answer->ok());
    EXPECT_EQ(answer->error().code, ErrorCode::kUnauthorized);
    EXPECT_EQ(answer->error().detail, "invalidCredentials");
  }
  static void expectThrottled(const Answer<session::Identity>& answer) {
    ASSERT_FALSE(answer.isOwed());
    ASSERT_FALSE(answer->ok());
    EXPECT_EQ(answer->error().code, ErrorCode::kRateLimited);
    EXPECT_GT(answer->error().retryAfterMs, 0);
  }
};

TEST_F(Login, LetsInWithTheRightPasswordInAnyCaseOfTheName) {
  const auto answer = login("ANNA", "correct horse");
  ASSERT_TRUE(answer->ok());
  EXPECT_EQ((*answer)->userName, "Anna");
  EXPECT_FALSE((*answer)->isGuest);
  EXPECT_EQ(workers.store().findUser("anna").value()->lastLoginAt, clock.wallUs());
}

TEST_F(Login, CostsTheSameForUnknownImpossibleAndOverlongNames) {
  expectRefused(login("Anna", "wrong"));
  EXPECT_EQ(hasher.verifies, 1);
  expectRefused(login("Nobody", "wrong"));
  expectRefused(login("no such name!", "wrong"));
  expectRefused(login(std::string(10'000, 'x'), "wrong"));
  EXPECT_EQ(hasher.dummies, 3);
  expectRefused(login("Anna", std::string(100'000, 'x')));
  EXPECT_EQ(hasher.dummies, 4);
  EXPECT_LE(hasher.longestDummy, 256u);
  EXPECT_EQ(accounts.failedLogins(), 5u);
}

TEST_F(Login, SaysThatAnAccountIsLockedOnlyToItsOwner) {
  edit([](store::UserRecord& user) { user.locked = true; });
  expectRefused(login("Anna", "wrong"));
  const auto right = login("Anna", "correct horse");
  ASSERT_FALSE(right->ok());
  EXPECT_EQ(right->error().code, ErrorCode::kForbidden);
  EXPECT_EQ(right->error().detail, "accountLocked");
}

TEST_F(Login, HonoursABanOfTheUser) {
  ASSERT_TRUE(workers.store().addBan({"b1", "user", "ANNA", "spam", 1, 0}).ok());
  ASSERT_TRUE(workers.store().addBan({"b2", "address", "10.0.0.0/8", "", 1, 0}).ok());
  expectRefused(login("Anna", "wrong"));
  EXPECT_EQ(login("Anna", "correct horse")->error().detail, "accountLocked");
}

TEST_F(Login, ThrottlesAGuesserButNotTheOwnerElsewhere) {
  for (int i = 0; i < 5; ++i) {
    const auto guess = login("Anna", "guess");
    if (guess.isOwed()) advanceMs(5000);
    expectRefused(guess);
  }
  const int hashed = hasher.verifies;
  expectThrottled(login("Anna", "guess"));
  expectThrottled(login("Anna", "correct horse"));
  EXPECT_EQ(hasher.verifies, hashed) << "a refusal costs no hash";
  EXPECT_EQ(accounts.throttledLogins(), 2u);
  EXPECT_TRUE(login("Anna", "correct horse", "203.0.113.9")->ok()) << "at once: logged in from there lately";
  advanceMs(3'600'000);
  EXPECT_TRUE(login("Anna", "correct horse")->ok()) << "the refusal ends";
}

TEST_F(Login, GuessesAtTheSameTimeMeetTheSameLimit) {
  hasher.isVerifyHeld = true;
  std::vector<Answer<session::Identity>> guesses;
  for (int i = 0; i < 12; ++i) guesses.push_back(login("Anna", "guess"));
  advanceMs(5000);  // past the delay by user
  EXPECT_EQ(hasher.verifies, 5);
  hasher.releaseVerifies();
  settle();
  for (int i = 0; i < 5; ++i) expectRefused(guesses[static_cast<size_t>(i)]);
  for (size_t i = 5; i < guesses.size(); ++i) expectThrottled(guesses[i]);
  expectThrottled(login("Anna", "correct horse"));
}

TEST_F(Login, HoldsAStrangersTryAtAMuchTriedUserForFiveSecondsAtMost) {
  for (int i = 0; i < 200; ++i) {
    (void)login("Anna", "guess", "198.51.100." + std::to_string(i));
    advanceMs(5000);
  }
  const auto answer = login("Anna", "correct horse", "192.0.2.77");
  EXPECT_TRUE(answer.isOwed()) << "delayed";
  advanceMs(4999);
  EXPECT_TRUE(answer.isOwed());
  advanceMs(1);
  ASSERT_FALSE(answer.isOwed());
  EXPECT_TRUE(answer->ok()) << "never locked out";
  EXPECT_FALSE(login("Anna", "correct horse", "192.0.2.77").isOwed()) << "and the next time not delayed";
}

TEST_F(Login, ForgetsAGoodPrefixAfterThirtyDays) {
  advanceMs(uint64_t{31} * 24 * 3'600'000);
  for (int i = 0; i < 10; ++i) (void)login("Anna", "guess", "198.51.100." + std::to_string(i));
  EXPECT_TRUE(login("Anna", "correct horse", "203.0.113.9").isOwed());
}

TEST_F(Login, DelaysUnknownNamesLikeKnownOnes) {
  for (int i = 0; i < 8; ++i) (void)login("Nobody", "guess", "198.51.100." + std::to_string(i));
  const auto answer = login("Nobody", "guess", "192.0.2.5");
  EXPECT_TRUE(answer.isOwed());
  advanceMs(5000);
  expectRefused(answer);
}

TEST_F(Login, AnswersAFullHashPoolAsARateLimit) {
  hasher.isFull = true;
  expectThrottled(login("Anna", "correct horse"));
  expectThrottled(login("Nobody", "x"));
  hasher.isFull = false;
  EXPECT_TRUE(login("Anna", "correct horse")->ok()) << "no failure was noted";
}

TEST_F(Login, SaysSoWhenTheStoreFails) {
  workers.isBroken = true;
  const auto answer = login("Anna", "correct horse");
  ASSERT_FALSE(answer->ok());
  EXPECT_EQ(answer->error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(answer->error().message.find("disk"), std::string::npos) << "no insides for players";
}

TEST_F(Login, HashesAnOldPasswordAnewAndOnlyOnce) {
  edit([](store::UserRecord& user) { user.passwordHash = "old:correct horse"; });
  EXPECT_TRUE(login("Anna", "correct horse")->ok());
  EXPECT_EQ(workers.store().findUser("anna").value()->passwordHash, "hashed:correct horse");
  const int hashes = hasher.hashes;
  EXPECT_TRUE(login("Anna", "correct horse")->ok());
  EXPECT_EQ(hasher.hashes, hashes);
}

TEST_F(Login, LetsInWhenTheStoreCanReadButNotWrite) {
  workers.failJob = 2;  // the first finds the user, the second notes the login
  EXPECT_TRUE(login("Anna", "correct horse")->ok());
  EXPECT_EQ(workers.failJob, 0) << "the failure did happen";
}

TEST_F(Login, KeepsTheOldHashWhenThePoolHasNoTimeForANewOne) {
  edit([](store::UserRecord& user) { user.passwordHash = "old:correct horse"; });
  hasher.isHeld = true;
  EXPECT_TRUE(login("Anna", "correct horse")->ok()) << "nobody waits for it";
  hasher.heldHash(fail(ErrorCode::kUnavailable, "full"));
  settle();
  EXPECT_EQ(workers.store().findUser("anna").value()->passwordHash, "old:correct horse");
}

TEST_F(Login, NeverPutsAnOldPasswordOverANewerOne) {
  edit([](store::UserRecord& user) { user.passwordHash = "old:correct horse"; });
  hasher.isHeld = true;
  EXPECT_TRUE(login("Anna", "correct horse")->ok());
  edit([](store::UserRecord& user) { user.passwordHash = "hashed:changed meanwhile"; });
  hasher.release();
  settle();
  EXPECT_EQ(workers.store().findUser("anna").value()->passwordHash, "hashed:changed meanwhile");
}

TEST_F(Login, IsNeitherLetInNorBlamedWhenAPasswordCannotBeChecked) {
  hasher.isSick = true;
  for (int i = 0; i < 5; ++i) expectThrottled(login("Anna", "correct horse"));
  EXPECT_EQ(accounts.failedLogins(), 0u);
  hasher.isSick = false;
  EXPECT_TRUE(login("Anna", "correct horse", "203.0.113.9")->ok());
}

TEST_F(Login, FallsBackToTheAddressWithoutALimitKey) {
  for (int i = 0; i < 5; ++i) {
    Answer<session::Identity> answer;
    accounts.authenticate({"Anna", "guess", "192.0.2.50", ""}, answer.reply());
    settle();
    advanceMs(1);
  }
  expectThrottled(login("Anna", "guess", "192.0.2.50"));
}

TEST_F(Login, BringsTheUsersWishForPlainOutput) {
  edit([](store::UserRecord& user) { user.settings = R"({"plain":true})"; });
  EXPECT_TRUE((*login("Anna", "correct horse"))->plain);
}

TEST_F(Login, ChecksTheThrottleAgainAfterADelay) {
  for (int i = 0; i < 12; ++i) (void)login("Anna", "guess", "198.51.100." + std::to_string(i));
  advanceMs(5000);
  const int before = hasher.verifies;
  std::vector<Answer<session::Identity>> answers;
  for (int i = 0; i < 8; ++i) {  // each is held for five seconds, so all get past the first check
    answers.push_back(login("Anna", "guess", "192.0.2.5"));
    advanceMs(500);
  }
  for (int i = 0; i < 10; ++i) advanceMs(500);
  EXPECT_EQ(hasher.verifies - before, 5) << "the fifth failure stops the rest";
  expectRefused(answers[4]);
  expectThrottled(answers[5]);
  expectThrottled(answers[7]);
}

}  // namespace
}  // namespace gw::lobby
