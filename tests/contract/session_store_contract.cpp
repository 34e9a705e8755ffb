// The contract for sessions, tokens and transactions.

#include "contract/session_store_contract.h"

#include <gmock/gmock.h>

namespace gw::store {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

void expectSame(const SessionRecord& a, const SessionRecord& b) {
  EXPECT_EQ(a.id, b.id);
  EXPECT_EQ(a.gatewayId, b.gatewayId);
  EXPECT_EQ(a.backend, b.backend);
  EXPECT_EQ(a.userId, b.userId);
  EXPECT_EQ(a.userName, b.userName);
  EXPECT_EQ(a.entityId, b.entityId);
  EXPECT_EQ(a.entityName, b.entityName);
  EXPECT_EQ(a.createdAt, b.createdAt);
  EXPECT_EQ(a.lastActivity, b.lastActivity);
  EXPECT_EQ(a.state, b.state);
  EXPECT_EQ(a.protocol, b.protocol);
  EXPECT_EQ(a.clientAddress, b.clientAddress);
  EXPECT_EQ(a.metadata, b.metadata);
  EXPECT_EQ(a.expiresAt, b.expiresAt);
  EXPECT_EQ(a.lastSeq, b.lastSeq);
  EXPECT_EQ(a.commandSeq, b.commandSeq);
}

SessionBundle mustTake(SessionStore& store, const SessionId& id, int64_t now = kNow) {
  auto taken = store.takeSession(id, now);
  if (!taken.ok() || !taken->has_value()) {
    ADD_FAILURE() << (taken.ok() ? "no such session" : taken.error().message);
    return {};
  }
  return std::move(**taken);
}

TEST_P(SessionStoreContract, ABundleComesBackWhole) {
  SessionBundle b = bundleOf();
  b.session.epoch = 7;
  b.session.cleanStop = true;
  b.session.lastSeq = 1'000'000'000'000;
  b.session.commandSeq = 42;
  b.session.metadata = R"({"client":"Mudlet"})";
  b.log = {{6, 99, "old epoch"}, {7, 1, "first"}, {7, 5, ""}};
  b.lineages = {{"line-1", "dev-1", 7, 1}, {"line-2", "", 6, 99}};
  b.devices = {{"dev-1", 17}, {"dev-2", 0}};
  b.commands = {{41, "look"}, {42, "say 'hi' -- \"there\"; DROP TABLE sessions;"}};
  b.rooms = {"lobby", "tavern"};
  TokenRecord token = tokenOf(b.session.id, "h1");
  token.attemptHash = "attempt";
  token.successorHash = "next";
  token.confirmedAt = kNow - 1;
  b.tokens = {token, tokenOf(b.session.id, "h2")};
  ASSERT_TRUE(store_->saveSession(b).ok());

  const SessionBundle t = mustTake(*open(), b.session.id);
  expectSame(t.session, b.session);
  EXPECT_EQ(t.session.epoch, 7u);
  EXPECT_TRUE(t.session.cleanStop);
  ASSERT_THAT(t.log, SizeIs(3));
  EXPECT_EQ(t.log[0].epoch, 6u);
  EXPECT_EQ(t.log[0].seq, 99u);
  EXPECT_EQ(t.log[0].body, "old epoch");
  EXPECT_EQ(t.log[2].seq, 5u);
  EXPECT_EQ(t.log[2].body, "");
  ASSERT_THAT(t.lineages, SizeIs(2));
  EXPECT_EQ(t.lineages[1].epoch, 6u);
  EXPECT_EQ(t.lineages[1].seq, 99u);
  EXPECT_EQ(t.lineages[0].device, "dev-1");
  ASSERT_THAT(t.devices, SizeIs(2));
  EXPECT_EQ(t.devices[0].lastClientSeq, 17u);
  ASSERT_THAT(t.commands, SizeIs(2));
  EXPECT_EQ(t.commands[1].seq, 42u);
  EXPECT_EQ(t.commands[1].text, b.commands[1].text);
  EXPECT_EQ(t.rooms, b.rooms);
  ASSERT_THAT(t.tokens, SizeIs(2));
  EXPECT_EQ(t.tokens[0].hash, "h1");
  EXPECT_EQ(t.tokens[0].attemptHash, "attempt");
  EXPECT_EQ(t.tokens[0].successorHash, "next");
  EXPECT_EQ(t.tokens[0].confirmedAt, kNow - 1);
  EXPECT_EQ(t.tokens[0].session, b.session.id);
}

TEST_P(SessionStoreContract, ASecondSaveReplacesEverything) {
  SessionBundle b = bundleOf();
  b.log = {{1, 1, "a"}, {1, 2, "b"}};
  b.lineages = {{"x", "", 1, 1}};
  b.devices = {{"d", 1}};
  b.commands = {{1, "one"}};
  b.rooms = {"r"};
  b.tokens = {tokenOf(b.session.id, "t")};
  ASSERT_TRUE(store_->saveSession(b).ok());
  SessionBundle next = bundleOf(b.session.id);
  next.session.state = "playing";
  next.log = {{1, 3, "c"}};
  ASSERT_TRUE(store_->saveSession(next).ok());

  const SessionBundle t = mustTake(*store_, b.session.id);
  EXPECT_EQ(t.session.state, "playing");
  ASSERT_THAT(t.log, SizeIs(1));
  EXPECT_EQ(t.log[0].body, "c");
  EXPECT_THAT(t.lineages, IsEmpty());
  EXPECT_THAT(t.devices, IsEmpty());
  EXPECT_THAT(t.commands, IsEmpty());
  EXPECT_THAT(t.rooms, IsEmpty());
  EXPECT_THAT(t.tokens, IsEmpty());
}

TEST_P(SessionStoreContract, ASaveLeavesATypedCodeAlone) {
  SessionBundle b = bundleOf();
  b.tokens = {tokenOf(b.session.id, "reconnect-1")};
  ASSERT_TRUE(store_->saveSession(b).ok());
  TokenRecord code = tokenOf(b.session.id, "typed");
  code.kind = "code";
  ASSERT_TRUE(store_->putToken(code).ok());
  b.tokens = {tokenOf(b.session.id, "reconnect-2")};
  ASSERT_TRUE(store_->saveSession(b).ok());
  EXPECT_TRUE(store_->findToken("typed", kNow)->has_value());
  EXPECT_TRUE(store_->findToken("reconnect-2", kNow)->has_value());
  EXPECT_FALSE(store_->findToken("reconnect-1", kNow)->has_value());
  ASSERT_TRUE(store_->deleteSession(b.session.id).ok());
  EXPECT_FALSE(store_->findToken("typed", kNow)->has_value());
}

TEST_P(SessionStoreContract, HostileTextIsOnlyText) {
  for (const std::string text : {"'; DROP TABLE sessions; --", "\"quoted\" \\ $1 ? :x @y", "\x1b[2J\r\n\t",
                                 "日本語 \xf0\x9f\x98\x80", "%s%n%d", ""}) {
    SessionBundle b = bundleOf();
    b.session.userName = text;
    b.session.metadata = text;
    b.commands = {{1, text}};
    b.rooms = {text};
    ASSERT_TRUE(store_->saveSession(b).ok()) << text;
    const SessionBundle t = mustTake(*store_, b.session.id);
    EXPECT_EQ(t.session.userName, text);
    EXPECT_EQ(t.session.metadata, text);
    ASSERT_THAT(t.commands, SizeIs(1));
    EXPECT_EQ(t.commands[0].text, text);
    EXPECT_EQ(t.rooms, std::vector<std::string>{text});
  }
}

TEST_P(SessionStoreContract, TextWithNulOrBadUtf8IsRefusedWholly) {
  for (const std::string& text : {std::string("a\0b", 3), std::string("\xff\xfe"), std::string("\xc3")}) {
    SessionBundle b = bundleOf();
    b.commands = {{1, "good"}, {2, text}};
    const auto saved = store_->saveSession(b);
    ASSERT_FALSE(saved.ok());
    EXPECT_EQ(saved.error().code, ErrorCode::kInvalid);
    EXPECT_FALSE(store_->peekSession(b.session.id)->has_value());  // nothing was changed
  }
  // The refusal leaves the store usable.
  EXPECT_TRUE(store_->saveSession(bundleOf()).ok());
}

TEST_P(SessionStoreContract, ReadingASessionChangesNothing) {
  SessionBundle b = bundleOf();
  b.session.epoch = 3;
  b.session.recordCount = 5;
  b.session.expiresAt = kNow - 1;
  b.commands = {{1, "look"}};
  ASSERT_TRUE(store_->saveSession(b).ok());
  for (int i = 0; i < 2; ++i) {
    const auto read = store_->readSession(b.session.id);
    ASSERT_TRUE(read.ok() && read->has_value()) << "expired ones, too";
    EXPECT_EQ((*read)->session.epoch, 3u);
    EXPECT_EQ((*read)->session.recordCount, 5u);
    EXPECT_THAT((*read)->commands, SizeIs(1));
  }
  EXPECT_FALSE(store_->readSession(SessionId::random())->has_value());
}

TEST_P(SessionStoreContract, ARowSaysWhetherItsHostJournals) {
  SessionBundle b = bundleOf();
  b.session.recordCount = 7;
  ASSERT_TRUE(store_->saveSession(b).ok());
  EXPECT_EQ((*store_->takeSession(b.session.id, kNow, true))->session.recordCount, 7u);  // as it was before
  EXPECT_EQ((*store_->peekSession(b.session.id))->recordCount, 7u);
  EXPECT_EQ((*store_->takeSession(b.session.id, kNow, false))->session.recordCount, 7u);
  EXPECT_EQ((*store_->peekSession(b.session.id))->recordCount, 0u);
  EXPECT_EQ((*store_->takeSession(b.session.id, kNow, true))->session.recordCount, 0u);
  EXPECT_EQ((*store_->peekSession(b.session.id))->recordCount, 1u);
}

TEST_P(SessionStoreContract, AUsersOldestPutAwaySessionsCanBeTrimmed) {
  std::vector<SessionId> sessions;
  for (int i = 0; i < 5; ++i) {
    SessionBundle b = bundleOf();
    b.session.userId = "anna";
    b.session.lastActivity = kNow + i;
    b.session.cleanStop = i != 0;  // the oldest is in a host's memory
    b.tokens = {tokenOf(b.session.id, "token " + std::to_string(i))};
    ASSERT_TRUE(store_->saveSession(b).ok());
    sessions.push_back(b.session.id);
  }
  SessionBundle other = bundleOf();
  other.session.userId = "bert";
  other.session.cleanStop = true;
  ASSERT_TRUE(store_->saveSession(other).ok());
  EXPECT_EQ(*store_->trimSessionsOf("anna", 4), 0u);
  EXPECT_EQ(*store_->trimSessionsOf("anna", 2), 2u);
  for (const size_t kept : {0u, 3u, 4u}) EXPECT_TRUE(store_->peekSession(sessions[kept])->has_value()) << kept;
  for (const size_t gone : {1u, 2u}) EXPECT_FALSE(store_->peekSession(sessions[gone])->has_value()) << gone;
  EXPECT_FALSE(store_->findToken("token 1", kNow)->has_value());
  EXPECT_TRUE(store_->peekSession(other.session.id)->has_value());
}

TEST_P(SessionStoreContract, AnUncleanSessionGetsANewEpochEachTimeItIsTaken) {
  SessionBundle b = bundleOf();
  b.session.epoch = 3;
  b.session.cleanStop = false;
  b.session.lastSeq = 9;
  ASSERT_TRUE(store_->saveSession(b).ok());
  const SessionBundle first = mustTake(*store_, b.session.id);
  EXPECT_EQ(first.session.epoch, 5u);
  EXPECT_FALSE(first.session.cleanStop);
  EXPECT_EQ(first.session.lastSeq, 9u);
  EXPECT_EQ((*open()->peekSession(b.session.id))->epoch, 5u);  // committed
  EXPECT_EQ(mustTake(*store_, b.session.id).session.epoch, 7u);
}

TEST_P(SessionStoreContract, TheCleanMarkIsGoodForOneTake) {
  SessionBundle b = bundleOf();
  b.session.epoch = 3;
  b.session.cleanStop = true;
  ASSERT_TRUE(store_->saveSession(b).ok());
  EXPECT_TRUE((*store_->peekSession(b.session.id))->cleanStop);  // peeking takes nothing
  const SessionBundle taken = mustTake(*store_, b.session.id);
  EXPECT_EQ(taken.session.epoch, 3u);
  EXPECT_TRUE(taken.session.cleanStop);
  EXPECT_FALSE((*open()->peekSession(b.session.id))->cleanStop);
  EXPECT_EQ(mustTake(*store_, b.session.id).session.epoch, 5u);  // as after a crash
}

TEST_P(SessionStoreContract, AnOlderEpochNeverOverwritesANewerOne) {
  SessionBundle newer = bundleOf();
  newer.session.epoch = 5;
  newer.log = {{5, 1, "kept"}};
  newer.tokens = {tokenOf(newer.session.id, "kept")};
  ASSERT_TRUE(store_->saveSession(newer).ok());
  SessionBundle older = bundleOf(newer.session.id);
  older.session.epoch = 4;
  const auto saved = store_->saveSession(older);
  ASSERT_FALSE(saved.ok());
  EXPECT_EQ(saved.error().code, ErrorCode::kConflict);
  EXPECT_TRUE(store_->findToken("kept", kNow)->has_value());
  const SessionBundle t = mustTake(*store_, newer.session.id);
  ASSERT_THAT(t.log, SizeIs(1));
  EXPECT_EQ(t.log[0].body, "kept");
  // The same epoch is the same host: it may write again.
  newer.session.epoch = t.session.epoch;
  EXPECT_TRUE(store_->saveSession(newer).ok());
}

TEST_P(SessionStoreContract, AnUnknownOrExpiredSessionIsAbsent) {
  EXPECT_FALSE(store_->takeSession(SessionId::random(), kNow)->has_value());
  EXPECT_FALSE(store_->peekSession(SessionId::random())->has_value());
  SessionBundle b = bundleOf();
  b.session.expiresAt = kNow;
  ASSERT_TRUE(store_->saveSession(b).ok());
  EXPECT_FALSE(store_->takeSession(b.session.id, kNow)->has_value());
  EXPECT_TRUE(store_->takeSession(b.session.id, kNow - 1)->has_value());
  b.session.epoch = 9;
  b.session.expiresAt = 0;  // never
  ASSERT_TRUE(store_->saveSession(b).ok());
  EXPECT_TRUE(store_->takeSession(b.session.id, kNow)->has_value());
}

TEST_P(SessionStoreContract, FindsTheLiveSessionOfACharacter) {
  SessionBundle older = bundleOf();
  SessionBundle newer = bundleOf();
  newer.session.lastActivity = older.session.lastActivity + 1;
  SessionBundle closed = bundleOf();
  closed.session.state = "closed";
  closed.session.lastActivity = kNow;
  SessionBundle expired = bundleOf();
  expired.session.expiresAt = kNow - 1;
  expired.session.lastActivity = kNow;
  SessionBundle other = bundleOf();
  other.session.entityId = "char-2";
  for (const auto* b : {&older, &newer, &closed, &expired, &other}) ASSERT_TRUE(store_->saveSession(*b).ok());
  EXPECT_EQ(*store_->findSession("user-1", "char-1", kNow), newer.session.id);
  EXPECT_EQ(*store_->findSession("user-1", "char-2", kNow), other.session.id);
  EXPECT_EQ(*store_->findSession("user-2", "char-1", kNow), std::nullopt);
}

TEST_P(SessionStoreContract, ListsTheMostRecentlyActiveFirst) {
  std::vector<SessionId> ids;
  for (int i = 0; i < 5; ++i) {
    SessionBundle b = bundleOf();
    b.session.lastActivity = kNow + i;
    ids.push_back(b.session.id);
    ASSERT_TRUE(store_->saveSession(b).ok());
  }
  const auto listed = store_->listSessions(3);
  ASSERT_TRUE(listed.ok());
  ASSERT_THAT(*listed, SizeIs(3));
  EXPECT_EQ((*listed)[0].id, ids[4]);
  EXPECT_EQ((*listed)[2].id, ids[2]);
  EXPECT_THAT(*store_->listSessions(100), SizeIs(5));
}

TEST_P(SessionStoreContract, DeletingASessionDeletesWhatBelongsToIt) {
  SessionBundle b = bundleOf();
  b.log = {{1, 1, "x"}};
  b.commands = {{1, "x"}};
  b.tokens = {tokenOf(b.session.id, "gone")};
  SessionBundle other = bundleOf();
  other.tokens = {tokenOf(other.session.id, "stays")};
  ASSERT_TRUE(store_->saveSession(b).ok());
  ASSERT_TRUE(store_->saveSession(other).ok());
  ASSERT_TRUE(store_->deleteSession(b.session.id).ok());
  EXPECT_FALSE(store_->peekSession(b.session.id)->has_value());
  EXPECT_FALSE(store_->findToken("gone", kNow)->has_value());
  EXPECT_TRUE(store_->findToken("stays", kNow)->has_value());
  EXPECT_TRUE(store_->deleteSession(b.session.id).ok());  // again: nothing to do
  // A session with the same id starts from nothing.
  ASSERT_TRUE(store_->saveSession(bundleOf(b.session.id)).ok());
  const SessionBundle t = mustTake(*store_, b.session.id);
  EXPECT_THAT(t.log, IsEmpty());
  EXPECT_THAT(t.commands, IsEmpty());
}

TEST_P(SessionStoreContract, CleanupDeletesOnlyWhatHasExpired) {
  SessionBundle expired = bundleOf();
  expired.session.expiresAt = kNow;
  expired.tokens = {tokenOf(expired.session.id, "of-expired", kNow + 3600 * kSecond)};
  SessionBundle live = bundleOf();
  live.tokens = {tokenOf(live.session.id, "live"), tokenOf(live.session.id, "old", kNow)};
  SessionBundle forever = bundleOf();
  forever.session.expiresAt = 0;
  for (const auto* b : {&expired, &live, &forever}) ASSERT_TRUE(store_->saveSession(*b).ok());
  const auto gone = store_->deleteExpired(kNow);
  ASSERT_TRUE(gone.ok());
  EXPECT_EQ(*gone, 1u);
  EXPECT_FALSE(store_->peekSession(expired.session.id)->has_value());
  EXPECT_TRUE(store_->peekSession(live.session.id)->has_value());
  EXPECT_TRUE(store_->peekSession(forever.session.id)->has_value());
  EXPECT_FALSE(store_->findToken("of-expired", 0)->has_value());
  EXPECT_FALSE(store_->findToken("old", 0)->has_value());
  EXPECT_TRUE(store_->findToken("live", kNow)->has_value());
  EXPECT_EQ(*store_->deleteExpired(kNow), 0u);
}

TEST_P(SessionStoreContract, TheStoredExpiryOfATokenDecides) {
  const SessionId id = SessionId::random();
  ASSERT_TRUE(store_->putToken(tokenOf(id, "t", kNow)).ok());  // its session need not be stored
  EXPECT_TRUE(store_->findToken("t", kNow - 1)->has_value());
  EXPECT_FALSE(store_->findToken("t", kNow)->has_value());
  ASSERT_TRUE(store_->putToken(tokenOf(id, "none", 0)).ok());
  EXPECT_FALSE(store_->findToken("none", kNow)->has_value());
}

TEST_P(SessionStoreContract, ATokenIsReplacedByItsHashAndRevokedWithItsSession) {
  const SessionId id = SessionId::random();
  TokenRecord token = tokenOf(id, "t1");
  ASSERT_TRUE(store_->putToken(token).ok());
  token.attemptHash = "bound";
  token.confirmedAt = kNow;
  ASSERT_TRUE(store_->putToken(token).ok());
  const auto found = store_->findToken("t1", kNow);
  ASSERT_TRUE(found.ok() && found->has_value());
  EXPECT_EQ((*found)->attemptHash, "bound");
  EXPECT_EQ((*found)->confirmedAt, kNow);
  EXPECT_EQ((*found)->kind, "reconnect");
  EXPECT_EQ((*found)->lineage, "line-1");

  ASSERT_TRUE(store_->putToken(tokenOf(id, "t2")).ok());
  ASSERT_TRUE(store_->putToken(tokenOf(SessionId::random(), "t3")).ok());
  ASSERT_TRUE(store_->deleteToken("t1").ok());
  EXPECT_FALSE(store_->findToken("t1", kNow)->has_value());
  ASSERT_TRUE(store_->deleteTokensOf(id).ok());
  EXPECT_FALSE(store_->findToken("t2", kNow)->has_value());
  EXPECT_TRUE(store_->findToken("t3", kNow)->has_value());
}

TEST_P(SessionStoreContract, ARolledBackTransactionChangesNothing) {
  const SessionBundle b = bundleOf();
  ASSERT_TRUE(store_->begin().ok());
  ASSERT_TRUE(store_->saveSession(b).ok());
  ASSERT_TRUE(store_->addUser(userOf("u", "u")).ok());
  EXPECT_TRUE(store_->peekSession(b.session.id)->has_value());  // seen inside
  store_->rollback();
  EXPECT_FALSE(store_->peekSession(b.session.id)->has_value());
  EXPECT_FALSE(store_->findUser("u")->has_value());
  store_->rollback();  // without begin(): nothing
  EXPECT_FALSE(store_->commit().ok());
}

TEST_P(SessionStoreContract, AnInnerTransactionIsASavepoint) {
  const SessionBundle first = bundleOf();
  const SessionBundle second = bundleOf();
  const SessionBundle third = bundleOf();
  ASSERT_TRUE(store_->begin().ok());
  ASSERT_TRUE(store_->saveSession(first).ok());
  ASSERT_TRUE(store_->begin().ok());
  ASSERT_TRUE(store_->saveSession(second).ok());
  store_->rollback();
  ASSERT_TRUE(store_->begin().ok());
  ASSERT_TRUE(store_->saveSession(third).ok());
  ASSERT_TRUE(store_->commit().ok());
  ASSERT_TRUE(store_->commit().ok());
  auto other = open();
  EXPECT_TRUE(other->peekSession(first.session.id)->has_value());
  EXPECT_FALSE(other->peekSession(second.session.id)->has_value());
  EXPECT_TRUE(other->peekSession(third.session.id)->has_value());
}

TEST_P(SessionStoreContract, AFailureInsideATransactionLeavesTheRestOfIt) {
  ASSERT_TRUE(store_->begin().ok());
  ASSERT_TRUE(store_->addUser(userOf("u1", "taken")).ok());
  EXPECT_EQ(store_->addUser(userOf("u2", "taken")).error().code, ErrorCode::kConflict);
  ASSERT_TRUE(store_->addUser(userOf("u3", "free")).ok());
  ASSERT_TRUE(store_->commit().ok());
  EXPECT_TRUE(open()->findUser("taken")->has_value());
  EXPECT_TRUE(open()->findUser("free")->has_value());
}

TEST_P(SessionStoreContract, AnUnfinishedTransactionDiesWithItsStore) {
  const SessionBundle b = bundleOf();
  {
    auto other = open();
    ASSERT_TRUE(other->begin().ok());
    ASSERT_TRUE(other->saveSession(b).ok());
  }
  EXPECT_FALSE(store_->peekSession(b.session.id)->has_value());
  EXPECT_TRUE(store_->saveSession(b).ok());  // and holds no lock
}

}  // namespace
}  // namespace gw::store
