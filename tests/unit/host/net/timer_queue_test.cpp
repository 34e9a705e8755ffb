#include "net/timer_queue.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <vector>

namespace gw::net {
namespace {

struct Firing {
  explicit Firing(TimerQueue& queue, int n, std::vector<int>& log)
      : number(n),
        order(&log),
        timer(
            queue, [](void* self) { static_cast<Firing*>(self)->fire(); }, this) {}
  void fire() { order->push_back(number); }
  int number;
  std::vector<int>* order;
  Timer timer;
};

TEST(TimerQueue, FiresInDeadlineOrderWhateverTheOrderOfSetting) {
  uint64_t now = 0;
  TimerQueue queue(now);
  std::vector<int> order;
  std::vector<std::unique_ptr<Firing>> timers;
  std::mt19937 random(7);
  std::vector<uint64_t> deadlines(500);
  for (int i = 0; i < 500; ++i) {
    deadlines[static_cast<size_t>(i)] = random() % 1000;
    timers.push_back(std::make_unique<Firing>(queue, i, order));
    timers.back()->timer.setAtNs(random() % 1000);
  }
  for (size_t i = 0; i < 500; ++i) timers[i]->timer.setAtNs(deadlines[i]);  // moved, up and down
  for (size_t i = 0; i < 500; i += 3) timers[i]->timer.cancel();
  uint64_t last = 0;
  while (queue.size() > 0) {
    ASSERT_GE(queue.nextNs(), last);
    last = now = queue.nextNs();
    const size_t before = order.size();
    ASSERT_GT(queue.fireDue(), 0u);
    for (size_t k = before; k < order.size(); ++k) EXPECT_EQ(deadlines[static_cast<size_t>(order[k])], now);
  }
  EXPECT_EQ(order.size(), 500u - 167u);
  for (int fired : order) EXPECT_NE(fired % 3, 0);
}

TEST(TimerQueue, FiresEqualDeadlinesInTheOrderTheyWereSet) {
  uint64_t now = 0;
  TimerQueue queue(now);
  std::vector<int> order;
  std::vector<std::unique_ptr<Firing>> timers;
  for (int i = 0; i < 20; ++i) {
    timers.push_back(std::make_unique<Firing>(queue, i, order));
    timers.back()->timer.setAtNs(5);
  }
  now = 5;
  EXPECT_EQ(queue.fireDue(), 20u);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(order[static_cast<size_t>(i)], i);
}

TEST(TimerQueue, ATimerSetAgainForNowWaitsForTheNextCall) {
  uint64_t now = 0;
  TimerQueue queue(now);
  struct Again {
    explicit Again(TimerQueue& q)
        : timer(
              q, [](void* self) { static_cast<Again*>(self)->fire(); }, this) {}
    void fire() {
      ++fired;
      timer.setAfterMs(0);
    }
    int fired = 0;
    Timer timer;
  } again(queue);
  again.timer.setAfterMs(0);
  EXPECT_EQ(queue.fireDue(), 1u);
  EXPECT_EQ(queue.fireDue(), 1u);
  EXPECT_EQ(again.fired, 2);
}

TEST(TimerQueue, ATimerMayDestroyItselfAndOthersWhileFiring) {
  uint64_t now = 0;
  TimerQueue queue(now);
  struct Owner {
    std::unique_ptr<Timer> self, other;
  } owner;
  auto kill = [](void* o) {
    static_cast<Owner*>(o)->self.reset();
    static_cast<Owner*>(o)->other.reset();
  };
  owner.self = std::make_unique<Timer>(queue, kill, &owner);
  owner.other = std::make_unique<Timer>(queue, kill, &owner);
  owner.self->setAtNs(0);
  owner.other->setAtNs(0);
  EXPECT_EQ(queue.fireDue(), 1u);
  EXPECT_EQ(queue.size(), 0u);
  EXPECT_EQ(queue.nextNs(), TimerQueue::kNever);
}

TEST(TimerQueue, RebindKeepsTheDeadline) {
  uint64_t now = 0;
  TimerQueue first(now), second(now);
  std::vector<int> order;
  Firing firing(first, 1, order);
  firing.timer.setAtNs(42);
  firing.timer.rebind(second);
  EXPECT_EQ(first.size(), 0u);
  EXPECT_EQ(second.nextNs(), 42u);
  EXPECT_EQ(firing.timer.deadlineNs(), 42u);
}

TEST(TimerQueue, ATimerMayOutliveItsQueue) {
  uint64_t now = 0;
  auto queue = std::make_unique<TimerQueue>(now);
  std::vector<int> order;
  Firing firing(*queue, 1, order);
  firing.timer.setAtNs(42);
  queue.reset();
  EXPECT_FALSE(firing.timer.isSet());
  firing.timer.cancel();
}

}  // namespace
}  // namespace gw::net
