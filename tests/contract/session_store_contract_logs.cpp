// The contract for what is written bit by bit: event logs and the journal.

#include <gmock/gmock.h>

#include "contract/session_store_contract.h"

namespace gw::store {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

TEST_P(SessionStoreContract, EventBodiesAreBytes) {
  SessionBundle b = bundleOf();
  std::string every;
  for (int i = 0; i < 256; ++i) every.push_back(static_cast<char>(i));
  b.log = {{1, 1, every}, {1, 2, std::string(3 << 20, '\0')}, {1, 3, std::string(1, '\0')}};
  ASSERT_TRUE(store_->saveSession(b).ok());
  const SessionBundle t = **store_->readSession(b.session.id);
  ASSERT_THAT(t.log, SizeIs(3));
  EXPECT_EQ(t.log[0].body, every);
  EXPECT_EQ(t.log[1].body, b.log[1].body);
  EXPECT_EQ(t.log[2].body, b.log[2].body);
}

TEST_P(SessionStoreContract, ALogCanBeWrittenBitByBit) {
  SessionBundle b = bundleOf();
  b.session.epoch = 2;
  b.session.cleanStop = true;
  b.log = {{1, 8, "a"}, {1, 9, "b"}};
  ASSERT_TRUE(store_->saveSession(b).ok());
  b.kept = KeptLog{0, 0};
  b.log = {{2, 1, "c"}, {2, 2, "d"}};
  ASSERT_TRUE(store_->saveSession(b).ok());
  b.log.clear();  // nothing new, and nothing goes
  ASSERT_TRUE(store_->saveSession(b).ok());
  b.log = {{2, 5, "e"}};
  ASSERT_TRUE(store_->saveSession(b).ok());
  const auto bodies = [&] {
    std::string all;
    const auto read = store_->readSession(b.session.id);
    for (const LoggedEvent& event : (*read)->log) all += event.body;
    return all;
  };
  EXPECT_EQ(bodies(), "abcde");
  b.kept = KeptLog{1, 9};  // everybody has what came up to here
  b.log = {{2, 6, "f"}};
  ASSERT_TRUE(store_->saveSession(b).ok());
  EXPECT_EQ(bodies(), "cdef");
  b.kept = KeptLog{2, 6};
  b.log.clear();
  ASSERT_TRUE(store_->saveSession(b).ok());
  EXPECT_EQ(bodies(), "");
  b.log = {{2, 7, "g"}};
  ASSERT_TRUE(store_->saveSession(b).ok());
  b.kept.reset();
  b.log = {{2, 8, "h"}};
  ASSERT_TRUE(store_->saveSession(b).ok());
  EXPECT_EQ(bodies(), "h") << "without kept the log is replaced";
}

// The server may commit and die before it says so; then all of it is done once more.
TEST_P(SessionStoreContract, ASaveThatIsRepeatedIsAsOneDoneOnce) {
  SessionBundle b = bundleOf();
  b.log = {{1, 1, "a"}};
  b.lineages = {{"1", "dev-1", 1, 0}};
  b.devices = {{"dev-1", 3}};
  b.commands = {{7, "say hello"}};
  b.rooms = {"lobby"};
  b.tokens = {tokenOf(b.session.id, "h1")};
  ASSERT_TRUE(store_->saveSession(b).ok());
  b.kept = KeptLog{0, 0};
  b.log = {{1, 2, "b"}, {1, 3, "c"}};
  ASSERT_TRUE(store_->saveSession(b).ok());
  const auto once = store_->readSession(b.session.id);
  const auto repeated = store_->saveSession(b);
  ASSERT_TRUE(repeated.ok()) << repeated.error().message;
  const SessionBundle twice = **store_->readSession(b.session.id);
  ASSERT_THAT(twice.log, SizeIs(3));
  EXPECT_EQ(twice.log[0].body + twice.log[1].body + twice.log[2].body, "abc");
  EXPECT_THAT(twice.commands, SizeIs(1));
  EXPECT_THAT(twice.tokens, SizeIs((*once)->tokens.size()));
}

TEST_P(SessionStoreContract, WhatIsCalledUnchangedStaysUnlessTheSessionIsNotThere) {
  SessionBundle b = bundleOf();
  b.lineages = {{"1", "dev-1", 1, 5}};
  b.devices = {{"dev-1", 3}};
  b.commands = {{7, "say hello"}};
  b.rooms = {"lobby"};
  b.tokens = {tokenOf(b.session.id, "h1")};
  b.unchanged = {true, true, true, true, true};
  ASSERT_TRUE(store_->saveSession(b).ok()) << "it was not there: all of it is written";
  b.session.lastSeq = 9;
  b.session.state = "playing";
  b.devices = {{"dev-1", 4}};
  b.unchanged.devices = false;
  ASSERT_TRUE(store_->saveSession(b).ok());
  const auto read = store_->readSession(b.session.id);
  ASSERT_TRUE(read.ok() && read->has_value());
  EXPECT_EQ((*read)->session.lastSeq, 9u);
  EXPECT_EQ((*read)->session.state, "playing");
  EXPECT_THAT((*read)->lineages, SizeIs(1));
  ASSERT_THAT((*read)->devices, SizeIs(1));
  EXPECT_EQ((*read)->devices[0].lastClientSeq, 4u);
  EXPECT_THAT((*read)->commands, SizeIs(1));
  EXPECT_THAT((*read)->rooms, SizeIs(1));
  EXPECT_THAT((*read)->tokens, SizeIs(1));
  SessionBundle stale = b;
  b.session.epoch = 2;
  ASSERT_TRUE(store_->saveSession(b).ok());
  EXPECT_EQ(store_->saveSession(stale).error().code, ErrorCode::kConflict);
}

TEST_P(SessionStoreContract, TheJournalIsReadInOrderAndTrimmed) {
  const std::string bytes("\0\xff packed", 9);
  for (const uint64_t number : {3u, 1u, 2u}) ASSERT_TRUE(store_->appendJournal("gw-1", {number, bytes}).ok());
  ASSERT_TRUE(store_->appendJournal("gw-2", {1, "another gateway's"}).ok());
  const auto repeated = store_->appendJournal("gw-1", {2, "again"});
  ASSERT_FALSE(repeated.ok());
  EXPECT_EQ(repeated.error().code, ErrorCode::kConflict);
  const auto firstTwo = store_->readJournal("gw-1", 0, 2);
  ASSERT_TRUE(firstTwo.ok());
  ASSERT_THAT(*firstTwo, SizeIs(2));
  EXPECT_EQ(firstTwo->at(0).number, 1u);
  EXPECT_EQ(firstTwo->at(1).number, 2u);
  EXPECT_EQ(firstTwo->at(1).packed, bytes);
  EXPECT_THAT(*store_->readJournal("gw-1", 2, 10), SizeIs(1));
  ASSERT_TRUE(store_->trimJournal("gw-1", 2).ok());
  EXPECT_EQ(open()->readJournal("gw-1", 0, 10)->at(0).number, 3u);
  EXPECT_THAT(*store_->readJournal("gw-2", 0, 10), SizeIs(1));
  ASSERT_TRUE(store_->trimJournal("gw-1", 3).ok());
  EXPECT_THAT(*store_->readJournal("gw-1", 0, 10), IsEmpty());
}

}  // namespace
}  // namespace gw::store
