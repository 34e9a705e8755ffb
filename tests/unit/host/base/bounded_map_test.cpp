#include "base/bounded_map.h"

#include <gtest/gtest.h>

namespace gw {
namespace {

TEST(BoundedMap, ForgetsTheLeastRecentlyUsedAtTheBound) {
  BoundedMap<int> map(2);
  map.touch("a") = 1;
  map.touch("b") = 2;
  ASSERT_NE(map.find("a"), nullptr);  // a use: now b is the oldest
  map.touch("c") = 3;
  EXPECT_EQ(map.find("b"), nullptr);
  EXPECT_EQ(*map.find("a"), 1);
  EXPECT_EQ(*map.find("c"), 3);
  EXPECT_EQ(map.size(), 2u);
  EXPECT_EQ(map.evicted(), 1u);
}

TEST(BoundedMap, EraseMakesRoomWithoutEviction) {
  BoundedMap<int> map(1);
  map.touch("a") = 1;
  map.erase("a");
  map.erase("never there");
  EXPECT_EQ(map.touch("b"), 0);
  EXPECT_EQ(map.evicted(), 0u);
}

}  // namespace
}  // namespace gw
