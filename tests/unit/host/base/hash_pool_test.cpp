#include "base/hash_pool.h"

#include <gtest/gtest.h>
#include <sodium.h>

#include <algorithm>
#include <condition_variable>
#include <ctime>
#include <future>
#include <limits>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

namespace gw {
namespace {

Result<std::string> hashOf(HashPool& pool, const std::string& password, const std::string& key = "1.2.3.4") {
  std::promise<Result<std::string>> answer;
  pool.hash(password, key, [&](Result<std::string> r) { answer.set_value(std::move(r)); });
  return answer.get_future().get();
}

Result<VerifyResult> check(HashPool& pool, const std::string& phc, const std::string& password) {
  std::promise<Result<VerifyResult>> answer;
  pool.verify(phc, password, "1.2.3.4", [&](Result<VerifyResult> r) { answer.set_value(std::move(r)); });
  return answer.get_future().get();
}

Result<VerifyResult> dummy(HashPool& pool, const std::string& password) {
  std::promise<Result<VerifyResult>> answer;
  pool.verifyDummy(password, "1.2.3.4", [&](Result<VerifyResult> r) { answer.set_value(std::move(r)); });
  return answer.get_future().get();
}

TEST(HashPool, VerifiesWhatItHashed) {
  HashPool pool(1);
  const auto phc = hashOf(pool, "correct horse");
  ASSERT_TRUE(phc.ok());
  EXPECT_EQ(phc->rfind("$argon2id$v=19$m=19456,t=2,p=1$", 0), 0u) << *phc;
  const auto right = check(pool, *phc, "correct horse");
  EXPECT_TRUE(right.ok() && right->ok && !right->needsRehash);
  EXPECT_FALSE(check(pool, *phc, "wrong horse")->ok);
  EXPECT_NE(*hashOf(pool, "correct horse"), *phc);  // salted
}

TEST(HashPool, AsksForARehashOfWeakerParameters) {
  HashPool pool(1);
  char weak[crypto_pwhash_STRBYTES];
  ASSERT_EQ(crypto_pwhash_str_alg(weak, "password", 8, 1, 8192 * 1024, crypto_pwhash_ALG_ARGON2ID13), 0);
  const auto old = check(pool, weak, "password");
  ASSERT_TRUE(old.ok());
  EXPECT_TRUE(old->ok);
  EXPECT_TRUE(old->needsRehash);
  EXPECT_FALSE(check(pool, weak, "other")->needsRehash);  // a wrong password learns nothing
}

TEST(HashPool, KeepsPasswordsWithNulAndUtf8Apart) {
  HashPool pool(1);
  const auto phc = hashOf(pool, std::string("pass\0word", 9));
  ASSERT_TRUE(phc.ok());
  EXPECT_TRUE(check(pool, *phc, std::string("pass\0word", 9))->ok);
  EXPECT_FALSE(check(pool, *phc, "pass")->ok);
}

TEST(HashPool, CapsPasswordsAt256Bytes) {
  HashPool pool(1);
  EXPECT_TRUE(hashOf(pool, std::string(256, 'p')).ok());
  EXPECT_EQ(hashOf(pool, std::string(257, 'p')).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(hashOf(pool, "").error().code, ErrorCode::kInvalid);
  const auto phc = hashOf(pool, std::string(256, 'p'));
  EXPECT_FALSE(check(pool, *phc, std::string(257, 'p'))->ok);
  EXPECT_FALSE(check(pool, *phc, "")->ok);
}

TEST(HashPool, ABrokenStoredHashIsOnlyAWrongPassword) {
  HashPool pool(1);
  for (const char* phc : {"", "x", "$argon2id$", "$2b$12$abcdefghijklmnopqrstuv"})
    EXPECT_FALSE(check(pool, phc, "pw")->ok);
}

TEST(HashPool, UnknownUsersCostAHashAndNeverPass) {
  HashPool pool(1);
  (void)dummy(pool, "warm up: the first one makes the dummy hash");
  const auto phc = hashOf(pool, "pw");
  // Of the processor, whatever else the machine does.
  const auto timed = [](auto&& f) {
    auto best = std::numeric_limits<std::clock_t>::max();
    for (int i = 0; i < 3; ++i) {
      const std::clock_t start = std::clock();
      f();
      best = std::min(best, std::clock() - start);
    }
    return best;
  };
  const auto known = timed([&] { EXPECT_FALSE(check(pool, *phc, "no")->ok); });
  const auto unknown = timed([&] { EXPECT_FALSE(dummy(pool, "no")->ok); });
  EXPECT_GT(unknown, known / 4);
  EXPECT_LT(unknown, known * 4);
}

// Holds the pool's only thread inside a `done` until released, so that bounds can be seen.
class Holder {
 public:
  explicit Holder(HashPool& pool) {
    pool.hash("hold", "holder", [this](Result<std::string>) {
      std::unique_lock lock(mutex_);
      isHeld_ = true;
      changed_.notify_all();
      changed_.wait(lock, [&] { return isReleased_; });
    });
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return isHeld_; });
  }
  void release() {
    const std::lock_guard lock(mutex_);
    isReleased_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool isHeld_ = false;
  bool isReleased_ = false;
};

class Answers {
 public:
  HashPool::HashDone next(int tag) {
    return [this, tag](Result<std::string> r) {
      const std::lock_guard lock(mutex_);
      order_.push_back(tag);
      codes_.push_back(r.ok() ? "ok" : toString(r.error().code));
      changed_.notify_all();
    };
  }
  void waitFor(size_t n) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return order_.size() >= n; });
  }
  std::vector<int> order() {
    const std::lock_guard lock(mutex_);
    return order_;
  }
  std::vector<std::string> codes() {
    const std::lock_guard lock(mutex_);
    return codes_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<int> order_;
  std::vector<std::string> codes_;
};

TEST(HashPool, RefusesOverItsQueueBound) {
  HashPool pool(HashPool::Options{1, 2, 8, 0});
  Holder holder(pool);
  Answers answers;
  pool.hash("a", "one", answers.next(1));
  pool.hash("b", "", answers.next(2));
  EXPECT_EQ(pool.figures().waiting, 2u);
  EXPECT_EQ(pool.figures().running, 1u);
  pool.hash("c", "three", answers.next(3));  // refused at once, on this thread
  EXPECT_EQ(answers.codes(), std::vector<std::string>{"UNAVAILABLE"});
  EXPECT_EQ(pool.figures().refused, 1u);
  holder.release();
  answers.waitFor(3);
  EXPECT_EQ(answers.codes(), (std::vector<std::string>{"UNAVAILABLE", "ok", "ok"}));
}

TEST(HashPool, OneAddressWaitsInItsOwnLine) {
  HashPool pool(HashPool::Options{1, 64, 2, 0});
  Holder holder(pool);
  Answers answers;
  pool.hash("a", "greedy", answers.next(1));
  pool.hash("b", "greedy", answers.next(2));
  pool.hash("c", "greedy", answers.next(3));  // over the address's bound
  pool.hash("d", "other", answers.next(4));
  EXPECT_EQ(answers.codes(), std::vector<std::string>{"RATE_LIMITED"});
  holder.release();
  answers.waitFor(4);
  EXPECT_EQ(answers.order(), (std::vector<int>{3, 1, 4, 2}));  // "other" does not wait for all of "greedy"
}

TEST(HashPool, RunsOneJobOfAnAddressAtATime) {
  HashPool pool(HashPool::Options{2, 64, 8, 0});
  Holder holder(pool);  // address "holder" is inside its done on one thread
  Answers answers;
  pool.hash("a", "holder", answers.next(1));
  pool.hash("b", "free", answers.next(2));
  answers.waitFor(1);
  EXPECT_EQ(answers.order(), std::vector<int>{2});
  EXPECT_EQ(pool.figures().waiting, 1u);
  holder.release();
  answers.waitFor(2);
}

TEST(HashPool, AnswersWhatItDidNotStartWhenItStops) {
  Answers answers;
  auto pool = std::make_unique<HashPool>(HashPool::Options{1, 64, 8, 0});
  auto holder = std::make_unique<Holder>(*pool);
  pool->hash("a", "x", answers.next(1));
  pool->hash("b", "y", answers.next(2));
  std::thread stopper([&] { pool.reset(); });
  // The stop answers the waiting jobs only after the running one; release it once the queue is taken.
  holder->release();
  stopper.join();
  const auto codes = answers.codes();
  ASSERT_EQ(codes.size(), 2u);
  for (const auto& code : codes) EXPECT_TRUE(code == "UNAVAILABLE" || code == "ok") << code;
}

}  // namespace
}  // namespace gw
