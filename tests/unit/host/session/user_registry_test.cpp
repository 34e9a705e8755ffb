#include "session/user_registry.h"

#include <gtest/gtest.h>

#include <memory>

namespace gw::session {
namespace {

class UserRegistryTest : public ::testing::Test {
 protected:
  UserRegistryTest()
      : registry_(
            1,
            [this](SessionId id, UniqueFunction<void()> done) {
              finished_.push_back(id);
              pending_.push_back(std::move(done));
            },
            [this](const Claim&, UniqueFunction<void(SessionId)> done) { done(stored_); }) {}

  std::shared_ptr<std::vector<Verdict>> claim(const SessionId& session, const std::string& entity) {
    auto verdicts = std::make_shared<std::vector<Verdict>>();
    registry_.claim({"user", session, entity, {}}, [verdicts](Verdict verdict) { verdicts->push_back(verdict); });
    return verdicts;
  }
  void finishAll() {
    for (auto& done : std::exchange(pending_, {})) done();
  }

  SessionId stored_;
  std::vector<SessionId> finished_;
  std::vector<UniqueFunction<void()>> pending_;
  UserRegistry registry_;
  const SessionId a_ = SessionId::random();
  const SessionId b_ = SessionId::random();
};

TEST_F(UserRegistryTest, LetsTheFirstSessionEnter) {
  const auto verdicts = claim(a_, "anna");
  ASSERT_EQ(verdicts->size(), 1u);
  EXPECT_EQ(verdicts->front().kind, Verdict::Kind::kEnter);
}

TEST_F(UserRegistryTest, SendsASecondLoginOfACharacterToItsSession) {
  claim(a_, "anna");
  const auto verdicts = claim(b_, "anna");
  ASSERT_EQ(verdicts->size(), 1u);
  EXPECT_EQ(verdicts->front().kind, Verdict::Kind::kTakeOver);
  EXPECT_EQ(verdicts->front().existing, a_);
}

TEST_F(UserRegistryTest, ASessionThatChoosesTwoCharactersAtOnceHoldsTheFirst) {
  claim(a_, "anna");
  claim(a_, "bert");
  const auto verdicts = claim(b_, "anna");
  ASSERT_EQ(verdicts->size(), 1u);
  EXPECT_EQ(verdicts->front().kind, Verdict::Kind::kTakeOver);
}

TEST_F(UserRegistryTest, FinishesTheOlderSessionBeforeAnotherCharacterEnters) {
  claim(a_, "anna");
  const auto verdicts = claim(b_, "bert");
  EXPECT_TRUE(verdicts->empty());
  ASSERT_EQ(finished_, std::vector<SessionId>{a_});
  finishAll();
  ASSERT_EQ(verdicts->size(), 1u);
  EXPECT_EQ(verdicts->front().kind, Verdict::Kind::kEnter);
}

TEST_F(UserRegistryTest, DecidesClaimsOfOneInstantOneAfterTheOther) {
  claim(a_, "anna");
  const SessionId c = SessionId::random();
  const auto second = claim(b_, "bert");
  const auto third = claim(c, "bert");
  EXPECT_TRUE(third->empty());
  finishAll();
  EXPECT_EQ(second->front().kind, Verdict::Kind::kEnter);
  ASSERT_EQ(third->size(), 1u);
  EXPECT_EQ(third->front().kind, Verdict::Kind::kTakeOver);
  EXPECT_EQ(third->front().existing, b_);
}

TEST_F(UserRegistryTest, FindsASessionThatWaitsInTheStore) {
  stored_ = b_;
  const auto verdicts = claim(a_, "anna");
  EXPECT_EQ(verdicts->front().kind, Verdict::Kind::kTakeOver);
  EXPECT_EQ(verdicts->front().existing, b_);
}

TEST_F(UserRegistryTest, FinishesThePlayingSessionBeforeAStoredOneIsTakenOver) {
  claim(a_, "anna");
  stored_ = b_;
  const SessionId c = SessionId::random();
  const auto verdicts = claim(c, "bert");
  EXPECT_TRUE(verdicts->empty());
  ASSERT_EQ(finished_, std::vector<SessionId>{a_});
  finishAll();
  EXPECT_EQ(verdicts->front().existing, b_);
}

TEST_F(UserRegistryTest, FinishesTheOldestWhenARestoredSessionIsOneTooMany) {
  claim(a_, "anna");
  registry_.restored({"user", b_, "bert", {}});
  EXPECT_EQ(finished_, std::vector<SessionId>{a_});
}

TEST_F(UserRegistryTest, ForgetsUsersWithoutSessions) {
  claim(a_, "anna");
  EXPECT_EQ(registry_.size(), 1u);
  registry_.release("user", a_);
  EXPECT_EQ(registry_.size(), 0u);
}

TEST_F(UserRegistryTest, BoundsTheClaimsThatWait) {
  claim(a_, "anna");
  claim(b_, "bert");  // waits for anna's session to be finished
  std::vector<std::shared_ptr<std::vector<Verdict>>> waiting;
  for (int i = 0; i < 20; ++i) waiting.push_back(claim(SessionId::random(), "carl"));
  EXPECT_EQ(waiting.back()->front().kind, Verdict::Kind::kBusy);
}

TEST_F(UserRegistryTest, KnowsARestoredSession) {
  registry_.restored({"user", a_, "anna", {}});
  registry_.restored({"user", a_, "anna", {}});
  const auto verdicts = claim(b_, "anna");
  EXPECT_EQ(verdicts->front().existing, a_);
}

}  // namespace
}  // namespace gw::session
