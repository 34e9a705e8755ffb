#include "plugin/run_delay.h"

#include <gtest/gtest.h>

#include "base/clock.h"
#include "unit/host/plugin/starved_thread.h"

namespace gw::plugin {
namespace {

TEST(RunDelay, TellsHowLongTheThreadHadNoProcessor) {
  if (!test::countsRunDelay()) GTEST_SKIP() << "this kernel does not count run delay";
  RunDelay delay;
  const test::StarvedThread starved;
  const uint64_t startNs = systemClock().nowNs();
  const RunDelay::Sample before = delay.begin(startNs);
  starved.spinUntilDelayed(std::chrono::milliseconds(50));
  const uint64_t waitedNs = delay.waitedNs(before, startNs);
  EXPECT_GE(waitedNs, 50'000'000u);
  EXPECT_LE(waitedNs, systemClock().nowNs() - startNs);
}

TEST(RunDelay, CountsNothingThatMayLieBeforeTheSpan) {
  if (!test::countsRunDelay()) GTEST_SKIP() << "this kernel does not count run delay";
  RunDelay delay;
  const test::StarvedThread starved;
  const RunDelay::Sample before = delay.begin(systemClock().nowNs());
  starved.spinUntilDelayed(std::chrono::milliseconds(50));
  const uint64_t startNs = systemClock().nowNs();
  EXPECT_LE(delay.waitedNs(before, startNs), systemClock().nowNs() - startNs);
}

TEST(RunDelay, SamplesAreAtMostTenMillisecondsOld) {
  RunDelay delay;
  const uint64_t now = systemClock().nowNs();
  EXPECT_EQ(delay.begin(now).atNs, now);
  EXPECT_EQ(delay.begin(now + 10'000'000).atNs, now);
  EXPECT_EQ(delay.begin(now + 10'000'001).atNs, now + 10'000'001);
}

}  // namespace
}  // namespace gw::plugin
