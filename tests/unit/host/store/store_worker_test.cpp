#include "store/store_worker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <thread>

#include "scripted_store.h"

namespace gw::store {
namespace {

using std::chrono::milliseconds;

constexpr WorkerTuning kFast{milliseconds(1), milliseconds(4), 256};

/// Collects answers and lets the test wait for them.
class Answers {
 public:
  StoreWorkers::Done next(int tag) {
    return [this, tag](Result<void> r) {
      const std::lock_guard lock(mutex_);
      order_.push_back(tag);
      codes_.push_back(r.ok() ? "ok" : toString(r.error().code));
      changed_.notify_all();
    };
  }
  bool waitFor(size_t n) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return order_.size() >= n; });
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

/// Keeps a worker inside a job until release().
class Gate {
 public:
  StoreWorkers::Work work() {
    return [this](SessionStore&) -> Result<void> {
      std::unique_lock lock(mutex_);
      isInside_ = true;
      changed_.notify_all();
      changed_.wait(lock, [&] { return isOpen_; });
      return {};
    };
  }
  void waitInside() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return isInside_; });
  }
  void open() {
    const std::lock_guard lock(mutex_);
    isOpen_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool isInside_ = false;
  bool isOpen_ = false;
};

StoreWorkers::Work put(const std::string& key, const std::string& value = "v") {
  return [key, value](SessionStore& store) { return store.putSetting(key, value); };
}

class StoreWorkerTest : public testing::Test {
 protected:
  std::unique_ptr<StoreWorkers> start(int workers = 1, size_t limit = 1000, WorkerTuning tuning = kFast) {
    auto started = StoreWorkers::start(factory_, workers, limit, tuning);
    EXPECT_TRUE(started.ok());
    return std::move(*started);
  }
  std::optional<std::string> stored(const std::string& key) { return *(*factory_.open())->getSetting(key); }

  ScriptedFactory factory_;
  Answers answers_;
};

TEST_F(StoreWorkerTest, AnswersAfterTheCommit) {
  auto workers = start();
  std::atomic<bool> wasCommitted{false};
  workers->submit(1, put("k"), [&](Result<void> r) {
    wasCommitted = r.ok() && factory_.script->commits.load() == 1 && stored("k").has_value();
    answers_.next(1)(std::move(r));
  });
  ASSERT_TRUE(answers_.waitFor(1));
  EXPECT_TRUE(wasCommitted.load());
}

TEST_F(StoreWorkerTest, AllThatWaitsBecomesOneTransaction) {
  auto workers = start();
  Gate gate;
  workers->submit(1, gate.work(), answers_.next(0));
  gate.waitInside();
  for (int i = 1; i <= 50; ++i)
    workers->submit(static_cast<uint64_t>(i), put("k" + std::to_string(i)), answers_.next(i));
  gate.open();
  ASSERT_TRUE(answers_.waitFor(51));
  EXPECT_EQ(factory_.script->commits.load(), 2);
  EXPECT_EQ(workers->figures().commits, 2u);
  EXPECT_EQ(workers->figures().jobs, 51u);
}

TEST_F(StoreWorkerTest, AGroupIsBounded) {
  auto workers = start(1, 1000, {milliseconds(1), milliseconds(4), 10});
  Gate gate;
  workers->submit(1, gate.work(), answers_.next(0));
  gate.waitInside();
  for (int i = 1; i <= 25; ++i) workers->submit(1, put("k"), answers_.next(i));
  gate.open();
  ASSERT_TRUE(answers_.waitFor(26));
  EXPECT_EQ(factory_.script->commits.load(), 4);  // 1 + 10 + 10 + 5
}

TEST_F(StoreWorkerTest, AKeysJobsRunInOrderWithManyWorkers) {
  auto workers = start(3);
  std::mutex mutex;
  std::map<uint64_t, std::vector<int>> seen;
  for (int i = 0; i < 300; ++i) {
    const auto key = static_cast<uint64_t>(i % 7);
    workers->submit(
        key, [](SessionStore&) -> Result<void> { return {}; },
        [&, key, i](Result<void> r) {
          {
            const std::lock_guard lock(mutex);
            seen[key].push_back(i);
          }
          answers_.next(i)(std::move(r));
        });
  }
  ASSERT_TRUE(answers_.waitFor(300));
  const std::lock_guard lock(mutex);
  for (const auto& [key, order] : seen) EXPECT_TRUE(std::is_sorted(order.begin(), order.end())) << key;
}

TEST_F(StoreWorkerTest, AJobThatIsWrongFailsAlone) {
  auto workers = start();
  Gate gate;
  workers->submit(1, gate.work(), answers_.next(0));
  gate.waitInside();
  workers->submit(1, put("before"), answers_.next(1));
  workers->submit(
      1,
      [](SessionStore& store) -> Result<void> {
        (void)store.putSetting("undone", "x");
        return fail(ErrorCode::kConflict, "taken");
      },
      answers_.next(2));
  workers->submit(
      1, [](SessionStore&) -> Result<void> { throw std::runtime_error("bug"); }, answers_.next(3));
  workers->submit(1, put("after"), answers_.next(4));
  gate.open();
  ASSERT_TRUE(answers_.waitFor(5));
  EXPECT_EQ(answers_.codes(), (std::vector<std::string>{"ok", "ok", "CONFLICT", "INTERNAL", "ok"}));
  EXPECT_TRUE(stored("before") && stored("after"));
  EXPECT_FALSE(stored("undone"));
  EXPECT_EQ(workers->figures().failures, 2u);
  EXPECT_FALSE(workers->figures().isDown);
}

TEST_F(StoreWorkerTest, AnOutageIsRetriedInOrderAndReported) {
  auto workers = start();
  factory_.script->failBegins = 3;
  factory_.script->failWith = ErrorCode::kUnavailable;
  std::vector<int> ran;  // on the one worker only, read after the answers
  for (int i = 0; i < 5; ++i) {
    workers->submit(
        1,
        [&ran, i](SessionStore&) -> Result<void> {
          ran.push_back(i);
          return {};
        },
        answers_.next(i));
  }
  ASSERT_TRUE(answers_.waitFor(5));
  EXPECT_EQ(answers_.order(), (std::vector<int>{0, 1, 2, 3, 4}));
  EXPECT_EQ(answers_.codes(), std::vector<std::string>(5, "ok"));
  EXPECT_EQ(ran, (std::vector<int>{0, 1, 2, 3, 4}));
  EXPECT_EQ(workers->figures().retries, 3u);
  EXPECT_FALSE(workers->figures().isDown);
  EXPECT_EQ(workers->figures().lastError, "scripted failure");
}

TEST_F(StoreWorkerTest, AFailedCommitIsRunAgainAsAWhole) {
  auto workers = start();
  factory_.script->failCommits = 2;
  factory_.script->failWith = ErrorCode::kBusy;
  std::atomic<int> runs{0};
  workers->submit(
      1,
      [&](SessionStore& store) {
        ++runs;
        return store.putSetting("k", std::to_string(runs.load()));
      },
      answers_.next(1));
  ASSERT_TRUE(answers_.waitFor(1));
  EXPECT_EQ(answers_.codes(), std::vector<std::string>{"ok"});
  EXPECT_EQ(runs.load(), 3);
  EXPECT_EQ(stored("k"), "3");
}

TEST_F(StoreWorkerTest, AJobThatFindsTheStoreBusyIsRetriedWithItsGroup) {
  auto workers = start();
  std::atomic<int> runs{0};
  workers->submit(
      1,
      [&](SessionStore& store) -> Result<void> {
        (void)store.putSetting("k" + std::to_string(++runs), "v");
        if (runs < 3) return fail(ErrorCode::kBusy, "locked");
        return {};
      },
      answers_.next(1));
  ASSERT_TRUE(answers_.waitFor(1));
  EXPECT_EQ(runs.load(), 3);
  EXPECT_FALSE(stored("k1"));
  EXPECT_TRUE(stored("k3"));
}

TEST_F(StoreWorkerTest, HealthSeesSinceWhenTheStoreIsDown) {
  auto workers = start();
  factory_.script->failWith = ErrorCode::kUnavailable;
  factory_.script->failBegins = 1'000'000;
  workers->submit(1, put("k"), answers_.next(1));
  factory_.script->waitBeginFailures(2);
  const StoreFigures down = workers->figures();
  EXPECT_TRUE(down.isDown);
  EXPECT_GT(down.downSinceUs, 0);
  EXPECT_EQ(down.queued, 1u);
  EXPECT_EQ(down.lastError, "scripted failure");
  factory_.script->failBegins = 0;
  ASSERT_TRUE(answers_.waitFor(1));
  EXPECT_FALSE(workers->figures().isDown);
  EXPECT_EQ(workers->figures().downSinceUs, 0);
}

TEST_F(StoreWorkerTest, ADamagedStoreFailsTheGroupInsteadOfRetryingForEver) {
  auto workers = start();
  factory_.script->failWith = ErrorCode::kInternal;
  factory_.script->failBegins = 1;
  workers->submit(1, put("k"), answers_.next(1));
  ASSERT_TRUE(answers_.waitFor(1));
  EXPECT_EQ(answers_.codes(), std::vector<std::string>{"INTERNAL"});
  workers->submit(1, put("k"), answers_.next(2));
  ASSERT_TRUE(answers_.waitFor(2));
  EXPECT_EQ(answers_.codes().back(), "ok");
}

TEST_F(StoreWorkerTest, RefusesOverItsBoundButTakesWhatIsRequired) {
  auto workers = start(1, 3);
  Gate gate;
  workers->submit(1, gate.work(), answers_.next(0));
  gate.waitInside();
  EXPECT_FALSE(workers->isCongested());
  workers->submit(1, put("a"), answers_.next(1));
  workers->submit(1, put("b"), answers_.next(2));
  EXPECT_TRUE(workers->isCongested());
  workers->submit(1, put("c"), answers_.next(3));  // refused here and now
  EXPECT_EQ(answers_.codes(), std::vector<std::string>{"UNAVAILABLE"});
  for (int i = 4; i < 13; ++i) workers->submitRequired(1, put("r" + std::to_string(i)), answers_.next(i));
  EXPECT_EQ(workers->figures().queued, 12u);
  workers->submitRequired(1, put("too much"), answers_.next(13));  // four times the limit
  EXPECT_EQ(answers_.order(), (std::vector<int>{3, 13}));
  EXPECT_EQ(workers->figures().refused, 2u);
  gate.open();
  ASSERT_TRUE(answers_.waitFor(14));
  EXPECT_TRUE(stored("r12"));
  EXPECT_FALSE(stored("c"));
}

TEST_F(StoreWorkerTest, FlushWaitsForTheCommits) {
  auto workers = start(2);
  for (int i = 0; i < 100; ++i) workers->submit(static_cast<uint64_t>(i), put(std::to_string(i)), answers_.next(i));
  EXPECT_EQ(workers->flush(20'000, nullptr), 0u);
  EXPECT_EQ(answers_.order().size(), 100u);
}

TEST_F(StoreWorkerTest, FlushGivesUpAtItsLimitAndSaysWhatIsLeft) {
  auto workers = start();
  Gate gate;
  workers->submit(1, gate.work(), answers_.next(0));
  gate.waitInside();
  workers->submit(1, put("a"), answers_.next(1));
  std::vector<size_t> told;
  EXPECT_EQ(workers->flush(1100, [&](size_t left) { told.push_back(left); }), 2u);
  EXPECT_EQ(told, std::vector<size_t>{2});
  gate.open();
  EXPECT_EQ(workers->flush(20'000, nullptr), 0u);
}

TEST_F(StoreWorkerTest, StopAnswersWhatIsQueuedAndEndsAnOutagesRetries) {
  auto workers = start(1, 1000, {milliseconds(60'000), milliseconds(60'000), 1});
  factory_.script->failWith = ErrorCode::kUnavailable;
  factory_.script->failBegins = 1'000'000;
  workers->submit(1, put("a"), answers_.next(1));
  factory_.script->waitBeginFailures(1);  // now it pauses for a minute
  workers->submit(1, put("b"), answers_.next(2));
  workers->stop();
  EXPECT_EQ(answers_.codes(), (std::vector<std::string>{"UNAVAILABLE", "UNAVAILABLE"}));
  workers->submit(1, put("c"), answers_.next(3));
  EXPECT_EQ(answers_.codes().size(), 3u);
  EXPECT_EQ(answers_.codes().back(), "UNAVAILABLE");
  workers->stop();  // twice is once
  EXPECT_FALSE(stored("a"));
}

TEST_F(StoreWorkerTest, WhatAThrowingReceiverThrowsStaysThere) {
  auto workers = start();
  workers->submit(1, put("a"), [](Result<void>) { throw std::runtime_error("receiver"); });
  workers->submit(1, put("b"), nullptr);
  workers->submit(1, put("c"), answers_.next(1));
  ASSERT_TRUE(answers_.waitFor(1));
  EXPECT_TRUE(stored("a") && stored("b") && stored("c"));
}

TEST_F(StoreWorkerTest, StartFailsAsOpeningFails) {
  factory_.script->failOpens = 1;
  factory_.script->failWith = ErrorCode::kUnavailable;
  const auto started = StoreWorkers::start(factory_, 2, 10);
  ASSERT_FALSE(started.ok());
  EXPECT_EQ(started.error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(StoreWorkers::start(factory_, 0, 10).error().code, ErrorCode::kInvalid);
}

TEST_F(StoreWorkerTest, ManySubmittersLoseNothing) {
  auto workers = start(2, 100'000);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 250; ++i) {
        workers->submit(
            static_cast<uint64_t>(i), [](SessionStore&) -> Result<void> { return {}; }, answers_.next(t * 1000 + i));
      }
    });
  }
  for (auto& thread : threads) thread.join();
  ASSERT_TRUE(answers_.waitFor(1000));
  EXPECT_EQ(workers->figures().jobs, 1000u);
  EXPECT_EQ(workers->flush(5000, nullptr), 0u);
  EXPECT_EQ(workers->figures().queued, 0u);
}

}  // namespace
}  // namespace gw::store
