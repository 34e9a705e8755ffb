#include <gtest/gtest.h>

#include "lobby_house.h"

namespace gw::lobby {
namespace {

using testing::LobbyHouse;

class Registration : public LobbyHouse {};

TEST_F(Registration, MakesAUserWhoCanLogInAtOnce) {
  const auto made = registerUser("Anna", "correct horse");
  ASSERT_TRUE(made->ok()) << made->error().message;
  EXPECT_EQ((*made)->userName, "Anna");
  const auto kept = workers.store().findUser("anna").value();
  ASSERT_TRUE(kept.has_value());
  EXPECT_EQ(kept->passwordHash, "hashed:correct horse");
  EXPECT_EQ((*login("Anna", "correct horse"))->userId, (*made)->userId);
}

TEST_F(Registration, RefusesBadNamesAndPasswordsWithAReason) {
  EXPECT_EQ(registerUser("ab")->error().detail, "invalidData");
  EXPECT_EQ(registerUser("änna")->error().code, ErrorCode::kInvalid);
  EXPECT_EQ(registerUser("Anna", "1234567")->error().detail, "invalidData");
  EXPECT_TRUE(registerUser("Anna8", "12345678")->ok());
  EXPECT_EQ(registerUser("Anna", std::string(257, 'x'))->error().code, ErrorCode::kInvalid);
  EXPECT_TRUE(registerUser("Anna256", std::string(256, 'x'))->ok());
  EXPECT_EQ(registerUser("AnnaAnna", "annaanna")->error().code, ErrorCode::kInvalid);
  EXPECT_EQ(hasher.hashes, 2);
}

TEST_F(Registration, RefusesTakenAndReservedNames) {
  ASSERT_TRUE(registerUser("Anna")->ok());
  for (const char* name : {"Anna", "ANNA", "admin", "Adm1n", "Guest-1234", "guest"}) {
    const auto answer = registerUser(name);
    ASSERT_FALSE(answer->ok()) << name;
    EXPECT_EQ(answer->error().detail, "nameTaken") << name;
  }
}

TEST_F(Registration, IsLimitedPerAddressAndHour) {
  EXPECT_TRUE(registerUser("Anna")->ok());
  EXPECT_TRUE(registerUser("Bert")->ok());
  EXPECT_TRUE(registerUser("Cleo")->ok());
  const auto fourth = registerUser("Dora");
  ASSERT_FALSE(fourth->ok());
  EXPECT_EQ(fourth->error().code, ErrorCode::kRateLimited);
  EXPECT_EQ(fourth->error().retryAfterMs, 3'600'000);
  EXPECT_TRUE(registerUser("Dora", "password", "198.51.100.1")->ok()) << "another address";
  advanceMs(3'600'000);
  EXPECT_TRUE(registerUser("Emil")->ok());
}

TEST_F(Registration, CountsThoseUnderWay) {
  workers.isHeld = true;
  std::vector<Answer<session::Identity>> answers;
  for (const char* name : {"Anna", "Bert", "Cleo", "Dora", "Emil"}) answers.push_back(registerUser(name));
  workers.release();
  settle();
  int made = 0;
  for (const auto& answer : answers) made += answer->ok();
  EXPECT_EQ(made, 3);
}

TEST_F(Registration, OfOneNameTwiceAtOnceGivesItToOne) {
  workers.isHeld = true;
  const auto first = registerUser("Anna");
  const auto second = registerUser("anna", "password", "198.51.100.1");
  workers.release();
  settle();
  EXPECT_TRUE(first->ok());
  ASSERT_FALSE(second->ok());
  EXPECT_EQ(second->error().detail, "nameTaken");
}

TEST_F(Registration, DoesNotCountWhatFailed) {
  hasher.isFull = true;
  for (int i = 0; i < 5; ++i) EXPECT_EQ(registerUser("Anna")->error().code, ErrorCode::kRateLimited);
  hasher.isFull = false;
  EXPECT_TRUE(registerUser("Anna")->ok());
}

TEST_F(Registration, GivesTheTryBackWhenTheStoreFailsLate) {
  for (int i = 0; i < 5; ++i) {
    workers.failJob = 2;  // the name is free, but cannot be written
    EXPECT_EQ(registerUser("Anna")->error().code, ErrorCode::kUnavailable);
  }
  EXPECT_TRUE(registerUser("Anna")->ok());
}

TEST_F(Registration, SaysSoWhenTheStoreFails) {
  workers.isBroken = true;
  EXPECT_EQ(registerUser("Anna")->error().code, ErrorCode::kUnavailable);
}

TEST_F(Registration, CanBeClosedAndOpenedWhileRunning) {
  options.registration = false;
  accounts.configure(options);
  const auto closed = registerUser("Anna");
  EXPECT_EQ(closed->error().code, ErrorCode::kForbidden);
  EXPECT_EQ(closed->error().detail, "registrationClosed");
  options.registration = true;
  options.reservedNames = {"Merlin"};
  options.registrationsPerHour = 1;
  accounts.configure(options);
  EXPECT_EQ(registerUser("merlin")->error().detail, "nameTaken");
  EXPECT_TRUE(registerUser("Anna")->ok());
  EXPECT_EQ(registerUser("Bert")->error().code, ErrorCode::kRateLimited);
}

}  // namespace
}  // namespace gw::lobby
