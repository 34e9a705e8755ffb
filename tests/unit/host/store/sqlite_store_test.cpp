// What is SQLite's own: the file, its rights, damage, locks. The behaviour is in tests/contract.

#include <Poco/Data/SQLite/Connector.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <thread>

#include "store/migrations/migrations.h"
#include "store/session_store.h"
#include "store/sql.h"
#include "temp_folder.h"

namespace gw::store {
namespace {

mode_t modeOf(const std::string& path) {
  struct stat found {};
  EXPECT_EQ(stat(path.c_str(), &found), 0) << path;
  return found.st_mode & 0777;
}

Poco::Data::Session rawSession(const std::string& file) {
  Poco::Data::SQLite::Connector::registerConnector();
  return Poco::Data::Session("SQLite", file);
}

std::string refusal(const std::string& file) {
  auto opened = sqliteFactory(file)->open();
  if (opened.ok()) return "opened";
  return opened.error().message;
}

SessionBundle sampleBundle() {
  SessionBundle b;
  b.session.id = SessionId::random();
  b.session.state = "playing";
  return b;
}

TEST(SqliteStore, MakesItsFilesForItsOwnerAlone) {
  const mode_t before = umask(0);
  TempFolder folder;
  auto store = sqliteFactory(folder.file())->open();
  ASSERT_TRUE(store.ok()) << store.error().message;
  ASSERT_TRUE((*store)->putSetting("a", "b").ok());
  umask(before);
  EXPECT_EQ(modeOf(folder.file()), 0600u);
  EXPECT_EQ(modeOf(folder.file() + "-wal"), 0600u);
  EXPECT_EQ(modeOf(folder.file() + "-shm"), 0600u);
}

TEST(SqliteStore, TakesOtherPeoplesRightsAway) {
  TempFolder folder;
  ASSERT_TRUE(sqliteFactory(folder.file())->open().ok());
  ASSERT_EQ(chmod(folder.file().c_str(), 0644), 0);
  ASSERT_TRUE(sqliteFactory(folder.file())->open().ok());
  EXPECT_EQ(modeOf(folder.file()), 0600u);
}

TEST(SqliteStore, RefusesPlacesThatOthersCanTouch) {
  TempFolder folder;
  EXPECT_NE(refusal(folder.path + "/none/gateway.db").find(folder.path + "/none does not exist"), std::string::npos);
  ASSERT_EQ(chmod(folder.path.c_str(), 0770), 0);
  EXPECT_NE(refusal(folder.file()).find("can be written by others"), std::string::npos);
  ASSERT_EQ(chmod(folder.path.c_str(), 0700), 0);
  ASSERT_EQ(symlink("/etc/hostname", folder.file("link").c_str()), 0);
  EXPECT_NE(refusal(folder.file("link")).find("symbolic link"), std::string::npos);
  ASSERT_EQ(mkdir(folder.file("dir").c_str(), 0700), 0);
  EXPECT_NE(refusal(folder.file("dir")).find("not a regular file"), std::string::npos);
}

TEST(SqliteStore, NamesAFileThatIsNoDatabase) {
  TempFolder folder;
  std::ofstream(folder.file()) << std::string(8192, 'x');
  const auto opened = sqliteFactory(folder.file())->open();
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().detail, "storeDamaged") << opened.error().message;
  EXPECT_NE(opened.error().message.find(folder.file()), std::string::npos);
  EXPECT_NE(opened.error().message.find("backup"), std::string::npos);
}

TEST(SqliteStore, NamesADatabaseDamagedInTheMiddle) {
  TempFolder folder;
  {
    auto store = sqliteFactory(folder.file())->open();
    ASSERT_TRUE(store.ok());
    for (int i = 0; i < 200; ++i) ASSERT_TRUE((*store)->saveSession(sampleBundle()).ok());
  }
  std::fstream file(folder.file(), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(4096);
  file << std::string(40 * 4096, '\x5a');
  file.close();
  auto store = sqliteFactory(folder.file())->open();
  const Result<void> outcome = store.ok() ? (*store)->saveSession(sampleBundle()) : Result<void>(store.error());
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().detail, "storeDamaged") << outcome.error().message;
  EXPECT_NE(outcome.error().message.find(folder.file()), std::string::npos);
}

TEST(SqliteStore, RefusesANewerDatabase) {
  TempFolder folder;
  ASSERT_TRUE(sqliteFactory(folder.file())->open().ok());
  Sql raw(rawSession(folder.file()), false);
  raw.once("INSERT INTO schema_versions VALUES (4711, 1)");
  const std::string text = refusal(folder.file());
  EXPECT_NE(text.find("version 4711"), text.npos) << text;
  EXPECT_NE(text.find("versions up to " + std::to_string(latestSchema())), text.npos) << text;
  EXPECT_NE(text.find(folder.file()), text.npos) << text;
}

TEST(SqliteStore, ManyOpenersMigrateOnce) {
  TempFolder folder;
  std::vector<std::thread> threads;
  std::atomic<int> opened{0};
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      auto store = sqliteFactory(folder.file())->open();
      EXPECT_TRUE(store.ok()) << store.error().message;
      if (store.ok()) ++opened;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(opened.load(), 6);
  Sql raw(rawSession(folder.file()), false);
  EXPECT_EQ(std::get<0>(raw.rows<int64_t>("SELECT COUNT(*) FROM schema_versions").front()), latestSchema());
}

TEST(SqliteStore, KeepsEverythingOverAReopen) {
  TempFolder folder;
  SessionBundle b = sampleBundle();
  b.log = {{1, 1, std::string(100'000, 'e')}};
  {
    auto store = sqliteFactory(folder.file())->open();
    ASSERT_TRUE((*store)->saveSession(b).ok());
  }
  auto store = sqliteFactory(folder.file())->open();
  const auto taken = (*store)->takeSession(b.session.id, 1);
  ASSERT_TRUE(taken.ok() && taken->has_value());
  EXPECT_EQ((*taken)->log.at(0).body, b.log[0].body);
}

TEST(SqliteStore, ADamagedStoredLogIsAnErrorAndNotACrash) {
  TempFolder folder;
  auto store = sqliteFactory(folder.file())->open();
  const SessionBundle b = sampleBundle();
  ASSERT_TRUE((*store)->saveSession(b).ok());
  Sql raw(rawSession(folder.file()), false);
  raw.run("INSERT INTO session_event_log VALUES ($1, 1, 1, 1, x'0101', 1, 1)", b.session.id.toString());
  const auto taken = (*store)->takeSession(b.session.id, 1);
  ASSERT_FALSE(taken.ok());
  EXPECT_EQ(taken.error().code, ErrorCode::kInternal);
  EXPECT_EQ((*(*store)->peekSession(b.session.id))->epoch, 1u);  // nothing was changed
}

TEST(SqliteStore, AnUnknownStateIsAConflictAndLeavesTheStoreUsable) {
  TempFolder folder;
  auto store = sqliteFactory(folder.file())->open();
  SessionBundle b = sampleBundle();
  b.session.state = "sleeping";
  const auto saved = (*store)->saveSession(b);
  ASSERT_FALSE(saved.ok());
  EXPECT_EQ(saved.error().code, ErrorCode::kConflict);
  b.session.state = "disconnected";
  EXPECT_TRUE((*store)->saveSession(b).ok());
}

TEST(SqliteStore, ALockedDatabaseIsBusy) {
  TempFolder folder;
  auto store = sqliteFactory(folder.file(), Durability::kRelaxed, 100)->open();
  Sql raw(rawSession(folder.file()), false);
  raw.once("BEGIN IMMEDIATE");
  const auto start = std::chrono::steady_clock::now();
  const auto begun = (*store)->begin();  // waits out the busy timeout
  ASSERT_FALSE(begun.ok());
  EXPECT_EQ(begun.error().code, ErrorCode::kBusy);
  EXPECT_GT(std::chrono::steady_clock::now() - start, std::chrono::milliseconds(90));
  raw.once("ROLLBACK");
  EXPECT_TRUE((*store)->begin().ok());
  EXPECT_TRUE((*store)->commit().ok());
}

TEST(SqliteStore, AFileHasOneGateway) {
  TempFolder folder;
  auto first = sqliteFactory(folder.file());
  ASSERT_TRUE(first->claim("gw-1").ok());
  const auto second = sqliteFactory(folder.file())->claim("gw-2");
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
  EXPECT_NE(second.error().message.find("another gwhost (pid "), std::string::npos) << second.error().message;
  first.reset();
  EXPECT_TRUE(sqliteFactory(folder.file())->claim("gw-2").ok());
}

TEST(SqliteStore, SavesThousandsOfSessionsASecondInGroups) {
  TempFolder folder;
  auto store = sqliteFactory(folder.file())->open();
  constexpr int kSessions = 1000;
  SessionBundle b = sampleBundle();
  for (uint64_t i = 1; i <= 100; ++i) b.log.push_back({1, i, std::string(80, 'e')});
  b.lineages = {{"l", "d", 1, 50}};
  b.devices = {{"d", 9}};
  b.rooms = {"lobby"};
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < kSessions; ++i) {
    if (i % 100 == 0) {
      ASSERT_TRUE((*store)->begin().ok());
    }
    b.session.id = SessionId::random();
    ASSERT_TRUE((*store)->saveSession(b).ok());
    if (i % 100 == 99) {
      ASSERT_TRUE((*store)->commit().ok());
    }
  }
  const auto took = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  RecordProperty("sessionsPerSecond", static_cast<int>(kSessions / took));
  std::printf("saveSession: %.0f a second\n", kSessions / took);
  EXPECT_EQ((*store)->listSessions(10'000)->size(), static_cast<size_t>(kSessions));
}

}  // namespace
}  // namespace gw::store
