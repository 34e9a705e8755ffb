#include "plugin/work_queue.h"

#include <gtest/gtest.h>

namespace gw::plugin {
namespace {

WorkJobPtr job(const std::string& lane, uint64_t token) {
  auto made = std::make_shared<WorkJob>();
  made->lane = lane;
  made->token = token;
  return made;
}

TEST(WorkQueue, TakesTurnsBetweenLanes) {
  WorkQueue queue(10);
  for (uint64_t token = 1; token <= 3; ++token) queue.push(job("greedy", token));
  queue.push(job("modest", 7));
  EXPECT_EQ(queue.runnable(), 4u);
  std::vector<uint64_t> order;
  while (queue.hasNext()) order.push_back(queue.pop()->token);
  EXPECT_EQ(order, (std::vector<uint64_t>{1, 7, 2, 3}));
  EXPECT_EQ(queue.pop(), nullptr);
}

TEST(WorkQueue, RunsNoMoreOfALaneThanItsPart) {
  WorkQueue queue(2);
  for (uint64_t token = 1; token <= 4; ++token) queue.push(job("a", token));
  EXPECT_EQ(queue.runnable(), 2u);
  const WorkJobPtr first = queue.pop();
  const WorkJobPtr second = queue.pop();
  EXPECT_FALSE(queue.hasNext());
  EXPECT_EQ(queue.runnable(), 0u);
  queue.push(job("b", 9));
  EXPECT_EQ(queue.pop()->token, 9u);
  queue.over(*first);
  ASSERT_TRUE(queue.hasNext());
  EXPECT_EQ(queue.pop()->token, 3u);
  EXPECT_FALSE(queue.hasNext());
  queue.over(*second);
  EXPECT_EQ(queue.pop()->token, 4u);
}

TEST(WorkQueue, ALaneWhoseWholePartIsStuckIsBlockedUntilOneReturns) {
  WorkQueue queue(2);
  queue.push(job("a", 1));
  queue.push(job("a", 2));
  const WorkJobPtr first = queue.pop();
  const WorkJobPtr second = queue.pop();
  for (const WorkJobPtr& each : {first, second}) {
    EXPECT_FALSE(queue.isBlocked("a"));
    each->isStuck = true;
    queue.stuck(*each);
  }
  EXPECT_TRUE(queue.isBlocked("a"));
  EXPECT_FALSE(queue.isBlocked("b"));
  queue.over(*first);
  EXPECT_FALSE(queue.isBlocked("a"));
  queue.push(job("a", 3));
  EXPECT_EQ(queue.pop()->token, 3u);
}

TEST(WorkQueue, WhatWasRemovedDoesNotRun) {
  WorkQueue queue(1);
  const WorkJobPtr first = job("a", 1);
  const WorkJobPtr second = job("a", 2);
  queue.push(first);
  queue.push(second);
  queue.remove(*first);
  queue.remove(*first);
  EXPECT_EQ(queue.pop(), second);
  queue.over(*second);
  queue.push(first);
  queue.remove(*first);
  EXPECT_FALSE(queue.hasNext());
  EXPECT_EQ(queue.runnable(), 0u);
}

TEST(WorkQueue, GivesUpAllThatWaitsAndKnowsWhatRuns) {
  WorkQueue queue(1);
  queue.push(job("a", 1));
  queue.push(job("a", 2));
  queue.push(job("b", 3));
  const WorkJobPtr running = queue.pop();
  EXPECT_EQ(queue.takeAll().size(), 2u);
  EXPECT_FALSE(queue.hasNext());
  queue.over(*running);
  queue.push(job("a", 4));
  EXPECT_EQ(queue.pop()->token, 4u);
}

}  // namespace
}  // namespace gw::plugin
