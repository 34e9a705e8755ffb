// The contract for account tokens: each use replaces one, and the one before stays good until then.

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "contract/session_store_contract.h"

namespace gw::store {
namespace {

constexpr int64_t kLater = kNow + 100 * kSecond;

void addUsers(SessionStore& store) {
  ASSERT_TRUE(store.addUser(userOf("u1", "a")).ok());
  ASSERT_TRUE(store.addUser(userOf("u2", "b")).ok());
}

void add(SessionStore& store, const std::string& hash, const std::string& user = "u1", int64_t expiresAt = kLater) {
  const auto added = store.addAccountToken({hash, "", user, expiresAt}, 8);
  ASSERT_TRUE(added.ok()) << added.error().message;
}

bool rotate(SessionStore& store, const std::string& shown, const std::string& next, int64_t nowUs = kNow) {
  const auto done = store.rotateAccountToken(shown, next, kLater, nowUs);
  EXPECT_TRUE(done.ok());
  return done.ok() && *done;
}

/// Whom it signs in; empty: nobody.
std::string holderOf(SessionStore& store, const std::string& hash, int64_t nowUs = kNow) {
  const auto found = store.findAccountToken(hash, nowUs);
  EXPECT_TRUE(found.ok());
  return found.ok() && *found ? (*found)->userId : std::string();
}

TEST_P(SessionStoreContract, AccountTokensSignInTheirUserUntilTheyExpire) {
  addUsers(*store_);
  add(*store_, "h1");
  add(*store_, "h2", "u2", kNow + kSecond);
  EXPECT_EQ(holderOf(*store_, "h1"), "u1");
  EXPECT_EQ(holderOf(*store_, "h2"), "u2");
  EXPECT_EQ(holderOf(*store_, "h2", kNow + kSecond), "");
  EXPECT_EQ(holderOf(*store_, "h3"), "");
  EXPECT_EQ(holderOf(*store_, ""), "") << "a token without a predecessor is not found by none";
  EXPECT_FALSE(rotate(*store_, "", "h9"));
}

TEST_P(SessionStoreContract, AccountTokensAreOfUsersOnly) {
  addUsers(*store_);
  const auto added = store_->addAccountToken({"h1", "", "nobody", kLater}, 8);
  ASSERT_FALSE(added.ok());
  EXPECT_EQ(added.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(holderOf(*store_, "h1"), "");
}

TEST_P(SessionStoreContract, AnAccountTokensPredecessorIsGoodUntilItsSuccessorIsUsed) {
  addUsers(*store_);
  add(*store_, "h1");
  ASSERT_TRUE(rotate(*store_, "h1", "h2"));
  EXPECT_EQ(holderOf(*store_, "h1"), "u1") << "the answer may have been lost";
  EXPECT_EQ(holderOf(*store_, "h2"), "u1");
  ASSERT_TRUE(rotate(*store_, "h2", "h3"));
  EXPECT_EQ(holderOf(*store_, "h1"), "");
  EXPECT_EQ(holderOf(*store_, "h2"), "u1");
  EXPECT_EQ(holderOf(*store_, "h3"), "u1");
  EXPECT_FALSE(rotate(*store_, "h1", "h4")) << "replayed";
  EXPECT_EQ(holderOf(*store_, "h4"), "");
  EXPECT_EQ(holderOf(*store_, "h3"), "u1");
}

TEST_P(SessionStoreContract, AnAccountTokensPredecessorShownAgainGetsAnotherSuccessor) {
  addUsers(*store_);
  add(*store_, "h1");
  ASSERT_TRUE(rotate(*store_, "h1", "lost"));
  ASSERT_TRUE(rotate(*store_, "h1", "h2"));
  EXPECT_EQ(holderOf(*store_, "lost"), "") << "it never arrived";
  EXPECT_EQ(holderOf(*store_, "h1"), "u1");
  ASSERT_TRUE(rotate(*store_, "h2", "h3"));
  EXPECT_EQ(holderOf(*store_, "h1"), "");
}

TEST_P(SessionStoreContract, AccountTokensLastLongerByUse) {
  addUsers(*store_);
  add(*store_, "h1", "u1", kNow + kSecond);
  ASSERT_TRUE(rotate(*store_, "h1", "h2"));
  EXPECT_EQ(holderOf(*store_, "h2", kLater - 1), "u1");
  EXPECT_EQ(holderOf(*store_, "h1", kLater - 1), "u1");
  EXPECT_EQ(holderOf(*store_, "h2", kLater), "");
  EXPECT_FALSE(rotate(*store_, "h2", "h3", kLater)) << "expired";
}

TEST_P(SessionStoreContract, OfTooManyAccountTokensTheOldestLeave) {
  addUsers(*store_);
  add(*store_, "other", "u2", kNow + 1);
  for (int i = 0; i < 9; ++i) add(*store_, "h" + std::to_string(i), "u1", kLater + (i == 4 ? -10 : i));
  EXPECT_EQ(holderOf(*store_, "h4"), "");
  for (const int i : {0, 1, 2, 3, 5, 6, 7, 8}) EXPECT_EQ(holderOf(*store_, "h" + std::to_string(i)), "u1") << i;
  EXPECT_EQ(holderOf(*store_, "other"), "u2");
}

TEST_P(SessionStoreContract, AccountTokensAreRevokedForOneUserAtOnce) {
  addUsers(*store_);
  add(*store_, "h1");
  ASSERT_TRUE(rotate(*store_, "h1", "h2"));
  add(*store_, "h3");
  add(*store_, "other", "u2");
  ASSERT_TRUE(store_->deleteAccountTokensOf("u1").ok());
  for (const char* hash : {"h1", "h2", "h3"}) EXPECT_EQ(holderOf(*store_, hash), "") << hash;
  EXPECT_EQ(holderOf(*store_, "other"), "u2");
  EXPECT_TRUE(store_->deleteAccountTokensOf("u1").ok());
}

TEST_P(SessionStoreContract, CleanupTakesExpiredAccountTokens) {
  addUsers(*store_);
  add(*store_, "h1", "u1", kNow);
  add(*store_, "h2", "u1", kNow + 1);
  ASSERT_TRUE(store_->deleteExpired(kNow).ok());
  EXPECT_EQ(holderOf(*store_, "h1", 0), "");
  EXPECT_EQ(holderOf(*store_, "h2", 0), "u1");
}

TEST_P(SessionStoreContract, AFailedTransactionChangesNoAccountToken) {
  addUsers(*store_);
  add(*store_, "h1");
  ASSERT_TRUE(store_->begin().ok());
  ASSERT_TRUE(rotate(*store_, "h1", "h2"));
  add(*store_, "h3");
  store_->rollback();
  EXPECT_EQ(holderOf(*store_, "h1"), "u1");
  EXPECT_EQ(holderOf(*store_, "h2"), "");
  EXPECT_EQ(holderOf(*store_, "h3"), "");
}

TEST_P(SessionStoreContract, OfRacersWithOneAccountTokenTheLastGetsItsSuccessor) {
  addUsers(*store_);
  add(*store_, "h1");
  std::atomic<int> rotated{0};
  std::vector<std::thread> racers;
  for (int i = 0; i < 4; ++i) {
    racers.emplace_back([this, i, &rotated] {
      const auto store = open();
      // Another writer may hold the lock for a moment; a worker tries again too.
      for (int tries = 0; tries < 1000; ++tries) {
        const auto done = store->rotateAccountToken("h1", "next" + std::to_string(i), kLater, kNow);
        if (!done.ok() && done.error().code == ErrorCode::kBusy) continue;
        ASSERT_TRUE(done.ok()) << done.error().message;
        if (*done) ++rotated;
        return;
      }
    });
  }
  for (std::thread& racer : racers) racer.join();
  EXPECT_EQ(rotated, 4);
  int good = 0;
  for (int i = 0; i < 4; ++i) good += holderOf(*store_, "next" + std::to_string(i)) == "u1";
  EXPECT_EQ(good, 1);
  EXPECT_EQ(holderOf(*store_, "h1"), "u1");
}

}  // namespace
}  // namespace gw::store
