#include "plugin/blocking_work.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>

#include "base/clock.h"
#include "support/deadline.h"

namespace gw::plugin {
namespace {

using test::waitUntil;

constexpr uint64_t kLongMs = 60'000;
constexpr uint64_t kShortMs = 30;

/// Jobs wait at it until it opens. Counts who has come and who is inside.
class Gate {
 public:
  ~Gate() { EXPECT_EQ(inside_, 0); }
  void pass() {
    std::unique_lock lock(mutex_);
    ++came_;
    ++inside_;
    most_ = std::max(most_, inside_);
    changed_.wait(lock, [this] { return isOpen_; });
    --inside_;
  }
  void open() {
    const std::lock_guard lock(mutex_);
    isOpen_ = true;
    changed_.notify_all();
  }
  int came() const { return locked(came_); }
  int inside() const { return locked(inside_); }
  int most() const { return locked(most_); }

 private:
  int locked(const int& figure) const {
    const std::lock_guard lock(mutex_);
    return figure;
  }
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  int came_ = 0, inside_ = 0, most_ = 0;
  bool isOpen_ = false;
};

/// The stream side: remembers who was woken.
class Home final : public WorkHome {
 public:
  void wakeForWork(uint64_t streamId) override {
    const std::lock_guard lock(mutex_);
    woken_.push_back(streamId);
  }
  std::vector<uint64_t> woken() const {
    const std::lock_guard lock(mutex_);
    return woken_;
  }

 private:
  mutable std::mutex mutex_;
  std::vector<uint64_t> woken_;
};

// Jobs. The input is the address of a gate, where one is needed.
Gate& gateOf(const gw_work_call* call) {
  Gate* gate = nullptr;
  std::memcpy(&gate, call->input_h.ptr, sizeof gate);
  return *gate;
}
gw_status pass(const gw_work_call* call) {
  gateOf(call).pass();
  return call->write(call->ctx, {"through", 7});
}
gw_status echo(const gw_work_call* call) {
  call->write(call->ctx, call->input_h);
  return 7;
}
gw_status throwOut(const gw_work_call* call) {
  call->write(call->ctx, {"lost", 4});
  throw std::runtime_error("out");
}
gw_status writeTooMuch(const gw_work_call* call) {
  const std::string half(GW_WORK_MAX_RESULT / 2, 'x');
  for (int i = 0; i < 2; ++i) EXPECT_EQ(call->write(call->ctx, {half.data(), half.size()}), GW_OK);
  return call->write(call->ctx, {"x", 1});
}
gw_status waitUntilUnwanted(const gw_work_call* call) {
  while (call->is_unwanted(call->ctx) == 0) std::this_thread::yield();
  return GW_OK;
}

class BlockingWorkTest : public ::testing::Test {
 protected:
  BlockingWorkTest() { make({}); }
  ~BlockingWorkTest() override {
    gate_.open();
    other_.open();
    pool_->stop(20'000);
    for (const WorkJobPtr& job : started_) pool_->forget(*job);
    waitUntil("every job has returned", [this] { return gate_.inside() == 0 && other_.inside() == 0; });
  }
  void make(const WorkOptions& options) {
    if (pool_) pool_->stop(0);
    pool_ = BlockingWork::create(options);
  }

  WorkJobPtr job(gw_work_fn run, const std::string& lane, uint64_t deadlineMs, std::string input = {}) {
    auto made = std::make_shared<WorkJob>();
    made->run = run;
    made->token = ++tokens_;
    made->streamId = 40 + made->token;
    made->deadlineNs = systemClock().nowNs() + deadlineMs * 1'000'000;
    made->account = made->lane = lane;
    made->input = std::move(input);
    made->totals = totals_;
    made->home = &home_;
    made->pin = std::make_shared<int>(1);
    return made;
  }
  WorkJobPtr start(gw_work_fn run, const std::string& lane, uint64_t deadlineMs, std::string input = {}) {
    auto made = job(run, lane, deadlineMs, std::move(input));
    EXPECT_EQ(pool_->start(made), GW_OK);
    started_.push_back(made);
    return made;
  }
  WorkJobPtr passing(const std::string& lane, Gate& gate, uint64_t deadlineMs = kLongMs) {
    return start(&pass, lane, deadlineMs, addressOf(gate));
  }
  static std::string addressOf(Gate& gate) {
    Gate* address = &gate;
    std::string bytes(sizeof address, '\0');
    std::memcpy(bytes.data(), &address, sizeof address);
    return bytes;
  }
  WorkAnswer answerOf(const WorkJobPtr& job) {
    std::optional<WorkAnswer> answer;
    waitUntil("job " + std::to_string(job->token) + " is answered",
              [&] { return (answer = pool_->take(*job)).has_value(); });
    std::erase(started_, job);
    return *answer;
  }
  /// A job that waits at the gate beyond its deadline, and was answered.
  WorkJobPtr stuckAt(Gate& gate, const std::string& lane) {
    const uint64_t before = totals_->stuck;
    for (uint64_t deadlineMs = 30; deadlineMs < kLongMs; deadlineMs *= 4) {  // a busy machine may be late to run it
      const auto made = passing(lane, gate, deadlineMs);
      EXPECT_EQ(answerOf(made).outcome, static_cast<uint32_t>(GW_WORK_OVERDUE));
      if (totals_->stuck > before) return made;
    }
    throw std::runtime_error("no job got stuck");
  }
  void forget(const WorkJobPtr& job) {
    pool_->forget(*job);
    std::erase(started_, job);
  }

  Gate gate_, other_;
  Home home_;
  std::shared_ptr<WorkTotals> totals_ = std::make_shared<WorkTotals>();
  std::shared_ptr<BlockingWork> pool_;
  std::vector<WorkJobPtr> started_;  // unanswered
  uint64_t tokens_ = 0;
};

TEST_F(BlockingWorkTest, AnswersWithWhatTheJobReturnedAndWrote) {
  const auto asked = start(&echo, "a", kLongMs, std::string("in\0put", 6));
  const WorkAnswer answer = answerOf(asked);
  EXPECT_EQ(answer.outcome, static_cast<uint32_t>(GW_WORK_RETURNED));
  EXPECT_EQ(answer.status, 7);
  EXPECT_EQ(answer.token, asked->token);
  EXPECT_EQ(answer.result, std::string("in\0put", 6));
  EXPECT_EQ(home_.woken(), std::vector<uint64_t>{asked->streamId});
  EXPECT_EQ(totals_->pending, 0u);
  EXPECT_EQ(totals_->started, 1u);
}

TEST_F(BlockingWorkTest, HoldsAResultToItsBound) {
  const WorkAnswer answer = answerOf(start(&writeTooMuch, "a", kLongMs));
  EXPECT_EQ(answer.status, GW_E_LIMIT);
  EXPECT_EQ(answer.result.size(), static_cast<size_t>(GW_WORK_MAX_RESULT));
}

TEST_F(BlockingWorkTest, AnExceptionIsAFailureAndLeavesNothing) {
  const WorkAnswer answer = answerOf(start(&throwOut, "a", kLongMs));
  EXPECT_EQ(answer.outcome, static_cast<uint32_t>(GW_WORK_FAILED));
  EXPECT_EQ(answer.status, GW_E_INTERNAL);
  EXPECT_EQ(answer.result, "");
}

TEST_F(BlockingWorkTest, LetsGoOfThePinBeforeItAnswers) {
  const auto asked = job(&echo, "a", kLongMs);
  const std::weak_ptr<const void> pin = asked->pin;
  ASSERT_EQ(pool_->start(asked), GW_OK);
  answerOf(asked);
  EXPECT_TRUE(pin.expired());
}

TEST_F(BlockingWorkTest, OneLaneLeavesThreadsToTheOthers) {
  for (int i = 0; i < 6; ++i) passing("greedy", gate_);
  waitUntil("the greedy lane has its part", [&] { return gate_.inside() == 2; });
  EXPECT_EQ(answerOf(start(&echo, "modest", kLongMs)).status, 7);
  gate_.open();
  while (!started_.empty()) answerOf(started_.back());
  EXPECT_EQ(gate_.came(), 6);
}

TEST_F(BlockingWorkTest, RunsNoMoreAtOnceThanItHasThreads) {
  for (const char* lane : {"a", "b", "c", "d", "e"})
    for (int i = 0; i < 2; ++i) passing(lane, gate_);
  waitUntil("all threads are busy", [&] { return gate_.inside() == 4; });
  gate_.open();
  while (!started_.empty()) answerOf(started_.back());
  EXPECT_EQ(gate_.came(), 10);
  EXPECT_EQ(gate_.most(), 4);
}

TEST_F(BlockingWorkTest, AnOverdueJobIsAnsweredOnceAndItsLateResultIsForNobody) {
  const auto late = stuckAt(gate_, "a");
  const std::weak_ptr<const void> pin = late->pin;
  EXPECT_EQ(late->status, GW_E_LIMIT);
  EXPECT_EQ(totals_->stuck, 1u);
  EXPECT_FALSE(pin.expired());
  gate_.open();
  waitUntil("it has returned", [&] { return totals_->stuck == 0 && pin.expired(); });
  EXPECT_EQ(answerOf(start(&echo, "a", kLongMs)).status, 7);
  const auto woken = home_.woken();
  EXPECT_EQ(std::count(woken.begin(), woken.end(), late->streamId), 1);
}

TEST_F(BlockingWorkTest, WhatWaitsBeyondItsDeadlineIsNeverRun) {
  passing("a", gate_);
  passing("a", gate_);
  const auto waits = passing("a", gate_, kShortMs);
  const std::weak_ptr<const void> pin = waits->pin;
  EXPECT_EQ(answerOf(waits).outcome, static_cast<uint32_t>(GW_WORK_OVERDUE));
  EXPECT_TRUE(pin.expired());
  EXPECT_EQ(totals_->stuck, 0u);
  gate_.open();
  while (!started_.empty()) answerOf(started_.back());
  EXPECT_EQ(gate_.came(), 2);
}

TEST_F(BlockingWorkTest, AnotherThreadTakesThePlaceOfAStuckOneUpToABound) {
  make({1, 1, 1, 100, 100});
  stuckAt(gate_, "a");
  EXPECT_EQ(answerOf(start(&echo, "b", kLongMs)).status, 7);  // in its place
  stuckAt(other_, "b");
  const auto waits = start(&echo, "c", kLongMs);  // nobody is left
  EXPECT_EQ(answerOf(start(&echo, "d", kShortMs)).outcome, static_cast<uint32_t>(GW_WORK_OVERDUE));
  EXPECT_FALSE(pool_->take(*waits).has_value());
  gate_.open();
  EXPECT_EQ(answerOf(waits).status, 7);
}

TEST_F(BlockingWorkTest, ALaneWhoseThreadsAreStuckIsRefusedAndNoOther) {
  stuckAt(gate_, "a");
  stuckAt(gate_, "a");
  EXPECT_EQ(pool_->start(job(&echo, "a", kLongMs)), GW_E_LIMIT);
  EXPECT_EQ(totals_->refused, 1u);
  EXPECT_EQ(answerOf(start(&echo, "b", kLongMs)).status, 7);
  gate_.open();
  waitUntil("both have returned", [&] { return totals_->stuck == 0; });
  EXPECT_EQ(answerOf(start(&echo, "a", kLongMs)).status, 7);
}

TEST_F(BlockingWorkTest, RefusesWhatIsTooMuchForAnAccountOrForAll) {
  make({1, 0, 1, 2, 3});
  passing("a", gate_);
  passing("a", gate_);
  EXPECT_EQ(pool_->start(job(&echo, "a", kLongMs)), GW_E_LIMIT);
  EXPECT_EQ(totals_->refused, 1u);
  totals_ = std::make_shared<WorkTotals>();  // another account
  passing("b", gate_);
  EXPECT_EQ(pool_->start(job(&echo, "b", kLongMs)), GW_E_LIMIT);
  EXPECT_EQ(totals_->refused, 1u);
  gate_.open();
  while (!started_.empty()) answerOf(started_.back());
  EXPECT_EQ(answerOf(start(&echo, "b", kLongMs)).status, 7);
}

TEST_F(BlockingWorkTest, WhatIsForgottenWhileItWaitsIsNeverRun) {
  passing("a", gate_);
  passing("a", gate_);
  const auto waits = passing("a", gate_);
  const std::weak_ptr<const void> pin = waits->pin;
  forget(waits);
  EXPECT_TRUE(pin.expired());
  EXPECT_EQ(totals_->dropped, 1u);
  EXPECT_EQ(totals_->pending, 2u);
  gate_.open();
  while (!started_.empty()) answerOf(started_.back());
  EXPECT_EQ(gate_.came(), 2);
}

TEST_F(BlockingWorkTest, AForgottenJobThatRunsIsToldAndKeepsItsPinUntilItReturns) {
  const auto runs = passing("a", gate_);
  const auto asks = start(&waitUntilUnwanted, "b", kLongMs);
  const std::weak_ptr<const void> pin = runs->pin;
  const std::weak_ptr<const void> pinOfAsking = asks->pin;
  waitUntil("it runs", [&] { return gate_.inside() == 1; });
  forget(runs);
  forget(asks);
  waitUntil("who asks has returned", [&] { return pinOfAsking.expired(); });
  EXPECT_FALSE(pin.expired());
  gate_.open();
  waitUntil("the other has, too", [&] { return pin.expired(); });
  EXPECT_EQ(home_.woken(), std::vector<uint64_t>{});
  EXPECT_EQ(totals_->dropped, 2u);
}

TEST_F(BlockingWorkTest, AForgottenJobThatDoesNotReturnGetsStuckToo) {
  for (uint64_t deadlineMs = 30; gate_.inside() == 0 && deadlineMs < kLongMs; deadlineMs *= 4) {
    const auto runs = passing("a", gate_, deadlineMs);
    const std::weak_ptr<const void> pin = runs->pin;
    waitUntil("it runs, or was too late", [&] { return gate_.inside() == 1 || pin.expired(); });
    forget(runs);
  }
  waitUntil("it is stuck", [&] { return totals_->stuck == 1; });
  gate_.open();
  waitUntil("it has returned", [&] { return totals_->stuck == 0; });
}

TEST_F(BlockingWorkTest, AnAnswerThatComesOnTheWayWakesTheNextHome) {
  const auto travels = passing("a", gate_);
  const std::weak_ptr<const void> pin = travels->pin;
  pool_->setHome(*travels, nullptr);
  gate_.open();
  waitUntil("it has returned", [&] { return pin.expired(); });
  answerOf(start(&echo, "a", kLongMs));
  Home next;
  waitUntil("the next home is woken", [&] {
    pool_->setHome(*travels, &next);
    return !next.woken().empty();
  });
  EXPECT_EQ(next.woken().front(), travels->streamId);
  EXPECT_EQ(answerOf(travels).result, "through");
  EXPECT_EQ(home_.woken(), std::vector<uint64_t>{42});
}

TEST_F(BlockingWorkTest, AStopRunsNothingMoreAndWaitsForWhatReturns) {
  const auto asks = start(&waitUntilUnwanted, "a", kLongMs);
  const std::weak_ptr<const void> pin = asks->pin;
  passing("b", gate_);
  passing("b", gate_);
  const auto waits = passing("b", gate_);
  const std::weak_ptr<const void> pinOfWaiting = waits->pin;
  waitUntil("they run", [&] { return gate_.inside() == 2; });
  std::thread opener([&] {
    waitUntil("the stop has begun", [&] { return pinOfWaiting.expired(); });
    gate_.open();
  });
  pool_->stop(20'000);
  opener.join();
  EXPECT_TRUE(pin.expired());
  EXPECT_EQ(gate_.came(), 2);
  EXPECT_EQ(home_.woken(), std::vector<uint64_t>{});
  EXPECT_EQ(pool_->start(job(&echo, "a", kLongMs)), GW_E_STATE);
}

TEST_F(BlockingWorkTest, AStopDoesNotWaitForWhatIsStuckAndLeavesItsLibraryAlone) {
  const std::weak_ptr<const void> pin = stuckAt(gate_, "a")->pin;
  answerOf(start(&echo, "b", kLongMs));
  const uint64_t startedNs = systemClock().nowNs();
  pool_->stop(60'000);
  EXPECT_LT(systemClock().nowNs() - startedNs, 30'000'000'000u);
  gate_.open();
  waitUntil("it has returned", [&] { return gate_.inside() == 0; });
  EXPECT_FALSE(pin.expired());
  EXPECT_EQ(totals_->stuck, 1u);
}

TEST_F(BlockingWorkTest, AStopLeavesBehindWhatDoesNotReturnInTime) {
  const auto runs = passing("a", gate_);
  const std::weak_ptr<const void> pin = runs->pin;
  waitUntil("it runs", [&] { return gate_.inside() == 1; });
  pool_->stop(10);
  EXPECT_FALSE(pin.expired());
}

}  // namespace
}  // namespace gw::plugin
