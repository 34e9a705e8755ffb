// Facts, check and backup of an SQLite store, beside the store that works on it.

#include <Poco/Data/SQLite/Connector.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "store/schema.h"
#include "store/session_store.h"
#include "store/sql.h"
#include "store/store_care.h"
#include "temp_folder.h"

namespace gw::store {
namespace {

using testing::HasSubstr;

class SqliteCareTest : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = sqliteFactory(folder_.file())->open();
    ASSERT_TRUE(opened.ok()) << opened.error().message;
    store_ = std::move(*opened);
    SessionBundle bundle;
    bundle.session.id = id_;
    bundle.session.state = "playing";
    bundle.log = {{1, 1, "said"}};
    ASSERT_TRUE(store_->saveSession(bundle).ok());
  }
  TempFolder folder_;
  const SessionId id_ = SessionId::random();
  std::unique_ptr<SessionStore> store_;
  std::unique_ptr<StoreCare> care_ = sqliteCare(folder_.file());
};

TEST_F(SqliteCareTest, KnowsTheSchemaTheSizeAndTheSessions) {
  const auto facts = care_->facts();
  ASSERT_TRUE(facts.ok()) << facts.error().message;
  EXPECT_EQ(facts->schemaVersion, latestSchema());
  EXPECT_EQ(facts->sessions, 1u);
  EXPECT_GT(facts->bytes, 4096u);
}

TEST_F(SqliteCareTest, FindsASoundStoreSound) {
  const auto problems = care_->check();
  ASSERT_TRUE(problems.ok()) << problems.error().message;
  EXPECT_THAT(*problems, testing::IsEmpty());
}

TEST_F(SqliteCareTest, NamesRowsThatBelongToNothing) {
  Poco::Data::SQLite::Connector::registerConnector();
  Sql raw(Poco::Data::Session("SQLite", folder_.file()), false);  // without foreign keys
  raw.once("INSERT INTO session_rooms VALUES ('nobody', 'lobby')");
  const auto problems = care_->check();
  ASSERT_TRUE(problems.ok());
  EXPECT_THAT(*problems, testing::Contains(HasSubstr("session_rooms points to none of sessions")));
  EXPECT_THAT(*problems, testing::Contains("1 rooms of sessions that are not there"));
}

TEST_F(SqliteCareTest, NamesADamagedFile) {
  store_.reset();
  std::fstream file(folder_.file(), std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(3 * 4096);
  file << std::string(8 * 4096, '\x5a');
  file.close();
  const auto problems = care_->check();
  if (problems.ok()) {
    EXPECT_FALSE(problems->empty());
  } else {
    EXPECT_EQ(problems.error().detail, "storeDamaged") << problems.error().message;
  }
}

TEST_F(SqliteCareTest, ABackupIsAWholeStoreForItsOwnerAlone) {
  const std::string copy = folder_.file("it's a copy.db");
  ASSERT_TRUE(store_->begin().ok());
  ASSERT_TRUE(store_->putSetting("not yet", "committed").ok());
  const auto done = care_->backup(copy);  // a writer holds nothing up
  ASSERT_TRUE(done.ok()) << done.error().message;
  ASSERT_TRUE(store_->commit().ok());
  struct stat found {};
  ASSERT_EQ(::stat(copy.c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 0777, 0600u);
  auto restored = sqliteFactory(copy)->open();
  ASSERT_TRUE(restored.ok()) << restored.error().message;
  EXPECT_TRUE((*restored)->peekSession(id_)->has_value());
  EXPECT_FALSE((*restored)->getSetting("not yet")->has_value());
}

TEST_F(SqliteCareTest, ABackupOverwritesNothingAndLeavesNothingHalf) {
  const std::string taken = folder_.file("taken");
  std::ofstream(taken) << "precious";
  EXPECT_EQ(care_->backup(taken).error().code, ErrorCode::kConflict);
  std::string text;
  std::ifstream(taken) >> text;
  EXPECT_EQ(text, "precious");
  EXPECT_EQ(care_->backup("relative.db").error().code, ErrorCode::kInvalid);
  EXPECT_THAT(care_->backup(folder_.file("none/copy.db")).error().message, HasSubstr("none/copy.db"));
}

}  // namespace
}  // namespace gw::store
