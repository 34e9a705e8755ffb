#include "backend/lobby/guest_limit.h"

#include <gtest/gtest.h>

namespace gw::lobby {
namespace {

constexpr uint64_t kHourMs = 3'600'000;

TEST(GuestLimit, LetsThemInAtOnceAndThenOneByOne) {
  GuestLimit limit(4);
  for (int i = 0; i < 4; ++i) EXPECT_EQ(limit.admitAfterMs("a", 1000), 0u);
  EXPECT_EQ(limit.admitAfterMs("a", 1000), kHourMs / 4);
  EXPECT_EQ(limit.admitAfterMs("a", 1000 + kHourMs / 8), kHourMs / 8);
  EXPECT_EQ(limit.admitAfterMs("a", 1000 + kHourMs / 4), 0u);
  EXPECT_GT(limit.admitAfterMs("a", 1000 + kHourMs / 4), 0u);
  EXPECT_EQ(limit.admitAfterMs("b", 1000 + kHourMs / 4), 0u);
}

TEST(GuestLimit, ARefusalCostsNothing) {
  GuestLimit limit(1);
  EXPECT_EQ(limit.admitAfterMs("a", 1000), 0u);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(limit.admitAfterMs("a", 2000), kHourMs - 1000);
  EXPECT_EQ(limit.admitAfterMs("a", 1000 + kHourMs), 0u);
}

TEST(GuestLimit, AHigherLimitAppliesAtOnce) {
  GuestLimit limit(1);
  EXPECT_EQ(limit.admitAfterMs("a", 1000), 0u);
  limit.setPerHour(2);
  EXPECT_EQ(limit.admitAfterMs("a", 1000), 0u);
  EXPECT_GT(limit.admitAfterMs("a", 1000), 0u);
}

TEST(GuestLimit, RemembersABoundedNumberOfAddresses) {
  GuestLimit limit(1, 10);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(limit.admitAfterMs(std::to_string(i), 1000), 0u);
  EXPECT_EQ(limit.evicted(), 90u);
}

}  // namespace
}  // namespace gw::lobby
