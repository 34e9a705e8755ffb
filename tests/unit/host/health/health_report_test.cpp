#include "health/health_report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gw::health {
namespace {

using channel::AccountSnapshot;
using channel::AccountState;
using ::testing::HasSubstr;

constexpr uint64_t kNow = 100'000'000'000;

AccountSnapshot account(AccountState state) {
  AccountSnapshot one;
  one.channelId = "telnet";
  one.accountId = "default";
  one.state = state;
  return one;
}

HealthInputs withAccount(AccountSnapshot one) {
  HealthInputs inputs;
  inputs.accounts.push_back(std::move(one));
  return inputs;
}

TEST(HealthRules, NothingWrongIsNoProblem) {
  HealthInputs inputs = withAccount(account(AccountState::kRunning));
  inputs.loops.push_back({.lastTurnNs = kNow - 1'000'000'000});
  EXPECT_TRUE(findProblems(inputs, kNow).empty());
}

TEST(HealthRules, AnAccountInErrorIsUnhealthy) {
  AccountSnapshot broken = account(AccountState::kError);
  broken.lastError = "port 4000 is in use";
  broken.lastErrorAt = 77;
  const auto problems = findProblems(withAccount(broken), kNow);
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].level, HealthLevel::kUnhealthy);
  EXPECT_EQ(problems[0].what, "channel telnet:default is in error: port 4000 is in use");
  EXPECT_EQ(problems[0].sinceUs, 77);
  EXPECT_EQ(problems[0].nextCommand, "gwctl channel show telnet:default");
}

TEST(HealthRules, AQuarantinedAccountSaysHowToBringItBack) {
  AccountSnapshot slow = account(AccountState::kError);
  slow.quarantined = true;
  EXPECT_EQ(findProblems(withAccount(slow), kNow).at(0).nextCommand, "gwctl channel start telnet:default");
}

TEST(HealthRules, WhatAPluginSaysOfItselfCounts) {
  AccountSnapshot running = account(AccountState::kRunning);
  running.pluginHealth = 1;
  running.pluginHealthText = "half the speed";
  auto problems = findProblems(withAccount(running), kNow);
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].level, HealthLevel::kDegraded);
  EXPECT_EQ(problems[0].what, "channel telnet:default says that it is degraded: half the speed");
  running.pluginHealth = 2;
  running.pluginHealthText.clear();
  problems = findProblems(withAccount(running), kNow);
  EXPECT_EQ(problems.at(0).level, HealthLevel::kUnhealthy);
  EXPECT_EQ(problems.at(0).what, "channel telnet:default says that it has failed");
}

TEST(HealthRules, AnAccountThatShouldRunAndDoesNotDegrades) {
  for (const AccountState state : {AccountState::kStopped, AccountState::kStarting, AccountState::kStopping}) {
    const auto problems = findProblems(withAccount(account(state)), kNow);
    ASSERT_EQ(problems.size(), 1u);
    EXPECT_EQ(problems[0].level, HealthLevel::kDegraded);
    EXPECT_THAT(problems[0].what, HasSubstr(channel::toString(state)));
  }
}

TEST(HealthRules, WhatTheOperatorStoppedDoesNotCount) {
  AccountSnapshot stopped = account(AccountState::kStopped);
  stopped.stoppedByOperator = true;
  EXPECT_TRUE(findProblems(withAccount(stopped), kNow).empty());
  AccountSnapshot off = account(AccountState::kStopped);
  off.enabled = false;
  EXPECT_TRUE(findProblems(withAccount(off), kNow).empty());
}

TEST(HealthRules, StoreAndBackendDegrade) {
  HealthInputs inputs;
  inputs.store.isDown = true;
  inputs.store.lastError = "disk full";
  inputs.store.downSinceUs = 5;
  inputs.backendIsUp = false;
  inputs.backendName = "lobby";
  const auto problems = findProblems(inputs, kNow);
  ASSERT_EQ(problems.size(), 2u);
  EXPECT_EQ(problems[0].what, "the store is down: disk full");
  EXPECT_EQ(problems[0].sinceUs, 5);
  EXPECT_EQ(problems[1].what, "backend lobby is not connected");
  for (const Problem& one : problems) EXPECT_EQ(one.level, HealthLevel::kDegraded);
}

TEST(HealthRules, AStoreThatFallsBehindDegrades) {
  HealthInputs inputs;
  inputs.storeIsCongested = true;
  inputs.store.queued = 9000;
  EXPECT_EQ(findProblems(inputs, kNow).at(0).what, "the store is behind with 9000 writes");
}

TEST(HealthRules, ALoopThatDoesNotTurnIsUnhealthy) {
  HealthInputs inputs;
  inputs.loops = {{.lastTurnNs = kNow}, {.lastTurnNs = kNow - kLoopSilenceNs - 1}};
  const auto problems = findProblems(inputs, kNow);
  ASSERT_EQ(problems.size(), 1u);
  EXPECT_EQ(problems[0].what, "event loop 1 does not turn");
  EXPECT_EQ(problems[0].level, HealthLevel::kUnhealthy);
  EXPECT_FALSE(doLoopsTurn(inputs.loops, kNow));
  inputs.loops[1].lastTurnNs = kNow + 1;  // published after the clock was read
  EXPECT_TRUE(doLoopsTurn(inputs.loops, kNow));
}

TEST(HealthRules, AccountsLookLikeThisFromOutside) {
  EXPECT_STREQ(accountStatus(account(AccountState::kRunning)), "connected");
  EXPECT_STREQ(accountStatus(account(AccountState::kStarting)), "disconnected");
  EXPECT_STREQ(accountStatus(account(AccountState::kError)), "error");
  EXPECT_STREQ(toString(HealthLevel::kHealthy), "healthy");
  EXPECT_STREQ(toString(HealthLevel::kDegraded), "degraded");
  EXPECT_STREQ(toString(HealthLevel::kUnhealthy), "unhealthy");
}

TEST(Readiness, NeedsAStoreThatAtLeastQueuesAndOneAcceptingAccount) {
  store::StoreFigures store;
  EXPECT_EQ(whyNotReady(store, false, true), "");
  EXPECT_EQ(whyNotReady(store, false, false), "no channel account accepts clients");
  store.isDown = true;
  EXPECT_EQ(whyNotReady(store, false, true), "");
  EXPECT_EQ(whyNotReady(store, true, true), "the store is down and its queue is full");
}

TEST(ResidentBytes, IsMoreThanAMegabyteHere) { EXPECT_GT(residentBytes(), 1u << 20); }

}  // namespace
}  // namespace gw::health
