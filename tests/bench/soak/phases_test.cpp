#include "soak/phases.h"

#include <gtest/gtest.h>

namespace gw::bench {

TEST(Phase, SeesWhatIsUnderWayWhatEndedAndWhatCameAndWentMeanwhile) {
  Phase phase;
  const uint32_t before = phase.now();
  EXPECT_FALSE(phase.wasUnderWaySince(before));
  phase.begin();
  const uint32_t meanwhile = phase.now();
  EXPECT_TRUE(phase.wasUnderWaySince(before));
  EXPECT_TRUE(phase.wasUnderWaySince(meanwhile));
  phase.end();
  EXPECT_TRUE(phase.wasUnderWaySince(before)) << "it began and ended since then";
  EXPECT_TRUE(phase.wasUnderWaySince(meanwhile));
  EXPECT_FALSE(phase.wasUnderWaySince(phase.now()));
}

}  // namespace gw::bench
