// A loop's side of the journal, with a store that commits when the test says so.
#include "session/loop_journal.h"

#include <gtest/gtest.h>

#include "session/session.h"
#include "unit/host/session/survival/held_store.h"

namespace gw::session {
namespace {

class LoopJournalTest : public ::testing::Test {
 protected:
  LoopJournalTest()
      : journal_(store_, "gw", 1 << 20),
        loopJournal_(journal_, loop_,
                     {[this](const SessionId& id) { return id == session_.id() ? &session_ : nullptr; },
                      [](std::vector<SessionId>) {}, [] {}, [this] { saveAll(); }}) {
    journal_.connect({&loopJournal_});
    session_.journal = std::make_unique<SessionJournal>(loopJournal_, session_.id(), 0);
  }
  void saveAll() {
    ++saves_;
    loopJournal_.addWork({[](store::SessionStore&) -> Result<void> { return {}; }, {}});
  }
  void command(uint64_t seq) {
    session_.journal->command(seq, "look");
    session_.afterCommit([this, seq] { told_.push_back(seq); });
  }
  void turn() {
    for (int i = 0; i < 4; ++i) loop_.runOnce(0);
  }
  void commitAll() {
    for (turn(); !store_.isIdle(); turn()) store_.commitAll();
  }

  test::HeldStore store_{std::make_shared<store::MemoryDatabase>(), 1};
  net::EventLoop loop_{0};
  Journal journal_;
  Session session_{SessionId::random(), loop_, {}, [](void*) {}};
  LoopJournal loopJournal_;
  std::vector<uint64_t> told_;
  int saves_ = 0;
};

TEST_F(LoopJournalTest, TellsOnceItIsCommitted) {
  loop_.post([this] { command(1); });
  turn();
  EXPECT_TRUE(told_.empty());
  commitAll();
  EXPECT_EQ(told_, std::vector<uint64_t>{1});
}

TEST_F(LoopJournalTest, IsStrictAtOnceWhenTheStoreIsBackAndRelaxedAgainOnlyOnceAllIsSaved) {
  loop_.post([this] { command(1); });
  turn();  // its cut is under way
  loop_.post([this] { command(2); });
  turn();
  ASSERT_TRUE(loopJournal_.relax());
  EXPECT_EQ(told_, (std::vector<uint64_t>{1, 2}));
  store_.commit(0, 1);  // the first cut
  loop_.runOnce(0);
  ASSERT_EQ(saves_, 1);
  ASSERT_FALSE(loopJournal_.isRelaxed());

  EXPECT_FALSE(loopJournal_.relax()) << "what was shown meanwhile is not saved yet";
  command(3);
  EXPECT_EQ(told_.size(), 2u) << "told before its commit";
  commitAll();
  EXPECT_EQ(told_, (std::vector<uint64_t>{1, 2, 3}));
  EXPECT_TRUE(loopJournal_.relax());
}

}  // namespace
}  // namespace gw::session
