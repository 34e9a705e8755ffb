#include "base/ids.h"

#include <gtest/gtest.h>

#include <set>

namespace gw {
namespace {

TEST(SessionId, RoundTripsAsTwentyTwoCharacters) {
  const SessionId id{0x0123456789abcdefULL, 0xfedcba9876543210ULL};
  EXPECT_EQ(id.toString(), "ASNFZ4mrze_-3LqYdlQyEA");
  EXPECT_EQ(SessionId::parse(id.toString()), id);
  for (int i = 0; i < 200; ++i) {
    const SessionId any = SessionId::random();
    ASSERT_EQ(any.toString().size(), 22u);
    ASSERT_EQ(SessionId::parse(any.toString()), any);
  }
}

TEST(SessionId, RefusesOtherSpellings) {
  EXPECT_FALSE(SessionId::parse(""));
  EXPECT_FALSE(SessionId::parse("ASNFZ4mrze_-3LqYdlQyE"));    // short
  EXPECT_FALSE(SessionId::parse("ASNFZ4mrze_-3LqYdlQyEAA"));  // long
  EXPECT_FALSE(SessionId::parse("ASNFZ4mrze_-3LqYdlQyEB"));   // the same bits, spelt differently
  EXPECT_FALSE(SessionId::parse("ASNFZ4mrze/+3LqYdlQyEA"));   // the other alphabet
  EXPECT_FALSE(SessionId::parse("AAAAAAAAAAAAAAAAAAAAAA"));   // none
}

TEST(SessionId, IsNeverZeroAndNeverRepeats) {
  std::set<SessionId> seen;
  for (int i = 0; i < 1000; ++i) {
    const SessionId id = SessionId::random();
    ASSERT_TRUE(static_cast<bool>(id));
    seen.insert(id);
  }
  EXPECT_EQ(seen.size(), 1000u);
}

TEST(SessionId, CanBeAnArgumentOfACommand) {
  for (int i = 0; i < 2000; ++i) ASSERT_NE(SessionId::random().toString().front(), '-');
}

TEST(SessionId, HomeLoopSpreadsOverAllLoops) {
  std::set<size_t> loops;
  for (int i = 0; i < 200; ++i) loops.insert(homeLoop(SessionId::random(), 3));
  EXPECT_EQ(loops, (std::set<size_t>{0, 1, 2}));
}

TEST(UserLoop, IsTheSameInEveryProcess) {
  // FNV-1a 64 of "a" is 0xaf63dc4c8601ec8c, of "" its offset basis.
  EXPECT_EQ(userLoop("a", 1000), 0xaf63dc4c8601ec8cULL % 1000);
  EXPECT_EQ(userLoop("", 1000), 0xcbf29ce484222325ULL % 1000);
  EXPECT_EQ(userLoop("anyone", 1), 0u);
}

}  // namespace
}  // namespace gw
