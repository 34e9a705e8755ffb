#include "net/event_loop.h"

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <future>
#include <string>
#include <vector>

#include "net/timer_queue.h"
#include "unit/host/net/net_test.h"

namespace gw::net {
namespace {

using test::turnUntil;

TEST(EventLoop, RunsPostedTasksInTheOrderOfEachSender) {
  EventLoop loop;
  loop.start();
  std::vector<int> seen[3];
  std::vector<std::thread> senders;
  for (int s = 0; s < 3; ++s) {
    senders.emplace_back([&, s] {
      for (int i = 0; i < 5000; ++i) loop.post([&seen, s, i] { seen[s].push_back(i); });
    });
  }
  for (auto& sender : senders) sender.join();
  std::promise<void> done;
  loop.post([&] { done.set_value(); });
  done.get_future().get();
  for (auto& list : seen) {
    ASSERT_EQ(list.size(), 5000u);
    for (int i = 0; i < 5000; ++i) ASSERT_EQ(list[static_cast<size_t>(i)], i);
  }
}

TEST(EventLoop, WakesASleepingLoopEveryTime) {
  EventLoop loop;
  loop.start();
  for (int i = 0; i < 500; ++i) {
    std::promise<bool> done;
    loop.post([&] { done.set_value(loop.isInLoop()); });
    auto future = done.get_future();
    ASSERT_EQ(future.wait_for(std::chrono::seconds(20)), std::future_status::ready);
    EXPECT_TRUE(future.get());
  }
  EXPECT_FALSE(loop.isInLoop());
}

TEST(EventLoop, RunsWhatWasPostedBeforeStop) {
  bool ran = false;
  EventLoop loop;
  loop.post([&] { ran = true; });
  loop.stop();
  loop.start();
  loop.join();
  EXPECT_TRUE(ran);
}

TEST(EventLoop, DropsTasksThatNobodyRanWithTheirCargo) {
  auto cargo = std::make_shared<int>(1);
  {
    EventLoop loop;
    loop.post([cargo] {});
  }
  EXPECT_EQ(cargo.use_count(), 1);
}

TEST(EventLoop, IsCongestedWhileItsInboxIsAboveTheLimit) {
  EventLoop loop;
  loop.setInboxLimit(1000);
  loop.post([] {}, 500);
  EXPECT_FALSE(loop.isCongested());
  loop.post([] {}, 600);
  EXPECT_TRUE(loop.isCongested());
  EXPECT_EQ(loop.figures().inboxTasks, 2u);
  loop.runOnce(0);
  EXPECT_FALSE(loop.isCongested());
  EXPECT_EQ(loop.figures().inboxBytes, 0u);
}

TEST(EventLoop, CountsEmptyTasksAgainstTheInboxBound) {
  EventLoop loop;
  loop.setInboxLimit(1000);
  for (int i = 0; i < 100; ++i) loop.post([] {});
  EXPECT_TRUE(loop.isCongested());
}

TEST(EventLoop, ALongInboxDoesNotKeepTimersWaiting) {
  EventLoop loop;
  int ran = 0;
  for (int i = 0; i < 3000; ++i) loop.post([&] { ++ran; });
  loop.runOnce(0);
  EXPECT_GT(ran, 0);
  EXPECT_LT(ran, 3000);
  EXPECT_TRUE(turnUntil(loop, [&] { return ran == 3000; }));
}

struct Recorder : FdHandler {
  std::function<void()> ready, flushed;
  void onFdReady(uint32_t) override { ready(); }
  void onTurnEnd() override { flushed(); }
};

TEST(EventLoop, HooksComeBeforeFlushesAndTheGraveyardIsLast) {
  EventLoop loop;
  std::string order;
  struct Dead {
    std::string* order;
    ~Dead() { *order += 'd'; }
  };
  Recorder recorder;
  recorder.flushed = [&] { order += 'f'; };
  loop.post([&] {
    loop.requestFlush(recorder);
    loop.deleteLater(std::unique_ptr<Dead>(new Dead{&order}));
    loop.atTurnEnd([&] {
      order += 'h';
      loop.atTurnEnd([&] { order += 'H'; });
    });
  });
  loop.runOnce(0);
  EXPECT_EQ(order, "hHfd");
}

TEST(EventLoop, AFlushThatAsksForAnotherDoesNotHoldTheTurnForEver) {
  EventLoop loop;
  Recorder recorder;
  int flushes = 0;
  recorder.flushed = [&] {
    ++flushes;
    loop.requestFlush(recorder);
  };
  loop.requestFlush(recorder);
  loop.runOnce(0);
  const int inOneTurn = flushes;
  EXPECT_GT(inOneTurn, 1);
  EXPECT_LT(inOneTurn, 100);
  loop.runOnce(-1);  // goes on at once
  EXPECT_GT(flushes, inOneTurn);
}

TEST(EventLoop, ACancelledFlushIsNotCalled) {
  EventLoop loop;
  Recorder first, second;
  size_t ticket = 0;
  bool called = false;
  first.flushed = [&] { loop.cancelFlush(ticket); };
  second.flushed = [&] { called = true; };
  loop.requestFlush(first);
  ticket = loop.requestFlush(second);
  loop.runOnce(0);
  EXPECT_FALSE(called);
}

TEST(EventLoop, AnUnwatchedHandlerHearsNothingMoreEvenInTheSameTurn) {
  EventLoop loop;
  int pipes[2][2];
  Recorder handlers[2];
  int calls = 0;
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(pipe(pipes[i]), 0);
    handlers[i].ready = [&, i] {
      ++calls;
      loop.unwatch(pipes[1 - i][0], handlers[1 - i]);
      loop.unwatch(pipes[i][0], handlers[i]);
    };
    loop.watch(pipes[i][0], EPOLLIN, handlers[i]);
    ASSERT_EQ(write(pipes[i][1], "x", 1), 1);
  }
  loop.runOnce(0);
  loop.runOnce(0);
  EXPECT_EQ(calls, 1);
  for (auto& p : pipes) {
    close(p[0]);
    close(p[1]);
  }
}

TEST(EventLoop, FiresTimersNotBeforeTheirTime) {
  EventLoop loop;
  struct Mark {
    bool fired = false;
  } mark;
  Timer timer(
      loop.timers(), [](void* m) { static_cast<Mark*>(m)->fired = true; }, &mark);
  loop.runOnce(0);
  timer.setAfterMs(30);
  const uint64_t deadline = timer.deadlineNs();
  EXPECT_TRUE(turnUntil(loop, [&] { return mark.fired; }));
  EXPECT_GE(loop.nowNs(), deadline);
}

TEST(EventLoop, PublishesFiguresThoughIdle) {
  EventLoop loop(3);
  EXPECT_EQ(loop.index(), 3);
  loop.runOnce(0);
  loop.countConnections(2);
  const uint64_t before = loop.figures().lastTurnNs;
  loop.runOnce(-1);  // idle: wakes for the figures alone
  const LoopFigures after = loop.figures();
  EXPECT_GT(after.lastTurnNs, before);
  EXPECT_EQ(after.connections, 2u);
  EXPECT_GE(after.turns, 2u);
  EXPECT_GT(after.lagMaxNs, 0u);
}

}  // namespace
}  // namespace gw::net
