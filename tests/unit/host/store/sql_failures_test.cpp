// What the store does when the database gives up under it.

#include <Poco/Data/SQLite/Connector.h>
#include <Poco/Data/SQLite/SQLiteException.h>
#include <gtest/gtest.h>

#include <functional>

#include "store/schema.h"
#include "store/sql_session_store.h"
#include "store/sqlite_errors.h"
#include "temp_folder.h"

namespace gw::store {
namespace {

namespace sqlite = Poco::Data::SQLite;

constexpr Dialect kDialect{"BEGIN IMMEDIATE", true, "BLOB", explainSqlite};

Error explained(const std::function<void()>& thrower) {
  try {
    thrower();
  } catch (const std::exception&) {
    return explainSqlite("/var/lib/gw/gateway.db");
  }
  return {};
}

template <typename E>
ErrorCode codeOf() {
  const Error error = explained([] { throw E("why"); });
  EXPECT_NE(error.message.find("/var/lib/gw/gateway.db"), std::string::npos);
  return error.code;
}

TEST(SqliteErrors, TellsWhatIsWorthARetry) {
  EXPECT_EQ(codeOf<sqlite::DBLockedException>(), ErrorCode::kBusy);
  EXPECT_EQ(codeOf<sqlite::TableLockedException>(), ErrorCode::kBusy);
  EXPECT_EQ(codeOf<sqlite::DatabaseFullException>(), ErrorCode::kUnavailable);
  EXPECT_EQ(codeOf<sqlite::IOErrorException>(), ErrorCode::kUnavailable);
  EXPECT_EQ(codeOf<sqlite::CantOpenDBFileException>(), ErrorCode::kUnavailable);
  EXPECT_EQ(codeOf<sqlite::ReadOnlyException>(), ErrorCode::kUnavailable);
  EXPECT_EQ(codeOf<sqlite::NoMemoryException>(), ErrorCode::kUnavailable);
}

TEST(SqliteErrors, TellsWhatARetryCannotHelp) {
  EXPECT_EQ(codeOf<sqlite::ConstraintViolationException>(), ErrorCode::kConflict);
  EXPECT_EQ(codeOf<sqlite::CorruptImageException>(), ErrorCode::kInternal);
  EXPECT_EQ(codeOf<sqlite::InvalidSQLStatementException>(), ErrorCode::kInternal);
  EXPECT_EQ(codeOf<NewerSchema>(), ErrorCode::kInvalid);
  EXPECT_EQ(codeOf<std::runtime_error>(), ErrorCode::kInternal);
  const Error image = explained([] { throw sqlite::CorruptImageException("malformed"); });
  EXPECT_EQ(image.detail, "storeDamaged");
}

class BrokenTransaction : public testing::Test {
 protected:
  BrokenTransaction() : session_(opened(folder_.file())), raw_(session_, false) {
    migrate(raw_, kDialect, migrations(), 1);
    store_ = std::make_unique<SqlSessionStore>(session_, kDialect, folder_.file());
  }
  static Poco::Data::Session opened(const std::string& file) {
    sqlite::Connector::registerConnector();
    return Poco::Data::Session("SQLite", file);
  }
  TempFolder folder_;
  Poco::Data::Session session_;
  Sql raw_;  // the same connection as the store's
  std::unique_ptr<SqlSessionStore> store_;
};

TEST_F(BrokenTransaction, NothingIsCommittedPieceByPieceAfterTheDatabaseEndedIt) {
  ASSERT_TRUE(store_->begin().ok());
  ASSERT_TRUE(store_->putSetting("first", "1").ok());
  ASSERT_TRUE(store_->begin().ok());
  raw_.once("ROLLBACK");  // as SQLite does by itself on some I/O errors
  store_->rollback();     // of a savepoint that is gone
  const auto second = store_->putSetting("second", "2");
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::kUnavailable);
  const auto done = store_->commit();
  ASSERT_FALSE(done.ok());
  EXPECT_EQ(done.error().code, ErrorCode::kUnavailable);  // worth a retry of the whole
  EXPECT_FALSE(store_->getSetting("first")->has_value());
  EXPECT_FALSE(store_->getSetting("second")->has_value());
  ASSERT_TRUE(store_->begin().ok());
  ASSERT_TRUE(store_->putSetting("first", "1").ok());
  EXPECT_TRUE(store_->commit().ok());
}

TEST_F(BrokenTransaction, ACommitThatFailsEndsTheTransaction) {
  ASSERT_TRUE(store_->begin().ok());
  ASSERT_TRUE(store_->putSetting("a", "1").ok());
  raw_.once("ROLLBACK");
  EXPECT_FALSE(store_->commit().ok());
  EXPECT_FALSE(store_->commit().ok());  // none is open
  EXPECT_FALSE(store_->getSetting("a")->has_value());
  EXPECT_TRUE(store_->putSetting("a", "2").ok());
}

TEST_F(BrokenTransaction, AFullDatabaseIsUnavailableAndChangesNothing) {
  ASSERT_TRUE(store_->putSetting("before", "1").ok());
  const auto pages = std::get<0>(raw_.rows<int64_t>("PRAGMA page_count").front());
  raw_.once("PRAGMA max_page_count = " + std::to_string(pages + 8));
  SessionBundle big;
  big.session.id = SessionId::random();
  big.session.state = "playing";
  big.log = {{1, 1, std::string(1 << 20, 'e')}};
  const auto saved = store_->saveSession(big);
  ASSERT_FALSE(saved.ok());
  EXPECT_EQ(saved.error().code, ErrorCode::kUnavailable) << saved.error().message;
  EXPECT_FALSE(store_->peekSession(big.session.id)->has_value());
  EXPECT_TRUE(store_->getSetting("before")->has_value());
  raw_.once("PRAGMA max_page_count = 1000000");  // somebody made room
  EXPECT_TRUE(store_->saveSession(big).ok());
}

}  // namespace
}  // namespace gw::store
