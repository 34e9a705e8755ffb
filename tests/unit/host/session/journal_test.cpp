// The journal's cuts, with loops that run by hand and a real store worker.
#include "session/journal.h"

#include <gtest/gtest.h>

#include <deque>
#include <thread>

#include "session/journal_records.h"
#include "store/store_worker.h"
#include "support/memory_session_store.h"

namespace gw::session {
namespace {

class MemoryFactory final : public store::StoreFactory {
 public:
  Result<std::unique_ptr<store::SessionStore>> open() override {
    return std::unique_ptr<store::SessionStore>(std::make_unique<store::MemorySessionStore>(database));
  }
  std::shared_ptr<store::MemoryDatabase> database = std::make_shared<store::MemoryDatabase>();
};

/// Writes one number a call; says which were committed.
class HandLoop final : public Journal::Loop {
 public:
  void post(Task task) override {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
  }
  void write(uint64_t number) { writer_.commandsDone(writer_.addSession(kId), number, 0), written_.push_back(number); }
  Journal::Part seal(bool startsCheckpoint) override {
    sealed_ = std::exchange(written_, {});
    checkpoints += startsCheckpoint;
    return {writer_.take(), std::exchange(works, {})};
  }
  void committed() override {
    shown.insert(shown.end(), sealed_.begin(), sealed_.end());
    sealed_.clear();
  }
  bool turn() {
    std::deque<Task> tasks;
    {
      const std::lock_guard lock(mutex_);
      tasks.swap(tasks_);
    }
    for (Task& task : tasks) task();
    return !tasks.empty();
  }

  std::vector<uint64_t> shown;
  std::vector<Journal::StoreWork> works;
  int checkpoints = 0;

 private:
  static constexpr SessionId kId{1, 1};
  std::mutex mutex_;
  std::deque<Task> tasks_;
  JournalWriter writer_;
  std::vector<uint64_t> written_, sealed_;
};

class JournalCuts : public ::testing::Test {
 protected:
  JournalCuts() : workers_(std::move(*store::StoreWorkers::start(factory_, 1, 1000))) {}
  ~JournalCuts() override { workers_->stop(); }
  Journal& open(size_t loops, uint64_t checkpointBytes = 1 << 20) {
    journal_.emplace(*workers_, "gw", checkpointBytes);
    std::vector<Journal::Loop*> all;
    for (size_t i = 0; i < loops; ++i) all.push_back(&loops_.emplace_back());
    journal_->connect(all);
    return *journal_;
  }
  /// Turns the loops until the condition holds; false: ten seconds have passed.
  template <typename Condition>
  bool turnUntil(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!condition()) {
      bool isBusy = false;
      for (HandLoop& loop : loops_) isBusy |= loop.turn();
      if (!isBusy) std::this_thread::yield();
      if (std::chrono::steady_clock::now() > deadline) return false;
    }
    return true;
  }
  std::vector<std::vector<uint64_t>> stored() {
    std::vector<std::vector<uint64_t>> commits;
    store::MemorySessionStore store(factory_.database);
    auto entries = store.readJournal("gw", 0, 1000);
    while (!entries) entries = store.readJournal("gw", 0, 1000);  // busy: the worker is in a transaction
    for (const auto& entry : *entries) {
      commits.emplace_back();
      EXPECT_TRUE(readCommit(entry.packed, [&](JournalRecord r) { commits.back().push_back(r.number); }).ok());
    }
    return commits;
  }

  MemoryFactory factory_;
  std::unique_ptr<store::StoreWorkers> workers_;
  std::deque<HandLoop> loops_;
  std::optional<Journal> journal_;
};

TEST_F(JournalCuts, NothingIsShownBeforeItIsStored) {
  Journal& journal = open(1);
  loops_[0].write(1);
  journal.request();
  EXPECT_TRUE(loops_[0].shown.empty());
  ASSERT_TRUE(turnUntil([&] {
    if (!loops_[0].shown.empty()) return true;
    return false;
  }));
  EXPECT_EQ(stored(), (std::vector<std::vector<uint64_t>>{{1}}));
}

TEST_F(JournalCuts, WhatComesMeanwhileIsCommittedTogether) {
  Journal& journal = open(1);
  loops_[0].write(1);
  journal.request();
  loops_[0].turn();  // sealed, under way
  for (uint64_t i = 2; i <= 100; ++i) {
    loops_[0].write(i);
    journal.request();
  }
  ASSERT_TRUE(turnUntil([&] { return loops_[0].shown.size() == 100; }));
  EXPECT_LE(stored().size(), 3u) << "a hundred records, few commits";
  ASSERT_TRUE(turnUntil([&] { return journal.isIdle(); }));
}

// The parts of a unit go to two loops; a cut must take both or neither, whenever it falls.
TEST_F(JournalCuts, AUnitIsCommittedAsAWhole) {
  Journal& journal = open(2);
  std::atomic<bool> stop{false}, hasShown{false};
  std::thread producer([&] {
    for (uint64_t i = 1; i <= 2000; ++i) {
      // Half of them while commits are under way.
      while (i == 1001 && !hasShown) std::this_thread::yield();
      journal.beginUnit();
      for (HandLoop& loop : loops_)
        loop.post([&loop, &journal, i] {
          loop.write(i);
          journal.request();
        });
      journal.endUnit();
    }
    stop = true;
  });
  const bool isDone = turnUntil([&] {
    hasShown = !loops_[0].shown.empty();
    return stop && loops_[0].shown.size() == 2000 && loops_[1].shown.size() == 2000;
  });
  hasShown = true;  // should it have failed: the producer ends all the same
  producer.join();
  ASSERT_TRUE(isDone);
  size_t commits = 0;
  for (const auto& commit : stored()) {
    std::map<uint64_t, int> count;
    for (const uint64_t number : commit) ++count[number];
    for (const auto& [number, times] : count) ASSERT_EQ(times, 2) << number << " is in one loop's part alone";
    ++commits;
  }
  EXPECT_GT(commits, 1u);
}

TEST_F(JournalCuts, OtherWritesShareTheTransactionAndEachHasItsAnswer) {
  Journal& journal = open(1);
  std::vector<std::string> answers;
  const auto write = [&](const std::string& name, Result<void> outcome) {
    loops_[0].works.push_back({[name, outcome](store::SessionStore& store) {
                                 EXPECT_TRUE(store.putSetting(name, "written").ok());
                                 EXPECT_TRUE(store.readJournal("gw", 0, 10)->empty()) << "one transaction";
                                 return outcome;
                               },
                               [&answers, name](Result<void> result) {
                                 answers.push_back(name + (result ? ": ok" : ": " + result.error().message));
                               }});
  };
  write("a", {});
  write("b", fail(ErrorCode::kConflict, "stale"));
  write("c", {});
  loops_[0].write(1);
  journal.request();
  ASSERT_TRUE(turnUntil([&] { return !loops_[0].shown.empty(); }));
  EXPECT_EQ(answers, (std::vector<std::string>{"a: ok", "b: stale", "c: ok"}));
  EXPECT_EQ(stored().size(), 1u) << "one refusal does not hold up the others";
}

TEST_F(JournalCuts, ACheckpointTrimsWhatAllLoopsHaveSaved) {
  Journal& journal = open(2, 1);  // after every byte
  loops_[0].write(1);
  journal.request();
  ASSERT_TRUE(turnUntil([&] { return loops_[0].shown.size() == 1; }));
  EXPECT_EQ(loops_[0].checkpoints, 0);
  loops_[1].write(2);
  journal.request();
  ASSERT_TRUE(turnUntil([&] { return loops_[1].shown.size() == 1; }));
  EXPECT_EQ(loops_[0].checkpoints, 1);
  EXPECT_EQ(loops_[1].checkpoints, 1);
  EXPECT_EQ(stored().size(), 2u);
  journal.checkpointed();
  EXPECT_EQ(stored().size(), 2u) << "one loop has not saved yet";
  loops_[0].write(3);
  journal.request();
  ASSERT_TRUE(turnUntil([&] { return loops_[0].shown.size() == 2; }));
  EXPECT_EQ(loops_[0].checkpoints, 1) << "one at a time";
  journal.checkpointed();
  ASSERT_TRUE(turnUntil([&] { return stored().size() == 1; }));
  EXPECT_EQ(stored()[0], std::vector<uint64_t>{3});
}

TEST_F(JournalCuts, ProducersAreWokenWhenThereIsRoom) {
  Journal& journal = open(2);
  int woken = 0;
  journal.whenRoom([&] { ++woken; });
  EXPECT_EQ(woken, 1) << "there is";
  journal.noteFull();
  journal.noteFull();
  EXPECT_TRUE(journal.isFull());
  journal.whenRoom([&] { ++woken; });
  journal.noteRoom();
  EXPECT_EQ(woken, 1);
  journal.noteRoom();
  EXPECT_EQ(woken, 2);
  EXPECT_FALSE(journal.isFull());
}

}  // namespace
}  // namespace gw::session
