#include "base/login_throttle.h"

#include <gtest/gtest.h>

namespace gw {
namespace {

ThrottleLimits small() {
  ThrottleLimits limits;
  limits.freePerUserAndPrefix = 3;
  limits.freePerPrefix = 6;
  limits.freePerUser = 2;
  return limits;
}

TEST(LoginThrottle, RefusesAPairAfterTheFreeFailuresForDoublingTimes) {
  LoginThrottle throttle(small());
  for (int i = 0; i < 2; ++i) throttle.failed("anna", "p1", 1000);
  EXPECT_EQ(throttle.retryAfterMs("anna", "p1", 1000), 0u);
  throttle.failed("anna", "p1", 1000);
  EXPECT_EQ(throttle.retryAfterMs("anna", "p1", 1000), 15'000u);
  EXPECT_EQ(throttle.retryAfterMs("anna", "p1", 11'000), 5'000u);
  EXPECT_EQ(throttle.retryAfterMs("anna", "p1", 16'000), 0u);
  throttle.failed("anna", "p1", 16'000);
  EXPECT_EQ(throttle.retryAfterMs("anna", "p1", 16'000), 30'000u);
}

TEST(LoginThrottle, NeverRefusesAUserElsewhereForWhatAnAttackerDid) {
  LoginThrottle throttle(small());
  for (int i = 0; i < 1000; ++i) throttle.failed("anna", "attacker", 1000);
  EXPECT_GT(throttle.retryAfterMs("anna", "attacker", 1000), 0u);
  EXPECT_EQ(throttle.retryAfterMs("anna", "home", 1000), 0u);
}

TEST(LoginThrottle, RefusesAPrefixThatTriesManyUsers) {
  LoginThrottle throttle(small());
  for (int i = 0; i < 6; ++i) throttle.failed("user" + std::to_string(i), "p1", 1000);
  EXPECT_GT(throttle.retryAfterMs("anna", "p1", 1000), 0u);
  EXPECT_EQ(throttle.retryAfterMs("anna", "p2", 1000), 0u);
}

TEST(LoginThrottle, CapsTheTimeOfARefusal) {
  LoginThrottle throttle(small());
  for (int i = 0; i < 100; ++i) throttle.failed("anna", "p1", 1000);
  EXPECT_EQ(throttle.retryAfterMs("anna", "p1", 1000), 900'000u);
}

TEST(LoginThrottle, DelaysAUserMoreAndMoreUpToFiveSeconds) {
  LoginThrottle throttle(small());
  EXPECT_EQ(throttle.delayMs("anna", 1000), 0u);
  EXPECT_EQ(throttle.delayMs("anna", 1000), 0u);
  EXPECT_EQ(throttle.delayMs("anna", 1000), 250u);
  EXPECT_EQ(throttle.delayMs("anna", 1000), 500u);
  for (int i = 0; i < 100; ++i) EXPECT_LE(throttle.delayMs("anna", 1000), 5000u);
  EXPECT_EQ(throttle.delayMs("anna", 1000), 5000u);
  EXPECT_EQ(throttle.delayMs("bert", 1000), 0u);
}

TEST(LoginThrottle, ForgetsAfterAQuietTime) {
  LoginThrottle throttle(small());
  for (int i = 0; i < 5; ++i) {
    throttle.failed("anna", "p1", 1000);
    throttle.delayMs("anna", 1000);
  }
  const uint64_t later = 1000 + 2'000'000;
  EXPECT_EQ(throttle.delayMs("anna", later), 0u);
  throttle.failed("anna", "p1", later);
  EXPECT_EQ(throttle.retryAfterMs("anna", "p1", later), 0u) << "the count began again";
}

TEST(LoginThrottle, ASuccessClearsThePairButNotThePrefix) {
  LoginThrottle throttle(small());
  for (int i = 0; i < 2; ++i) throttle.failed("anna", "p1", 1000);
  throttle.succeeded("anna", "p1");
  for (int i = 0; i < 2; ++i) throttle.failed("anna", "p1", 1000);
  EXPECT_EQ(throttle.retryAfterMs("anna", "p1", 1000), 0u);
  throttle.succeeded("anna", "p1");
  for (int i = 0; i < 2; ++i) throttle.failed("anna", "p1", 1000);
  EXPECT_GT(throttle.retryAfterMs("bert", "p1", 1000), 0u) << "an account of one's own buys no fresh guesses";
}

TEST(LoginThrottle, GuessesAtTheSameTimeAreNoMoreThanTheFreeFailures) {
  LoginThrottle throttle(small());
  throttle.failed("anna", "p1", 1000);
  EXPECT_EQ(throttle.begin("anna", "p1", 1000), 0u);
  EXPECT_EQ(throttle.begin("anna", "p1", 1000), 0u);
  EXPECT_EQ(throttle.begin("anna", "p1", 1000), 1000u) << "one has failed, two may yet";
  EXPECT_EQ(throttle.begin("bert", "p1", 1000), 0u);
  EXPECT_EQ(throttle.begin("anna", "p2", 1000), 0u);
  throttle.unchecked("anna", "p1");
  EXPECT_EQ(throttle.begin("anna", "p1", 1000), 0u);
  throttle.failed("anna", "p1", 1000);
  throttle.failed("anna", "p1", 1000);
  EXPECT_EQ(throttle.begin("anna", "p1", 1000), 15'000u);
}

TEST(LoginThrottle, AfterARefusalThereIsOneGuessAtATime) {
  LoginThrottle throttle(small());
  for (int i = 0; i < 3; ++i) throttle.failed("anna", "p1", 1000);
  EXPECT_EQ(throttle.begin("anna", "p1", 16'000), 0u);
  EXPECT_EQ(throttle.begin("anna", "p1", 16'000), 1000u);
  throttle.failed("anna", "p1", 16'000);
  EXPECT_EQ(throttle.begin("anna", "p1", 16'000), 30'000u);
}

TEST(LoginThrottle, GuessesAtManyUsersAtTheSameTimeCountForThePrefix) {
  LoginThrottle throttle(small());
  for (int i = 0; i < 6; ++i) EXPECT_EQ(throttle.begin("user" + std::to_string(i), "p1", 1000), 0u);
  EXPECT_EQ(throttle.begin("anna", "p1", 1000), 1000u);
  EXPECT_EQ(throttle.begin("anna", "p2", 1000), 0u);
  throttle.succeeded("user0", "p1");
  EXPECT_EQ(throttle.begin("anna", "p1", 1000), 0u);
}

TEST(LoginThrottle, ASuccessLeavesTheOtherGuessesCounted) {
  LoginThrottle throttle(small());
  for (int i = 0; i < 3; ++i) EXPECT_EQ(throttle.begin("anna", "p1", 1000), 0u);
  throttle.succeeded("anna", "p1");
  EXPECT_EQ(throttle.begin("anna", "p1", 1000), 0u);
  EXPECT_EQ(throttle.begin("anna", "p1", 1000), 1000u);
}

TEST(LoginThrottle, RemembersABoundedNumber) {
  ThrottleLimits limits = small();
  limits.entries = 10;
  LoginThrottle throttle(limits);
  for (int i = 0; i < 100; ++i) throttle.failed("user" + std::to_string(i), "p" + std::to_string(i), 1000);
  EXPECT_EQ(throttle.evicted(), 180u);
}

}  // namespace
}  // namespace gw
