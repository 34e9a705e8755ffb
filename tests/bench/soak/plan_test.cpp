#include "bench/soak/plan.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <vector>

namespace gw::bench {
namespace {

constexpr ReloadKind kKinds[] = {ReloadKind::kAgain,  ReloadKind::kOverwritten, ReloadKind::kRollback,
                                 ReloadKind::kCrash,  ReloadKind::kHang,        ReloadKind::kRefuse,
                                 ReloadKind::kImport, ReloadKind::kStaysMapped};

size_t countOf(const std::vector<PlannedReload>& plan, ReloadKind kind) {
  return static_cast<size_t>(
      std::count_if(plan.begin(), plan.end(), [&](const auto& one) { return one.kind == kind; }));
}

TEST(SoakPlan, HasEveryKindInTheShortForm) {
  for (uint64_t seed = 1; seed < 50; ++seed) {
    const auto plan = planReloads(12, seed, true);
    ASSERT_EQ(plan.size(), 12u);
    for (const ReloadKind kind : kKinds) EXPECT_GE(countOf(plan, kind), 1u) << factsOf(kind).name << ", seed " << seed;
  }
}

TEST(SoakPlan, HasEveryKindOnEveryChannelInTheLongForm) {
  const auto plan = planReloads(200, 1, false);
  std::set<std::pair<std::string, ReloadKind>> met;
  for (const PlannedReload& one : plan) met.emplace(one.channel, one.kind);
  EXPECT_EQ(met.size(), 3 * (std::size(kKinds) - 1));
}

TEST(SoakPlan, LeavesOneLibraryBehindAtMost) {
  const auto plan = planReloads(200, 7, true);
  EXPECT_EQ(countOf(plan, ReloadKind::kStaysMapped), 1u);
  EXPECT_EQ(plan[0].kind, ReloadKind::kStaysMapped);
  EXPECT_EQ(plan[3].channel, plan[0].channel);
  EXPECT_EQ(plan[3].kind, ReloadKind::kAgain);
  EXPECT_EQ(countOf(planReloads(200, 7, false), ReloadKind::kStaysMapped), 0u);
}

TEST(SoakPlan, NeverGoesBackToNothingNorToWhatStaysMapped) {
  for (uint64_t seed = 1; seed < 50; ++seed) {
    std::map<std::string, std::vector<ReloadKind>> ran;
    for (const PlannedReload& one : planReloads(60, seed, true)) {
      std::vector<ReloadKind>& kinds = ran[one.channel];
      if (kinds.empty()) kinds.push_back(ReloadKind::kAgain);  // what the gateway began with
      if (one.kind == ReloadKind::kRollback) {
        ASSERT_GT(kinds.size(), 1u) << "seed " << seed;
        ASSERT_NE(kinds[kinds.size() - 2], ReloadKind::kStaysMapped) << "seed " << seed;
        std::swap(kinds.back(), kinds[kinds.size() - 2]);
      } else if (putsNewCode(one.kind)) {
        kinds.push_back(one.kind);
      }
    }
  }
}

TEST(SoakPlan, IsTheSameForTheSameSeed) {
  const auto kindsOf = [](uint64_t seed) {
    std::vector<ReloadKind> kinds;
    for (const PlannedReload& one : planReloads(100, seed, true)) kinds.push_back(one.kind);
    return kinds;
  };
  EXPECT_EQ(kindsOf(3), kindsOf(3));
  EXPECT_NE(kindsOf(3), kindsOf(4));
}

}  // namespace
}  // namespace gw::bench
