#include "ledger.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "record.h"
#include "store.h"
#include "support/child_process.h"

namespace gw::backend {
namespace {

using test::TempFolder;

std::vector<std::string> payloads(const Account& account) {
  std::vector<std::string> all;
  for (const auto& frame : account.frames) all.push_back(frame.payload);
  return all;
}

void add(Ledger& ledger, const std::string& session, std::initializer_list<const char*> texts) {
  for (const char* text : texts) ledger.add(ledger.account(session), FrameKind::kOutput, text);
}

using Texts = std::vector<std::string>;

TEST(Ledger, CountsFromOneAndKeepsUntilAcknowledged) {
  Ledger ledger;
  add(ledger, "s", {"a", "b", "c"});
  Account& s = ledger.account("s");
  EXPECT_EQ(s.n, 3);
  EXPECT_EQ(s.firstN(), 1);
  ledger.acknowledge(s, 2);
  EXPECT_EQ(payloads(s), Texts{"c"});
  EXPECT_EQ(s.firstN(), 3);
  ledger.acknowledge(s, 1);   // an older one changes nothing
  ledger.acknowledge(s, 99);  // and no more can be acknowledged than there is
  EXPECT_EQ(s.acked, 3);
  EXPECT_EQ(s.n, 3);
}

TEST(Ledger, GoesOnFromTheGatewaysCountIfItsOwnIsLower) {
  Ledger ledger;
  add(ledger, "s", {"a"});
  Account& s = ledger.account("s");
  ledger.agree(s, 7);
  EXPECT_EQ(s.n, 7);
  EXPECT_TRUE(s.frames.empty());
  EXPECT_EQ(ledger.add(s, FrameKind::kOutput, "b"), 8);
}

TEST(Ledger, NumbersAnewWhatTheGatewayLostAndNobodyHasAnyMore) {
  Ledger ledger;
  add(ledger, "s", {"a", "b", "c", "d"});
  Account& s = ledger.account("s");
  ledger.takeRecord(1);
  ledger.acknowledge(s, 3);
  ledger.agree(s, 1);  // a relaxed gateway crashed: 2 and 3 were acknowledged, and are gone
  EXPECT_EQ(payloads(s), Texts{"d"});
  EXPECT_EQ(s.firstN(), 2);
  EXPECT_EQ(s.n, 2);
  EXPECT_EQ(ledger.completeRecords(), 1U);
}

TEST(Ledger, CompletesARecordWithItsLastFrame) {
  Ledger ledger;
  add(ledger, "s", {"a"});
  add(ledger, "t", {"b"});
  ledger.takeRecord(5);
  ledger.acknowledge(ledger.account("s"), 1);
  EXPECT_EQ(ledger.completeRecords(), 0U);
  ledger.forget(ledger.account("t"));
  EXPECT_EQ(ledger.takeCompleteRecords(), std::vector<int64_t>{5});
}

TEST(Ledger, KnowsTheSizeOfItsOutbox) {
  Ledger ledger;
  add(ledger, "s", {"a", "b", "c", "d"});
  add(ledger, "t", {"e"});
  add(ledger, "", {"f"});
  EXPECT_EQ(ledger.outboxSize(), 6U);
  const std::string record = ledger.takeRecord(1);
  ledger.acknowledge(ledger.account("s"), 2);
  ledger.acknowledge(ledger.account("s"), 1);
  EXPECT_EQ(ledger.outboxSize(), 4U);
  ledger.agree(ledger.account("s"), 0);  // numbered anew
  EXPECT_EQ(ledger.outboxSize(), 4U);
  ledger.forget(ledger.account("t"));
  EXPECT_EQ(ledger.outboxSize(), 3U);
  ledger.agree(ledger.account("s"), 9);  // the gateway has more than we
  EXPECT_EQ(ledger.outboxSize(), 1U);
  const std::string reset = ledger.takeRecord(2);

  Ledger again;
  ASSERT_TRUE(again.replay(1, record));
  EXPECT_EQ(again.outboxSize(), 6U);
  ASSERT_TRUE(again.replay(2, reset));
  EXPECT_EQ(again.outboxSize(), 1U);
}

TEST(Record, RefusesEachPrefixOfARecord) {
  Ledger ledger;
  add(ledger, "session", {"payload", "another"});
  ledger.account("session").seq = 300;
  const std::string record = ledger.takeRecord(1);
  for (size_t length = 1; length < record.size(); ++length) {
    Ledger other;
    EXPECT_FALSE(other.replay(1, std::string_view(record).substr(0, length))) << length;
  }
  Ledger other;
  ASSERT_TRUE(other.replay(1, record));
  EXPECT_EQ(other.account("session").seq, 300);
  EXPECT_EQ(payloads(other.account("session")), (Texts{"payload", "another"}));
}

// Opens the file again: what would a process find that starts now?
struct Reopened {
  explicit Reopened(const std::string& file) : store(file, Durability::kNormal) { store.load(ledger); }
  Ledger ledger;
  Store store;
};

void commit(Reopened& open) {
  open.store.begin();
  open.store.commit(open.ledger);
}

TEST(Store, FindsCountsAndOutboxAgain) {
  const TempFolder folder;
  const std::string file = folder.file("w.db");
  std::string instance;
  {
    Reopened first(file);
    instance = first.store.instance();
    add(first.ledger, "s", {"a", "b"});
    add(first.ledger, "", {"room"});
    first.ledger.carriedOut(first.ledger.account("s"), 12);
    commit(first);
    first.ledger.acknowledge(first.ledger.account("s"), 1);
    add(first.ledger, "s", {"c"});
    first.store.wantCheckpoint();
    commit(first);
  }
  Reopened second(file);
  EXPECT_EQ(second.store.instance(), instance);
  Account& s = second.ledger.account("s");
  EXPECT_EQ(s.seq, 12);
  EXPECT_EQ(s.n, 3);
  EXPECT_EQ(payloads(s), (Texts{"b", "c"}));
  EXPECT_EQ(second.ledger.withoutSession().n, 1);
}

TEST(Store, KeepsTheSeqOfASessionWithoutFrames) {
  const TempFolder folder;
  {
    Reopened first(folder.file("w.db"));
    for (int64_t seq = 1; seq <= 600; ++seq) {  // past two checkpoints
      first.ledger.carriedOut(first.ledger.account("s"), seq);
      commit(first);
    }
  }
  Reopened second(folder.file("w.db"));
  EXPECT_EQ(second.ledger.account("s").seq, 600);
}

TEST(Store, DoesNotBringBackAForgottenSession) {
  const TempFolder folder;
  {
    Reopened first(folder.file("w.db"));
    add(first.ledger, "gone", {"a"});
    add(first.ledger, "stays", {"b"});  // keeps the record in which "gone" begins
    commit(first);
    first.ledger.forget(first.ledger.account("gone"));
    commit(first);
    first.store.wantCheckpoint();
    commit(first);
  }
  {
    Reopened second(folder.file("w.db"));
    EXPECT_EQ(second.ledger.find("gone"), nullptr);
    EXPECT_EQ(payloads(second.ledger.account("stays")), Texts{"b"});
    second.ledger.acknowledge(second.ledger.account("stays"), 1);
    second.store.wantCheckpoint();
    commit(second);
  }
  Reopened third(folder.file("w.db"));
  EXPECT_EQ(third.ledger.find("gone"), nullptr);
  EXPECT_NE(third.ledger.find("stays"), nullptr);
}

TEST(Store, RemembersNumbersThatWereGivenAnew) {
  const TempFolder folder;
  {
    Reopened first(folder.file("w.db"));
    add(first.ledger, "s", {"a", "b", "c"});
    add(first.ledger, "t", {"x"});
    commit(first);
    first.ledger.acknowledge(first.ledger.account("s"), 2);
    first.ledger.agree(first.ledger.account("s"), 0);
    commit(first);
    add(first.ledger, "s", {"d"});
    commit(first);
  }
  Reopened second(folder.file("w.db"));
  const Account& s = second.ledger.account("s");
  EXPECT_EQ(payloads(s), (Texts{"c", "d"}));
  EXPECT_EQ(s.n, 2);
}

TEST(Store, RefusesASecondProcess) {
  const TempFolder folder;
  const Reopened first(folder.file("w.db"));
  EXPECT_THROW(Reopened(folder.file("w.db")), std::runtime_error);
}

// A child process adds "a" in one transaction and "b" in the next, and is killed at the given place.
void addAndDie(const std::string& file, bool beforeCommit) {
  const pid_t child = ::fork();
  if (child == 0) {
    Reopened open(file);
    add(open.ledger, "s", {"a"});
    commit(open);
    open.store.begin();
    add(open.ledger, "s", {"b"});
    open.ledger.carriedOut(open.ledger.account("s"), 2);
    if (!beforeCommit) open.store.commit(open.ledger);
    ::kill(::getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
}

TEST(Store, HasNothingOfATransactionThatWasKilledBeforeItsCommit) {
  const TempFolder folder;
  addAndDie(folder.file("w.db"), true);
  Reopened after(folder.file("w.db"));
  EXPECT_EQ(payloads(after.ledger.account("s")), Texts{"a"});
  EXPECT_EQ(after.ledger.account("s").seq, 0);
}

TEST(Store, HasAllOfATransactionThatWasKilledBehindItsCommit) {
  const TempFolder folder;
  addAndDie(folder.file("w.db"), false);
  Reopened after(folder.file("w.db"));
  EXPECT_EQ(payloads(after.ledger.account("s")), (Texts{"a", "b"}));
  EXPECT_EQ(after.ledger.account("s").seq, 2);
}

}  // namespace
}  // namespace gw::backend
