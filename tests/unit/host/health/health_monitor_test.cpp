#include "health/health_monitor.h"

#include <gtest/gtest.h>

#include <future>
#include <stdexcept>

namespace gw::health {
namespace {

class FakeClock final : public Clock {
 public:
  uint64_t nowNs() const override { return now; }
  int64_t wallUs() const override { return static_cast<int64_t>(now / 1000); }
  void advanceSeconds(uint64_t seconds) { now += seconds * 1'000'000'000; }
  std::atomic<uint64_t> now{1'000'000'000};
};

class HealthMonitorTest : public ::testing::Test {
 protected:
  HealthMonitor monitor(std::chrono::milliseconds interval = std::chrono::hours(1)) {
    return HealthMonitor(
        interval, [this] { return inputs_; },
        [this](const HealthReport& now, const HealthReport* before) {
          changes_.push_back({before ? before->level : HealthLevel::kHealthy, now.level});
        },
        clock_);
  }
  void accountIs(channel::AccountState state) {
    inputs_.accounts.resize(1);
    inputs_.accounts[0].channelId = "sse";
    inputs_.accounts[0].accountId = "default";
    inputs_.accounts[0].state = state;
  }
  FakeClock clock_;
  HealthInputs inputs_;
  std::vector<std::pair<HealthLevel, HealthLevel>> changes_;
};

TEST_F(HealthMonitorTest, HasAReportBeforeTheFirstCheck) {
  auto m = monitor();
  ASSERT_NE(m.report(), nullptr);
  EXPECT_EQ(m.report()->level, HealthLevel::kHealthy);
}

TEST_F(HealthMonitorTest, TellsOnceAboutEachChange) {
  accountIs(channel::AccountState::kRunning);
  auto m = monitor();
  m.check();
  m.check();
  accountIs(channel::AccountState::kStopped);
  m.check();
  m.check();
  accountIs(channel::AccountState::kError);
  m.check();
  accountIs(channel::AccountState::kRunning);
  m.check();
  using Change = std::pair<HealthLevel, HealthLevel>;
  EXPECT_EQ(changes_, (std::vector<Change>{{HealthLevel::kHealthy, HealthLevel::kHealthy},  // the first check
                                           {HealthLevel::kHealthy, HealthLevel::kDegraded},
                                           {HealthLevel::kDegraded, HealthLevel::kUnhealthy},
                                           {HealthLevel::kUnhealthy, HealthLevel::kHealthy}}));
}

TEST_F(HealthMonitorTest, RemembersSinceWhen) {
  auto m = monitor();
  m.check();
  clock_.advanceSeconds(10);
  inputs_.backendIsUp = false;
  m.check();
  const int64_t since = clock_.wallUs();
  clock_.advanceSeconds(60);
  m.check();
  ASSERT_EQ(m.report()->problems.size(), 1u);
  EXPECT_EQ(m.report()->problems[0].sinceUs, since);
  EXPECT_EQ(m.report()->levelSinceUs, since);
  EXPECT_EQ(m.report()->atUs, clock_.wallUs());
  EXPECT_EQ(m.report()->uptimeMs, 70'000u);
  inputs_.backendIsUp = true;
  m.check();
  clock_.advanceSeconds(1);
  inputs_.backendIsUp = false;  // down again: a new problem
  m.check();
  EXPECT_EQ(m.report()->problems[0].sinceUs, clock_.wallUs());
}

TEST_F(HealthMonitorTest, PutsTheWorstFirstThenTheOldest) {
  inputs_.backendIsUp = false;
  auto m = monitor();
  m.check();
  clock_.advanceSeconds(1);
  inputs_.storeIsCongested = true;
  accountIs(channel::AccountState::kError);
  m.check();
  const auto report = m.report();
  ASSERT_EQ(report->problems.size(), 3u);
  EXPECT_EQ(report->level, HealthLevel::kUnhealthy);
  EXPECT_EQ(report->problems[0].key, "account:sse:default:error");
  EXPECT_EQ(report->problems[1].key, "backend");
  EXPECT_EQ(report->problems[2].key, "store:congested");
}

TEST_F(HealthMonitorTest, ReportsTheWorstLoopsLag) {
  inputs_.loops = {{.lagMaxNs = 5, .lastTurnNs = clock_.now}, {.lagMaxNs = 9, .lastTurnNs = clock_.now}};
  auto m = monitor();
  m.check();
  EXPECT_EQ(m.report()->loopLagMaxNs, 9u);
}

TEST(HealthMonitor, ChecksWhenPokedAndSurvivesAFailingCheck) {
  FakeClock clock;
  std::atomic<int> checks{0};
  std::promise<void> third;
  HealthMonitor m(
      std::chrono::hours(1),
      [&]() -> HealthInputs {
        const int number = ++checks;
        if (number == 2) throw std::runtime_error("no figures");
        if (number == 3) third.set_value();
        return {};
      },
      nullptr, clock);
  m.start();
  m.start();  // running already: nothing happens
  EXPECT_EQ(checks, 1);
  m.poke();
  while (checks < 2) std::this_thread::yield();
  m.poke();
  third.get_future().wait();
  m.stop();
  EXPECT_EQ(checks, 3);
}

TEST(HealthMonitor, ChecksByItselfEachInterval) {
  FakeClock clock;
  std::atomic<int> checks{0};
  std::promise<void> third;
  HealthMonitor m(
      std::chrono::milliseconds(1),
      [&] {
        if (++checks == 3) third.set_value();
        return HealthInputs{};
      },
      nullptr, clock);
  m.start();
  EXPECT_EQ(third.get_future().wait_for(std::chrono::seconds(20)), std::future_status::ready);
}

}  // namespace
}  // namespace gw::health
