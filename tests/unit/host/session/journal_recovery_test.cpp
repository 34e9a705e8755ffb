// What a crash left in the journal becomes part of the sessions' rows, once.
#include "session/journal_recovery.h"

#include <gtest/gtest.h>

#include "session/journal_records.h"
#include "support/memory_session_store.h"

namespace gw::session {
namespace {

using store::MemorySessionStore;
using store::SessionBundle;

class JournalRecovery : public ::testing::Test {
 protected:
  SessionId newSession(uint64_t recordCount = 1) {
    SessionBundle bundle;
    bundle.session.id = SessionId::random();
    bundle.session.state = "playing";
    bundle.session.recordCount = recordCount;
    EXPECT_TRUE(store_.saveSession(bundle).ok());
    return bundle.session.id;
  }
  /// One commit with one session's records.
  template <typename Write>
  void commit(const SessionId& id, Write write) {
    JournalWriter writer;
    write(writer, writer.addSession(id));
    std::string packed;
    appendPart(packed, writer.take());
    ASSERT_TRUE(store_.appendJournal("gw", {++number_, packed}).ok());
  }
  SessionBundle row(const SessionId& id) { return **store_.readSession(id); }
  RecoveryFigures mustRecover() {
    const auto recovered = recoverJournal(store_, "gw");
    EXPECT_TRUE(recovered.ok()) << recovered.error().message;
    return recovered ? *recovered : RecoveryFigures{};
  }

  MemorySessionStore store_;
  uint64_t number_ = 0;
};

plugin::Event say(const std::string& text) {
  plugin::Event event;
  event.text = text;
  return event;
}

TEST_F(JournalRecovery, AnEmptyJournalChangesNothing) {
  const SessionId id = newSession();
  EXPECT_EQ(mustRecover().sessions, 0u);
  EXPECT_EQ(row(id).session.recordCount, 1u);
}

TEST_F(JournalRecovery, EventsCommandsDevicesAndRoomsAreAdded) {
  const SessionId id = newSession();
  commit(id, [](JournalWriter& w, uint32_t s) {
    w.command(s, 2, 1, "say one");
    w.device(s, 3, "dev", 1);
    w.command(s, 4, 2, "say two");
  });
  commit(id, [](JournalWriter& w, uint32_t s) {
    w.event(s, 5, {1, 1}, w.addBody(say("You say: one")));
    w.commandsDone(s, 6, 1);
    w.device(s, 7, "dev", 2);
    w.rooms(s, 8, {"garden"});
  });
  const RecoveryFigures figures = mustRecover();
  EXPECT_EQ(figures.commits, 2u);
  EXPECT_EQ(figures.sessions, 1u);
  EXPECT_EQ(figures.events, 1u);
  const SessionBundle now = row(id);
  EXPECT_EQ(now.session.lastSeq, 1u);
  EXPECT_EQ(now.session.commandSeq, 2u);
  EXPECT_EQ(now.session.recordCount, 8u);
  ASSERT_EQ(now.log.size(), 1u);
  ASSERT_EQ(now.commands.size(), 1u);
  EXPECT_EQ(now.commands[0].text, "say two");
  ASSERT_EQ(now.devices.size(), 1u);
  EXPECT_EQ(now.devices[0].lastClientSeq, 2u);
  EXPECT_EQ(now.rooms, std::vector<std::string>{"garden"});
  EXPECT_TRUE(store_.readJournal("gw", 0, 10)->empty());
}

TEST_F(JournalRecovery, WhatTheRowIncludesIsNotAddedAgain) {
  const SessionId id = newSession(3);  // saved after its third record
  commit(id, [](JournalWriter& w, uint32_t s) {
    w.event(s, 3, {1, 1}, w.addBody(say("known")));
    w.event(s, 4, {1, 2}, w.addBody(say("new")));
  });
  mustRecover();
  ASSERT_EQ(row(id).log.size(), 1u);
  EXPECT_EQ(row(id).log[0].seq, 2u);
}

TEST_F(JournalRecovery, ALaterEpochGoesOnInItsOwnNumbers) {
  const SessionId id = newSession();
  commit(id, [](JournalWriter& w, uint32_t s) {
    w.event(s, 2, {1, 50}, w.addBody(say("before")));
    w.event(s, 3, {2, 1}, w.addBody(say("after")));
  });
  mustRecover();
  EXPECT_EQ(row(id).session.epoch, 2u);
  EXPECT_EQ(row(id).session.lastSeq, 1u);
  EXPECT_EQ(row(id).log.size(), 2u);
}

TEST_F(JournalRecovery, SessionsThatHaveEndedAreSkipped) {
  commit(SessionId::random(), [](JournalWriter& w, uint32_t s) { w.commandsDone(s, 2, 1); });
  const SessionId id = newSession();
  commit(id, [](JournalWriter& w, uint32_t s) { w.commandsDone(s, 2, 1); });
  EXPECT_EQ(mustRecover().sessions, 1u);
}

TEST_F(JournalRecovery, ADamagedJournalIsNamedAndKept) {
  const SessionId id = newSession();
  commit(id, [](JournalWriter& w, uint32_t s) { w.commandsDone(s, 2, 1); });
  ASSERT_TRUE(store_.appendJournal("gw", {2, "\x05rubbish"}).ok());
  const auto recovered = recoverJournal(store_, "gw");
  ASSERT_FALSE(recovered.ok());
  EXPECT_EQ(recovered.error().message, "commit 2: a part of the journal is damaged");
  EXPECT_EQ(store_.readJournal("gw", 0, 10)->size(), 2u);
  EXPECT_EQ(row(id).session.recordCount, 1u);
}

TEST_F(JournalRecovery, ManySessionsTakeSeveralTransactions) {
  std::vector<SessionId> sessions;
  for (int i = 0; i < 600; ++i) {
    sessions.push_back(newSession());
    commit(sessions.back(), [](JournalWriter& w, uint32_t s) { w.device(s, 2, "dev", 7); });
  }
  EXPECT_EQ(mustRecover().sessions, 600u);
  for (const SessionId& id : sessions) EXPECT_EQ(row(id).devices.size(), 1u);
}

}  // namespace
}  // namespace gw::session
