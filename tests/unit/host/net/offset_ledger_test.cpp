#include "net/offset_ledger.h"

#include <gtest/gtest.h>

namespace gw::net {
namespace {

using Ledger = OffsetLedger<int>;

TEST(OffsetLedger, AnswersTheLastMarkThatIsWhollyThere) {
  Ledger ledger;
  ledger.add(10, 1);
  ledger.add(25, 2);
  ledger.add(40, 3);
  EXPECT_EQ(ledger.settle(9), std::nullopt);
  EXPECT_EQ(ledger.settle(10), 1);
  EXPECT_EQ(ledger.settle(24), std::nullopt) << "told before, and the next one is not whole";
  EXPECT_EQ(ledger.settle(1000), 3);
  EXPECT_TRUE(ledger.isEmpty());
}

TEST(OffsetLedger, WhatAddsNoBytesArrivesWithWhatWasThereBefore) {
  Ledger ledger;
  ledger.add(10, 1);
  ledger.add(10, 2);
  EXPECT_EQ(ledger.size(), 1u);
  EXPECT_EQ(ledger.settle(9), std::nullopt);
  EXPECT_EQ(ledger.settle(10), 2);
}

TEST(OffsetLedger, AboveItsBoundTheOldestCountsWithItsSuccessorAndNotBefore) {
  Ledger ledger;
  for (int i = 1; i <= static_cast<int>(Ledger::kMost) + 5; ++i) ledger.add(static_cast<uint64_t>(i) * 10, i);
  EXPECT_EQ(ledger.size(), Ledger::kMost);
  EXPECT_EQ(ledger.settle(50), std::nullopt);
  EXPECT_EQ(ledger.settle(60), 6);
}

TEST(OffsetLedger, AsksToBeSettledNowAndThen) {
  Ledger ledger;
  size_t asked = 0;
  for (uint64_t i = 1; i <= 10 * Ledger::kAskAfter; ++i) asked += ledger.add(i, 0);
  EXPECT_EQ(asked, 10u);
}

}  // namespace
}  // namespace gw::net
