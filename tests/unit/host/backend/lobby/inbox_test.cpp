#include "backend/lobby/inbox.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace gw::lobby {
namespace {

const SessionId kAnna{1, 1};
const SessionId kBert{2, 2};

TEST(Inbox, KeepsTheOrderOfCommandsAndTasks) {
  Inbox inbox(10, 1000, 1);
  inbox.post([] {});
  inbox.command(kAnna, 1, "one");
  inbox.privateCommand(kAnna, "secret");
  Inbox::Batch batch;
  ASSERT_TRUE(inbox.take(batch, 0));
  ASSERT_EQ(batch.calls.size(), 3u);
  EXPECT_EQ(batch.calls[0].kind, Call::Kind::kTask);
  EXPECT_EQ(batch.calls[1].text, "one");
  EXPECT_EQ(batch.calls[1].seq, 1u);
  EXPECT_EQ(batch.calls[2].kind, Call::Kind::kPrivateCommand);
  ASSERT_TRUE(inbox.take(batch, 0));
  EXPECT_TRUE(batch.calls.empty());
}

TEST(Inbox, RemembersOnlyThatItRefusedLinesAtTheBound) {
  Inbox inbox(2, 1000, 1);
  for (uint64_t seq = 1; seq <= 5; ++seq) inbox.command(kAnna, seq, "x");
  inbox.command(kBert, 9, "x");
  EXPECT_EQ(inbox.refusedCommands(), 4u);
  Inbox::Batch batch;
  ASSERT_TRUE(inbox.take(batch, 0));
  EXPECT_EQ(batch.calls.size(), 2u);
  ASSERT_EQ(batch.refused.size(), 2u);
  EXPECT_EQ(batch.refused[kAnna].lastSeq, 5u);
  EXPECT_EQ(batch.refused[kAnna].count, 3u);
  EXPECT_EQ(batch.refused[kBert].lastSeq, 9u);
  inbox.command(kAnna, 6, "x");
  ASSERT_TRUE(inbox.take(batch, 0));
  EXPECT_EQ(batch.calls.size(), 1u) << "there is room again";
  EXPECT_TRUE(batch.refused.empty());
}

TEST(Inbox, BoundsBytesAndKeepsASessionsOrder) {
  Inbox inbox(100, 10, 1);
  inbox.command(kAnna, 1, "12345678");
  inbox.command(kAnna, 2, "12345");
  inbox.command(kAnna, 3, "1");  // would fit, but must not overtake
  inbox.command(kBert, 1, "1");
  Inbox::Batch batch;
  ASSERT_TRUE(inbox.take(batch, 0));
  EXPECT_EQ(batch.calls.size(), 2u);
  EXPECT_EQ(batch.refused[kAnna].lastSeq, 3u);
}

TEST(Inbox, BoundsLogins) {
  Inbox inbox(1, 1, 2);
  EXPECT_TRUE(inbox.admitLogin());
  EXPECT_TRUE(inbox.admitLogin());
  EXPECT_FALSE(inbox.admitLogin());
  EXPECT_EQ(inbox.refusedLogins(), 1u);
  inbox.loginDone();
  EXPECT_TRUE(inbox.admitLogin());
}

TEST(Inbox, WakesItsConsumerForWorkAndForTheEnd) {
  Inbox inbox(10, 1000, 1);
  std::atomic<int> seen{0};
  std::thread consumer([&] {
    Inbox::Batch batch;
    while (inbox.take(batch, UINT64_MAX)) {
      for (Call& call : batch.calls) {
        if (call.task) call.task();
      }
      seen += static_cast<int>(batch.calls.size() + batch.refused.size());
    }
  });
  std::atomic<bool> ran{false};
  inbox.command(kAnna, 1, "x");
  inbox.post([&] {
    ran = true;
    ran.notify_all();
  });
  ran.wait(false);
  inbox.close();
  consumer.join();
  EXPECT_EQ(seen, 2);
}

TEST(Inbox, NoCommandWaitsForAWakeUpThatWasSpentOnNothing) {
  constexpr size_t kCommands = 20'000;
  Inbox inbox(kCommands, SIZE_MAX, 1);
  std::atomic<size_t> seen{0};
  std::thread consumer([&] {
    Inbox::Batch batch;
    while (seen < kCommands && inbox.take(batch, UINT64_MAX)) {
      seen += batch.calls.size();
      seen.notify_all();
    }
  });
  for (size_t i = 1; i <= kCommands; ++i) {
    inbox.command(kAnna, i, "x");
    inbox.wakeConsumer();
    inbox.wakeConsumer();  // may find nothing to wake up for
    if (i % 100 != 0) continue;
    for (size_t now = seen; now < i; now = seen) seen.wait(now);
  }
  consumer.join();
}

TEST(Inbox, ACreditEndsOneWaitAlsoIfItCameBefore) {
  Inbox inbox(10, 1000, 1);
  inbox.giveCredit();
  EXPECT_TRUE(inbox.awaitCredit());
  std::thread giver([&] { inbox.giveCredit(); });
  EXPECT_TRUE(inbox.awaitCredit());
  giver.join();
  std::thread closer([&] { inbox.close(); });
  EXPECT_FALSE(inbox.awaitCredit());
  closer.join();
}

TEST(Inbox, TakesNothingOnceClosed) {
  Inbox inbox(10, 1000, 1);
  auto alive = std::make_shared<int>(1);
  inbox.post([alive] {});
  inbox.close();
  EXPECT_EQ(alive.use_count(), 1) << "what waited was let go";
  inbox.post([alive] {});
  inbox.command(kAnna, 1, "x");
  inbox.privateCommand(kAnna, "x");
  EXPECT_EQ(alive.use_count(), 1);
  Inbox::Batch batch;
  EXPECT_FALSE(inbox.take(batch, UINT64_MAX));
  EXPECT_FALSE(inbox.awaitCredit());
}

}  // namespace
}  // namespace gw::lobby
