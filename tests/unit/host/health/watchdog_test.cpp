#include "health/watchdog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <unistd.h>

#include <future>

#include "health/thread_stack.h"

namespace gw::health {
namespace {

using plugin::ActiveCallback;
using plugin::CallbackGuard;
using plugin::internCallbackOwner;
using ::testing::HasSubstr;

constexpr uint64_t kMs = 1'000'000;

class WatchdogTest : public ::testing::Test {
 protected:
  WatchdogOptions options() {
    WatchdogOptions o;
    o.active = [this] { return active_; };
    o.stackOf = [this](pid_t id) {
      asked_.push_back(id);
      return std::string("frame one\nframe two\n");
    };
    o.abortNow = [this] { ++aborts_; };
    return o;
  }
  void enter(pid_t thread, uint64_t startNs) {
    active_.push_back({thread, "stream.data", &internCallbackOwner({"slow", "1", "slow:default", 2}), startNs});
  }
  void ticks(Watchdog& dog, int count, uint64_t periodMs = 100) {
    for (int i = 0; i < count; ++i) dog.tick(now_ += periodMs * kMs);
  }
  ~WatchdogTest() override { plugin::noteWatchdogTick(0, 0); }

  std::vector<ActiveCallback> active_;
  std::vector<pid_t> asked_;
  int aborts_ = 0;
  uint64_t now_ = 1'000'000 * kMs;
};

TEST_F(WatchdogTest, AbortsWhenACallHasNotReturnedForTenSeconds) {
  Watchdog dog(options());
  enter(7, 1);
  ticks(dog, 100);  // the first tick only notices the call
  EXPECT_EQ(aborts_, 0);
  ticks(dog, 1);
  EXPECT_EQ(aborts_, 1);
  EXPECT_EQ(asked_, std::vector<pid_t>{7});
  EXPECT_EQ(dog.stuckCalls(), 1u);
  ticks(dog, 50);
  EXPECT_EQ(aborts_, 1);  // said once
}

TEST_F(WatchdogTest, ManyShortCallsOfOneThreadAreNotOneLongCall) {
  Watchdog dog(options());
  for (uint64_t call = 1; call < 500; ++call) {
    active_.clear();
    enter(7, call);
    ticks(dog, 1);
  }
  EXPECT_EQ(aborts_, 0);
}

TEST_F(WatchdogTest, ForgivesAStoppedProcess) {
  Watchdog dog(options());
  enter(7, 1);
  ticks(dog, 90);
  dog.tick(now_ += 3'600'000 * kMs);  // an hour in the debugger
  ticks(dog, 98);
  EXPECT_EQ(aborts_, 0);
  ticks(dog, 2);
  EXPECT_EQ(aborts_, 1);
}

TEST_F(WatchdogTest, CountsTicksNotTime) {
  Watchdog dog(options());
  enter(7, 1);
  ticks(dog, 100, 900);  // a starved machine: 90 s went by, but only 100 chances to run
  EXPECT_EQ(aborts_, 0);
}

TEST_F(WatchdogTest, DevelopersAreOnlyTold) {
  WatchdogOptions o = options();
  o.mayAbort = false;
  Watchdog dog(o);
  enter(7, 1);
  ticks(dog, 300);
  EXPECT_EQ(aborts_, 0);
  EXPECT_EQ(dog.stuckCalls(), 1u);
}

TEST_F(WatchdogTest, WatchesEachThreadForItself) {
  WatchdogOptions o = options();
  o.mayAbort = false;
  Watchdog dog(o);
  enter(7, 1);
  ticks(dog, 50);
  enter(8, 2);
  ticks(dog, 60);
  EXPECT_EQ(asked_, std::vector<pid_t>{7});
  ticks(dog, 50);
  EXPECT_EQ(asked_, (std::vector<pid_t>{7, 8}));
}

TEST(Watchdog, ItsThreadFindsAStuckCallOfARealThread) {
  std::promise<std::string> stack;
  std::promise<void> leave;
  WatchdogOptions o;
  o.tickMs = 1;
  o.stuckMs = 20;
  o.mayAbort = true;
  o.stackOf = [](pid_t id) { return stackOfThread(id); };
  o.abortNow = [&] { stack.set_value("found"); };
  Watchdog dog(o);
  std::thread stuck([&] {
    CallbackGuard guard(internCallbackOwner({"slow", "1", "slow:real", 3}), "timer");
    leave.get_future().wait();
  });
  dog.start();
  EXPECT_EQ(stack.get_future().get(), "found");
  leave.set_value();
  stuck.join();
  dog.stop();
  plugin::noteWatchdogTick(0, 0);
}

TEST(ThreadStack, ShowsWhereAnotherThreadIs) {
  prepareThreadStacks();
  std::promise<pid_t> inside;
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  std::thread other([&] {
    inside.set_value(::gettid());
    pollfd wait{ends[0], POLLIN, 0};
    while (::poll(&wait, 1, -1) != 1) {
    }
  });
  const std::string stack = stackOfThread(inside.get_future().get());
  EXPECT_EQ(::write(ends[1], "x", 1), 1);
  other.join();
  ::close(ends[0]);
  ::close(ends[1]);
  EXPECT_GT(std::count(stack.begin(), stack.end(), '\n'), 3);
  EXPECT_THAT(stack, HasSubstr("libc.so"));
  EXPECT_THAT(stack, HasSubstr("unit_health"));
}

TEST(ThreadStack, SaysThatAThreadIsGone) {
  prepareThreadStacks();
  pid_t id = 0;
  std::thread([&] { id = ::gettid(); }).join();
  EXPECT_THAT(stackOfThread(id), HasSubstr("is gone"));
}

TEST(ThreadStack, SaysThatAThreadDoesNotAnswer) {
  prepareThreadStacks();
  std::promise<pid_t> inside;
  std::promise<void> leave;
  std::thread deaf([&] {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, nullptr);
    inside.set_value(::gettid());
    leave.get_future().wait();
  });
  const pid_t id = inside.get_future().get();
  EXPECT_THAT(stackOfThread(id), HasSubstr("did not answer"));
  leave.set_value();
  deaf.join();
}

// The real last words: log, stack, SIGABRT.
TEST(WatchdogDeathTest, EndsTheProcessWithPluginCallbackAndStack) {
  ::testing::FLAGS_gtest_death_test_style = "threadsafe";
  EXPECT_EXIT(
      {
        WatchdogOptions o;
        o.tickMs = 1;
        o.stuckMs = 20;
        Watchdog dog(o);
        dog.start();
        CallbackGuard guard(internCallbackOwner({"stuckplugin", "9", "stuckplugin:default", 4}), "stream.timer");
        for (;;) ::pause();
      },
      ::testing::KilledBySignal(SIGABRT), "stuckplugin.*stream.timer");
}

}  // namespace
}  // namespace gw::health
