// One run at a time has a gateway's place in a database, and what a killed one left under way is settled
// before the next begins.

#include <gtest/gtest.h>

#include <chrono>
#include <future>

#include "store/postgres_store.h"
#include "support/postgres_database.h"

namespace gw::store {
namespace {

using test::newPostgresDatabase;
using test::PostgresServer;

constexpr char kWaiting[] =
    "SELECT COUNT(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = "
    "(SELECT oid FROM pg_database WHERE datname = current_database())";

void awaitWaiter(PostgresServer& server, const PostgresOptions& options) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (server.query(options.database, kWaiting) == "0" && std::chrono::steady_clock::now() < deadline) {
  }
}

std::unique_ptr<StoreFactory> claimed(const PostgresOptions& options, const std::string& gatewayId = "gw-1") {
  auto factory = postgresFactory(options);
  const auto done = factory->claim(gatewayId);
  EXPECT_TRUE(done.ok()) << done.error().message;
  return factory;
}

TEST(PostgresClaim, ASecondGatewayOfTheSameNameIsRefusedByName) {
  PostgresOptions options = newPostgresDatabase();
  options.claimTimeout = std::chrono::milliseconds(100);
  const auto first = claimed(options);
  const auto other = claimed(options, "gw-2");
  const auto second = postgresFactory(options)->claim("gw-1");
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
  EXPECT_NE(second.error().message.find("another gwhost with gatewayId \"gw-1\""), std::string::npos)
      << second.error().message;
}

TEST(PostgresClaim, AStartWaitsForWhatTheKilledRunHadUnderWayAndSeesIt) {
  const PostgresOptions options = newPostgresDatabase();
  auto killed = claimed(options);
  auto store = std::move(*killed->open());
  ASSERT_TRUE(store->begin().ok());
  ASSERT_TRUE(store->appendJournal("gw-1", {1, "the last commit"}).ok());
  killed.reset();  // its store still has the place

  auto next = postgresFactory(options);
  auto start = std::async(std::launch::async, [&] { return next->claim("gw-1"); });
  awaitWaiter(PostgresServer::shared(), options);
  EXPECT_EQ(start.wait_for(std::chrono::seconds(0)), std::future_status::timeout);
  ASSERT_TRUE(store->commit().ok());
  store.reset();
  const auto done = start.get();
  ASSERT_TRUE(done.ok()) << done.error().message;
  const auto left = (*next->open())->readJournal("gw-1", 0, 10);
  ASSERT_EQ(left->size(), 1u);
  EXPECT_EQ(left->front().packed, "the last commit");
}

TEST(PostgresClaim, ARunThatLostItsPlaceInAnOutageWritesNoMore) {
  PostgresServer server;
  const PostgresOptions options = newPostgresDatabase(server);
  const auto first = claimed(options);
  const auto store = std::move(*first->open());
  ASSERT_TRUE(store->putSetting("who", "first").ok());
  server.stopImmediately();
  EXPECT_FALSE(store->putSetting("who", "first").ok());
  server.start();
  const auto second = claimed(options);
  const auto late = store->putSetting("who", "first again");
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(late.error().message.find("has taken the place"), std::string::npos) << late.error().message;
  EXPECT_EQ(**(*second->open())->getSetting("who"), "first");
}

TEST(PostgresClaim, ARunGoesOnAfterAnOutageIfNobodyTookItsPlace) {
  PostgresServer server;
  const PostgresOptions options = newPostgresDatabase(server);
  const auto factory = claimed(options);
  const auto store = std::move(*factory->open());
  server.stopImmediately();
  EXPECT_FALSE(store->putSetting("who", "first").ok());
  server.start();
  EXPECT_TRUE(store->putSetting("who", "first").ok());
}

}  // namespace
}  // namespace gw::store
