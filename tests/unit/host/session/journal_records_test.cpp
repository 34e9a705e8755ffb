#include "session/journal_records.h"

#include <gtest/gtest.h>

#include <random>

namespace gw::session {
namespace {

plugin::Event say(const std::string& text) {
  plugin::Event event;
  event.text = text;
  return event;
}

std::vector<JournalRecord> mustRead(const std::string& commit) {
  std::vector<JournalRecord> records;
  const auto read = readCommit(commit, [&](JournalRecord record) { records.push_back(std::move(record)); });
  EXPECT_TRUE(read.ok()) << read.error().message;
  return records;
}

std::string commitOf(JournalWriter& writer) {
  std::string commit;
  appendPart(commit, writer.take());
  return commit;
}

TEST(JournalRecords, EveryKindComesBack) {
  const SessionId id = SessionId::random();
  JournalWriter writer;
  const uint32_t session = writer.addSession(id);
  writer.event(session, 1, {3, UINT64_MAX}, writer.addBody(say("hello")));
  writer.command(session, 2, 77, std::string("look \0 around", 13));
  writer.commandsDone(session, 3, 77);
  writer.device(session, 4, "dev-1", 9);
  writer.rooms(session, 5, {"lobby", "garden"});
  writer.rooms(session, 6, {});
  const auto records = mustRead(commitOf(writer));
  ASSERT_EQ(records.size(), 6u);
  for (size_t i = 0; i < records.size(); ++i) {
    EXPECT_EQ(records[i].session, id);
    EXPECT_EQ(records[i].number, i + 1);
  }
  EXPECT_EQ(records[0].at, (Position{3, UINT64_MAX}));
  plugin::Event event;
  ASSERT_TRUE(unpackEvent(*records[0].body, event));
  EXPECT_EQ(event.text, "hello");
  EXPECT_EQ(records[1].seq, 77u);
  EXPECT_EQ(records[1].text.size(), 13u);
  EXPECT_EQ(records[2].kind, JournalRecord::Kind::kCommandsDone);
  EXPECT_EQ(records[3].text, "dev-1");
  EXPECT_EQ(records[3].seq, 9u);
  EXPECT_EQ(records[4].rooms, (std::vector<std::string>{"lobby", "garden"}));
  EXPECT_TRUE(records[5].rooms.empty());
}

TEST(JournalRecords, ABodyForManyIsWrittenOnce) {
  JournalWriter writer;
  const std::string text(10'000, 'x');
  const uint32_t body = writer.addBody(say(text));
  for (int i = 0; i < 1000; ++i) writer.event(writer.addSession(SessionId::random()), 1, {1, 1}, body);
  const std::string commit = commitOf(writer);
  EXPECT_LT(commit.size(), text.size() + 1000 * 32);
  const auto records = mustRead(commit);
  ASSERT_EQ(records.size(), 1000u);
  EXPECT_EQ(records.front().body, records.back().body) << "shared, not copied";
}

TEST(JournalRecords, PartsOfSeveralLoopsFollowOneAnother) {
  std::string commit;
  const SessionId first = SessionId::random(), second = SessionId::random();
  for (const SessionId& id : {first, second}) {
    JournalWriter writer;
    writer.commandsDone(writer.addSession(id), 1, 5);
    appendPart(commit, writer.take());
    EXPECT_TRUE(writer.isEmpty());
  }
  const auto records = mustRead(commit);
  ASSERT_EQ(records.size(), 2u);
  EXPECT_EQ(records[0].session, first);
  EXPECT_EQ(records[1].session, second);
}

TEST(JournalRecords, DamageIsSeenAndNeverCrashes) {
  JournalWriter writer;
  const uint32_t session = writer.addSession(SessionId::random());
  writer.event(session, 1, {1, 2}, writer.addBody(say("hello")));
  writer.device(session, 2, "dev-1", 9);
  writer.rooms(session, 3, {"lobby"});
  const std::string good = commitOf(writer);
  for (size_t length = 1; length < good.size(); ++length)
    EXPECT_FALSE(readCommit(good.substr(0, length), [](JournalRecord) {}).ok()) << length;
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  for (int i = 0; i < 20'000; ++i) {
    std::string bad = good;
    for (int n = 0; n < 3; ++n) bad[random() % bad.size()] = static_cast<char>(random());
    (void)readCommit(bad, [](JournalRecord) {});
  }
}

}  // namespace
}  // namespace gw::session
