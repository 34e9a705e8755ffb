#include "backend/lobby/registration_limit.h"

#include <gtest/gtest.h>

namespace gw::lobby {
namespace {

TEST(RegistrationLimit, AllowsSomeAnHourFromOneAddress) {
  RegistrationLimit limit(3);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(limit.tryAfterMs("a", 1000), 0u);
    limit.made("a", 1000);
  }
  EXPECT_EQ(limit.tryAfterMs("a", 1000), 3'600'000u);
  EXPECT_EQ(limit.waitMs("a", 2000), 3'599'000u);
  EXPECT_EQ(limit.tryAfterMs("b", 1000), 0u);
  EXPECT_EQ(limit.tryAfterMs("a", 3'601'000), 0u);
}

TEST(RegistrationLimit, GivesBackWhatCameToNothing) {
  RegistrationLimit limit(1);
  limit.made("a", 1000);
  EXPECT_GT(limit.waitMs("a", 1000), 0u);
  limit.unmade("a");
  EXPECT_EQ(limit.waitMs("a", 1000), 0u);
  limit.unmade("a");
  limit.unmade("never seen");
}

TEST(RegistrationLimit, CountsTriesToo) {
  RegistrationLimit limit(2);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(limit.tryAfterMs("a", 1000), 0u);
  EXPECT_EQ(limit.tryAfterMs("a", 2000), 3'599'000u);
  EXPECT_EQ(limit.tryAfterMs("a", 3'601'000), 0u);
  limit.setPerHour(0);
  EXPECT_GT(limit.tryAfterMs("b", 1000), 0u);
}

}  // namespace
}  // namespace gw::lobby
