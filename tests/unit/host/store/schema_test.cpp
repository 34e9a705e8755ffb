#include "store/schema.h"

#include <Poco/Data/SQLite/Connector.h>
#include <gtest/gtest.h>

#include "store/sql_session_store.h"
#include "store/sqlite_errors.h"

namespace gw::store {
namespace {

constexpr Dialect kDialect{"BEGIN IMMEDIATE", true, "BLOB", explainSqlite};

class SchemaTest : public testing::Test {
 protected:
  SchemaTest() : sql_(session(), true) {}
  static Poco::Data::Session session() {
    Poco::Data::SQLite::Connector::registerConnector();
    Poco::Data::Session made("SQLite", ":memory:");
    return made;
  }
  int64_t count(const char* query) { return std::get<0>(sql_.rows<int64_t>(query).front()); }
  Sql sql_;
};

TEST_F(SchemaTest, VersionsAreAscendingWithoutHoles) {
  int expected = 1;
  for (const auto& migration : migrations()) EXPECT_EQ(migration.version, expected++);
  EXPECT_EQ(latestSchema(), expected - 1);
}

TEST_F(SchemaTest, AppliesEachVersionOnce) {
  migrate(sql_, kDialect, migrations(), 5);
  migrate(sql_, kDialect, migrations(), 6);
  EXPECT_EQ(count("SELECT COUNT(*) FROM schema_versions"), latestSchema());
  EXPECT_EQ(count("SELECT MAX(applied_at) FROM schema_versions"), 5);
}

TEST_F(SchemaTest, AppliesOnlyWhatIsMissing) {
  std::vector<Migration> later = migrations();
  migrate(sql_, kDialect, later, 1);
  const int next = latestSchema() + 1;
  later.push_back({next, {"CREATE TABLE added (packed {bytes} NOT NULL)", "INSERT INTO added VALUES (x'00')"}});
  migrate(sql_, kDialect, later, 2);
  migrate(sql_, kDialect, later, 3);
  EXPECT_EQ(count("SELECT COUNT(*) FROM added"), 1);
  EXPECT_EQ(count("SELECT MAX(version) FROM schema_versions"), next);
}

TEST_F(SchemaTest, RefusesANewerSchemaAndNamesBothVersions) {
  migrate(sql_, kDialect, migrations(), 1);
  sql_.once("INSERT INTO schema_versions VALUES (977, 1)");
  try {
    migrate(sql_, kDialect, migrations(), 2);
    FAIL() << "accepted a newer schema";
  } catch (const NewerSchema& e) {
    const std::string text = e.what();
    EXPECT_NE(text.find("version 977"), text.npos) << text;
    EXPECT_NE(text.find("up to " + std::to_string(latestSchema())), text.npos) << text;
  }
}

TEST_F(SchemaTest, HasTheTablesAndIndexesOfTheDesign) {
  migrate(sql_, kDialect, migrations(), 1);
  for (const std::string table :
       {"sessions", "session_command_queue", "session_event_log", "tokens", "lineages", "session_devices",
        "link_counts", "account_tokens", "api_tokens", "users", "user_settings", "login_prefixes", "bans", "characters",
        "rooms", "session_rooms", "gateway_settings"}) {
    EXPECT_EQ(
        std::get<0>(
            sql_.rows<int64_t>("SELECT COUNT(*) FROM sqlite_master WHERE type = 'table' AND name = $1", table).front()),
        1)
        << table;
  }
  EXPECT_GE(count("SELECT COUNT(*) FROM sqlite_master WHERE type = 'index' AND name LIKE 'sessions_%'"), 4);
}

TEST_F(SchemaTest, ChecksStatesAndCascadesDeletes) {
  sql_.once("PRAGMA foreign_keys = ON");
  migrate(sql_, kDialect, migrations(), 1);
  const std::string insert =
      "INSERT INTO sessions (id, epoch, gateway_id, backend, user_id, user_name, entity_id, entity_name, created_at, "
      "last_activity, state, protocol, client_addr, metadata, expires_at, clean_stop, last_seq, command_seq) VALUES "
      "('s', 1, '', '', '', '', '', '', 0, 0, '";
  EXPECT_THROW(sql_.once(insert + "sleeping', '', '', '', 0, 0, 0, 0)"), Poco::Exception);
  sql_.once(insert + "playing', '', '', '', 0, 0, 0, 0)");
  sql_.once("INSERT INTO session_command_queue VALUES ('s', 1, 'look')");
  sql_.once("INSERT INTO session_event_log VALUES ('s', 1, 1, 1, x'01', 1, 1)");
  sql_.once("INSERT INTO lineages VALUES ('s', 'l', '', 1, 1)");
  sql_.once("INSERT INTO session_devices VALUES ('s', 'd', 1)");
  sql_.once("INSERT INTO session_rooms VALUES ('s', 'r')");
  EXPECT_THROW(sql_.once("INSERT INTO session_rooms VALUES ('nobody', 'r')"), Poco::Exception);
  sql_.once("DELETE FROM sessions WHERE id = 's'");
  EXPECT_EQ(count("SELECT (SELECT COUNT(*) FROM session_command_queue) + (SELECT COUNT(*) FROM session_event_log) + "
                  "(SELECT COUNT(*) FROM lineages) + (SELECT COUNT(*) FROM session_devices) + "
                  "(SELECT COUNT(*) FROM session_rooms)"),
            0);
}

}  // namespace
}  // namespace gw::store
