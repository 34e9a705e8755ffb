#include "plugin/callback_guard.h"

#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "base/clock.h"
#include "plugin/generation.h"
#include "plugin/instance.h"
#include "unit/host/plugin/plugin_files.h"
#include "unit/host/plugin/starved_thread.h"

namespace gw::plugin {
namespace {

class CallbackGuardTest : public ::testing::Test {
 protected:
  CallbackGuardTest() {
    auto generation = Generation::load(folder_.place("good"), folder_.copies(), 4, host_.table());
    if (generation) instance_ = *Instance::create(*generation, "good:default", "{}");
  }
  ~CallbackGuardTest() override {
    setCallbackPolicy({});
    noteWatchdogTick(0, 0);
  }
  void slowCall() { CallbackGuard guard(*instance_, "stream.data"); }
  static std::vector<ActiveCallback> activeHere() {
    std::vector<ActiveCallback> mine;
    for (const ActiveCallback& call : activeCallbacks()) {
      if (call.threadId == ::gettid()) mine.push_back(call);
    }
    return mine;
  }
  test::RecordingHost host_;
  test::PluginFolder folder_;
  std::shared_ptr<Instance> instance_;
};

TEST_F(CallbackGuardTest, NamesTheCallUnderWay) {
  {
    CallbackGuard guard(*instance_, "stream.data");
    const auto active = activeHere();
    ASSERT_EQ(active.size(), 1u);
    EXPECT_STREQ(active[0].callback, "stream.data");
    EXPECT_EQ(active[0].owner->account, "good:default");
    EXPECT_EQ(active[0].owner->channel, "good");
    EXPECT_EQ(active[0].owner->generation, 4u);
    EXPECT_LE(active[0].startNs, systemClock().nowNs());
  }
  EXPECT_TRUE(activeHere().empty());
}

TEST_F(CallbackGuardTest, ANestedCallIsSeenUntilItEnds) {
  CallbackGuard outer(*instance_, "http.request");
  const uint64_t outerStart = activeHere().at(0).startNs;
  {
    CallbackGuard inner(*instance_, "stream.open");
    EXPECT_STREQ(activeHere().at(0).callback, "stream.open");
  }
  EXPECT_STREQ(activeHere().at(0).callback, "http.request");
  EXPECT_EQ(activeHere().at(0).startNs, outerStart);
}

TEST_F(CallbackGuardTest, OtherThreadsAreSeenAndForgottenWhenTheyEnd) {
  std::promise<pid_t> inside;
  std::promise<void> leave;
  std::thread other([&] {
    CallbackGuard guard(*instance_, "encode");
    inside.set_value(::gettid());
    leave.get_future().wait();
  });
  const pid_t id = inside.get_future().get();
  const auto count = [id] {
    const auto all = activeCallbacks();
    return std::count_if(all.begin(), all.end(), [id](const ActiveCallback& c) { return c.threadId == id; });
  };
  EXPECT_EQ(count(), 1);
  leave.set_value();
  other.join();
  EXPECT_EQ(count(), 0);
}

TEST_F(CallbackGuardTest, EqualOwnersAreOne) {
  const CallbackOwner& a = internCallbackOwner({"c", "1", "c:a", 9});
  EXPECT_EQ(&a, &internCallbackOwner({"c", "1", "c:a", 9}));
  EXPECT_NE(&a, &internCallbackOwner({"c", "1", "c:b", 9}));
}

TEST_F(CallbackGuardTest, AQuickCallIsNotCounted) {
  setCallbackPolicy({.budgetNs = 3'600'000'000'000});
  slowCall();
  EXPECT_EQ(instance_->counters().slowCallbacks, 0u);
}

TEST_F(CallbackGuardTest, TheFifthSlowCallWithinTheWindowQuarantines) {
  setCallbackPolicy({.budgetNs = 0});  // every call is slow
  for (int i = 0; i < 4; ++i) slowCall();
  EXPECT_EQ(instance_->counters().slowCallbacks, 4u);
  EXPECT_FALSE(instance_->counters().quarantined);
  slowCall();
  EXPECT_TRUE(instance_->counters().quarantined);
}

TEST_F(CallbackGuardTest, SlowCallsFarApartDoNot) {
  setCallbackPolicy({.budgetNs = 0, .windowNs = 0});
  for (int i = 0; i < 20; ++i) slowCall();
  EXPECT_EQ(instance_->counters().slowCallbacks, 20u);
  EXPECT_FALSE(instance_->counters().quarantined);
}

TEST_F(CallbackGuardTest, WaitingForAProcessorIsNotSlow) {
  if (!test::countsRunDelay()) GTEST_SKIP() << "this kernel does not count run delay";
  setCallbackPolicy({.budgetNs = 200'000'000});
  const test::StarvedThread starved;
  {
    CallbackGuard guard(*instance_, "stream.data");
    starved.spinUntilDelayed(std::chrono::milliseconds(250));
  }
  EXPECT_EQ(instance_->counters().slowCallbacks, 0u);
}

TEST_F(CallbackGuardTest, SleepingIsSlow) {
  setCallbackPolicy({.budgetNs = 20'000'000});
  {
    CallbackGuard guard(*instance_, "stream.data");
    std::this_thread::sleep_for(std::chrono::milliseconds(21));
  }
  EXPECT_EQ(instance_->counters().slowCallbacks, 1u);
}

TEST_F(CallbackGuardTest, NothingIsQuarantinedUnderDev) {
  setCallbackPolicy({.budgetNs = 0, .quarantine = false});
  EXPECT_FALSE(callbackPolicy().quarantine);
  for (int i = 0; i < 20; ++i) slowCall();
  EXPECT_FALSE(instance_->counters().quarantined);
}

TEST_F(CallbackGuardTest, AStalledMachineIsNoPluginsFault) {
  setCallbackPolicy({.budgetNs = 0});
  const uint64_t now = systemClock().nowNs();
  noteWatchdogTick(now - 10'000'000'000, 100'000'000);
  noteWatchdogTick(now, 100'000'000);  // 9.9 s late
  for (int i = 0; i < 20; ++i) slowCall();
  EXPECT_EQ(instance_->counters().slowCallbacks, 20u);
  EXPECT_FALSE(instance_->counters().quarantined);
}

TEST_F(CallbackGuardTest, ALateWatchdogExcusesUntilItTicksAgain) {
  setCallbackPolicy({.budgetNs = 0});
  noteWatchdogTick(systemClock().nowNs() - 5'000'000'000, 100'000'000);
  for (int i = 0; i < 20; ++i) slowCall();
  EXPECT_FALSE(instance_->counters().quarantined);
}

TEST_F(CallbackGuardTest, CallsWithoutAnInstanceAreNamedToo) {
  CallbackGuard guard(internCallbackOwner({"good", "1", "", 5}), "init");
  EXPECT_STREQ(activeHere().at(0).callback, "init");
  EXPECT_EQ(activeHere().at(0).owner->generation, 5u);
}

}  // namespace
}  // namespace gw::plugin
