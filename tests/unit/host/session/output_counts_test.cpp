#include <gtest/gtest.h>

#include "session/session_metadata.h"

namespace gw::session {
namespace {

using Verdict = OutputCounts::Verdict;

TEST(OutputCounts, EachNumberIsTakenOnceAndInOrder) {
  OutputCounts counts;
  EXPECT_EQ(counts.take("a", 1), Verdict::kNext);
  EXPECT_EQ(counts.take("a", 1), Verdict::kDuplicate);
  EXPECT_EQ(counts.take("a", 3), Verdict::kAhead);
  EXPECT_EQ(counts.last("a"), 1u);
  EXPECT_EQ(counts.take("a", 2), Verdict::kNext);
}

TEST(OutputCounts, InstancesCountByThemselves) {
  OutputCounts counts;
  EXPECT_EQ(counts.take("a", 1), Verdict::kNext);
  EXPECT_EQ(counts.take("b", 5), Verdict::kNext) << "one that is not known begins anywhere";
  EXPECT_EQ(counts.take("a", 2), Verdict::kNext);
  EXPECT_EQ(counts.take("b", 6), Verdict::kNext);
}

TEST(OutputCounts, TheOneHeardOfLeastRecentlyLeaves) {
  OutputCounts counts;
  for (const char* instance : {"a", "b", "c", "d"}) counts.take(instance, 1);
  counts.take("a", 2);
  counts.take("e", 1);
  EXPECT_EQ(counts.all().size(), OutputCounts::kMost);
  EXPECT_EQ(counts.last("b"), 0u);
  EXPECT_EQ(counts.last("a"), 2u);
}

TEST(OutputCounts, AfterACrashTheNextOneMayBeAheadButNotBehind) {
  OutputCounts counts;
  counts.take("a", 5);
  counts.doubt();
  EXPECT_EQ(counts.take("a", 5), Verdict::kDuplicate);
  EXPECT_EQ(counts.take("a", 9), Verdict::kNext);
  EXPECT_EQ(counts.take("a", 11), Verdict::kAhead);
}

TEST(OutputCounts, TheyAreKeptWithTheSession) {
  SessionMetadata metadata;
  metadata.outputCounts.set("a", 7);
  metadata.outputCounts.set("b", 1);
  const SessionMetadata read = parseMetadata(toJson(metadata));
  EXPECT_EQ(read.outputCounts.last("a"), 7u);
  EXPECT_EQ(read.outputCounts.last("b"), 1u);
}

}  // namespace
}  // namespace gw::session
