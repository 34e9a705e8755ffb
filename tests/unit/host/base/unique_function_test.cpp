#include "base/unique_function.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace gw {
namespace {

TEST(UniqueFunction, OwnsWhatItCarries) {
  auto owned = std::make_unique<int>(7);
  UniqueFunction<int(int)> add = [owned = std::move(owned)](int n) { return *owned + n; };
  UniqueFunction<int(int)> moved = std::move(add);
  EXPECT_FALSE(static_cast<bool>(add));  // NOLINT moved-from on purpose
  EXPECT_EQ(moved(1), 8);
  EXPECT_EQ(moved(2), 9);
}

TEST(UniqueFunction, ReleasesWhatItCarriesWhenDestroyed) {
  auto watched = std::make_shared<int>(1);
  {
    Task task = [watched] { ++*watched; };
    task();
    EXPECT_EQ(watched.use_count(), 2);
  }
  EXPECT_EQ(watched.use_count(), 1);
  EXPECT_EQ(*watched, 2);
}

TEST(UniqueFunction, IsEmptyWithoutATarget) {
  const Task none;
  const Task null = nullptr;
  EXPECT_FALSE(static_cast<bool>(none));
  EXPECT_FALSE(static_cast<bool>(null));
}

}  // namespace
}  // namespace gw
