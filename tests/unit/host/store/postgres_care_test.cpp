// Facts, check and the way to a backup of a PostgreSQL store.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/postgres_store.h"
#include "store/schema.h"
#include "store/store_care.h"
#include "support/postgres_database.h"

namespace gw::store {
namespace {

using test::PostgresServer;

TEST(PostgresCare, KnowsTheSchemaTheSizeAndWhatIsWrong) {
  const PostgresOptions options = test::newPostgresDatabase();
  ASSERT_TRUE(postgresFactory(options)->open().ok());
  const auto care = postgresCare(options);
  const auto facts = care->facts();
  ASSERT_TRUE(facts.ok()) << facts.error().message;
  EXPECT_EQ(facts->schemaVersion, latestSchema());
  EXPECT_EQ(facts->sessions, 0u);
  EXPECT_GT(facts->bytes, 100'000u);
  const auto sound = care->check();
  ASSERT_TRUE(sound.ok()) << sound.error().message;
  EXPECT_THAT(*sound, testing::IsEmpty());
  // As after a restore without constraints.
  PostgresServer::shared().query(
      options.database, "SET session_replication_role = replica; INSERT INTO session_rooms VALUES ('x', 'lobby')");
  EXPECT_THAT(*care->check(), testing::ElementsAre("1 rooms of sessions that are not there"));
}

TEST(PostgresCare, NamesTheCommandThatBacksUp) {
  PostgresOptions options;
  options.passwordFile = "/etc/gatehouse/secret";
  const auto refused = postgresCare(options)->backup("/backups/it's.dump");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kInvalid);
  EXPECT_THAT(refused.error().message,
              testing::HasSubstr("pg_dump --host='127.0.0.1' --port=5432 --username='gatehouse' --dbname='gatehouse' "
                                 R"(--format=custom --file='/backups/it'\''s.dump')"));
  EXPECT_THAT(refused.error().message, testing::Not(testing::HasSubstr("secret")));
}

TEST(PostgresCare, SaysThatTheServerIsAway) {
  PostgresOptions options;
  options.host = "/nonexistent";
  EXPECT_EQ(postgresCare(options)->facts().error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace gw::store
