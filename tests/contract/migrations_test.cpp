// A database of every earlier version becomes what a fresh one is, and keeps what is in it.

#include <Poco/Data/SQLite/Connector.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "base/crypto.h"
#include "store/postgres_connection.h"
#include "store/postgres_errors.h"
#include "store/postgres_store.h"
#include "store/schema.h"
#include "store/sql_session_store.h"
#include "store/sqlite_errors.h"
#include "support/child_process.h"
#include "support/postgres_database.h"

namespace gw::store {
namespace {

/// One empty database, as raw SQL sees it and as the product opens it.
struct Database {
  std::shared_ptr<void> hold;
  Dialect dialect;
  Poco::Data::Session session;
  std::unique_ptr<StoreFactory> factory;
  const char* columns;  // a query: table, column, type, in order
};

struct Kind {
  const char* name;
  Database (*make)();
};

Database sqlite() {
  Poco::Data::SQLite::Connector::registerConnector();
  auto folder = std::make_shared<test::TempFolder>();
  const std::string file = folder->file("gateway.db");
  folder->write("gateway.db", "");
  return {folder,
          {"BEGIN IMMEDIATE", false, "BLOB", explainSqlite},
          Poco::Data::Session("SQLite", file),
          sqliteFactory(file),
          "SELECT m.type || ' ' || m.name, COALESCE(c.name, ''), COALESCE(c.type || c.\"notnull\" || c.pk, '') "
          "FROM sqlite_master m LEFT JOIN pragma_table_info(m.name) c ORDER BY 1, 2"};
}

Database postgres() {
  const PostgresOptions options = test::newPostgresDatabase();
  std::optional<Poco::Data::Session> none;
  return {nullptr,
          {"BEGIN", false, "BYTEA", explainPostgres, true},
          openPostgres(options, Durability::kRelaxed, none),
          postgresFactory(options),
          "SELECT table_name, column_name, data_type || is_nullable || COALESCE(column_default, '') "
          "FROM information_schema.columns WHERE table_schema = 'public' "
          "UNION ALL SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' "
          "UNION ALL SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint "
          "WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2, 3"};
}

using Shape = std::vector<std::tuple<std::string, std::string, std::string>>;

class Migrations : public testing::TestWithParam<Kind> {
 protected:
  static Shape shapeOf(const Database& database) {
    Sql sql(database.session, false);
    return sql.rows<std::string, std::string, std::string>(database.columns);
  }
  static std::vector<Migration> upTo(int version) {
    std::vector<Migration> some = migrations();
    std::erase_if(some, [&](const Migration& m) { return m.version > version; });
    return some;
  }
};

// Rows of what version 1 had, as its program wrote them. Never edited, as version 1 is not.
const std::vector<const char*> kRowsOfV1 = {
    "INSERT INTO sessions (id, epoch, gateway_id, backend, user_id, user_name, entity_id, entity_name, created_at, "
    "last_activity, state, protocol, client_addr, metadata, expires_at, clean_stop, last_seq, command_seq) VALUES "
    "('AAAAAAAAAAAAAAAAAAAAAQ', 3, 'gw', 'lobby', 'u1', 'Zoe', 'c1', 'Zoe', 1, 2, 'disconnected', "
    "'telnet', '127.0.0.1', '{}', 0, 1, 9, 4)",
    "INSERT INTO session_rooms (session_id, room) VALUES ('AAAAAAAAAAAAAAAAAAAAAQ', 'lobby')",
    "INSERT INTO lineages (session_id, lineage, device, epoch, seq) VALUES "
    "('AAAAAAAAAAAAAAAAAAAAAQ', 'l1', 'd1', 3, 7)",
    "INSERT INTO tokens (hash, kind, session_id, lineage, device, attempt_hash, successor_hash, confirmed_at, "
    "expires_at) VALUES ('h1', 'reconnect', 'AAAAAAAAAAAAAAAAAAAAAQ', 'l1', 'd1', '', '', 0, 99)",
    "INSERT INTO users (id, name, name_key, password_hash, created_at, last_login_at, locked) VALUES "
    "('u1', 'Zoe', 'zoe', 'hash', 1, 2, 0)",
    "INSERT INTO bans (id, kind, subject, reason, created_at, expires_at) VALUES ('b1', 'user', 'x', 'rude', 1, 0)",
    "INSERT INTO gateway_settings (setting, content) VALUES ('gatewayId', 'gw')"};

TEST_P(Migrations, EveryEarlierVersionBecomesTheLatest) {
  const Database fresh = GetParam().make();
  ASSERT_TRUE(fresh.factory->open().ok());
  const Shape wanted = shapeOf(fresh);
  EXPECT_GT(wanted.size(), 50u);
  for (int version = 0; version <= latestSchema(); ++version) {
    const Database old = GetParam().make();
    {
      Sql sql(old.session, false);
      if (version > 0) migrate(sql, old.dialect, upTo(version), 5);
    }
    const auto opened = old.factory->open();
    ASSERT_TRUE(opened.ok()) << version << ": " << opened.error().message;
    EXPECT_EQ(shapeOf(old), wanted) << "from version " << version;
  }
}

TEST_P(Migrations, WhatVersion1StoredIsReadByTheLatest) {
  const Database old = GetParam().make();
  {
    Sql sql(old.session, false);
    migrate(sql, old.dialect, upTo(1), 5);
    for (const char* row : kRowsOfV1) sql.once(row);
  }
  auto opened = old.factory->open();
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  SessionStore& store = **opened;
  const auto taken = store.takeSession(*SessionId::parse("AAAAAAAAAAAAAAAAAAAAAQ"), 50);
  ASSERT_TRUE(taken.ok() && taken->has_value());
  EXPECT_EQ((*taken)->session.epoch, 3u);
  EXPECT_EQ((*taken)->session.entityName, "Zoe");
  EXPECT_EQ((*taken)->rooms, std::vector<std::string>{"lobby"});
  EXPECT_EQ((*taken)->lineages.at(0).seq, 7u);
  EXPECT_EQ((*taken)->tokens.at(0).hash, "h1");
  EXPECT_EQ((*store.findUser("zoe"))->passwordHash, "hash");
  EXPECT_EQ(store.listBans(1)->size(), 1u);
  EXPECT_EQ(*store.getSetting("gatewayId"), "gw");
}

TEST_P(Migrations, AFailedUpgradeChangesNothing) {
  const Database old = GetParam().make();
  ASSERT_TRUE(old.factory->open().ok());
  const Shape before = shapeOf(old);
  std::vector<Migration> broken = migrations();
  broken.push_back({latestSchema() + 1, {"CREATE TABLE added (id BIGINT)", "CREATE TABLE nonsense ("}});
  Sql sql(old.session, false);
  sql.once(old.dialect.begin);
  EXPECT_THROW(migrate(sql, old.dialect, broken, 6), std::exception);
  sql.once("ROLLBACK");
  EXPECT_EQ(shapeOf(old), before);
  EXPECT_TRUE(old.factory->open().ok());
}

// A released version is never edited: databases that have it would differ from those that get it.
TEST(ReleasedMigrations, AreWhatTheyWere) {
  const char* const released[] = {"2e2c7b9d196b2b2b7ac24f3241b3438e46905abfbc0418fc863e7508ef732eb0",
                                  "57b1820a5b66dd482a164aed850182055d5d80a24098512a3a067d4a966ee8e6",
                                  "2ab3e12675d977f9be272a93ceb4b73c3064efbfec4972d35c2c2e1384200465"};
  ASSERT_EQ(migrations().size(), std::size(released));
  for (size_t i = 0; i < migrations().size(); ++i) {
    std::string text;
    for (const char* statement : migrations()[i].statements) text += std::string(statement) + ";\n";
    EXPECT_EQ(sha256Hex(text), released[i]) << "version " << migrations()[i].version;
  }
}

INSTANTIATE_TEST_SUITE_P(Databases, Migrations, testing::Values(Kind{"Sqlite", sqlite}, Kind{"Postgres", postgres}),
                         [](const auto& kind) { return std::string(kind.param.name); });

}  // namespace
}  // namespace gw::store
