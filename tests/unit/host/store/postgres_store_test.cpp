// What is PostgreSQL's own: refused and lost connections, locks, failures inside a transaction. The
// behaviour is in tests/contract, outages in postgres_outage_test.

#include "store/postgres_store.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "store/schema.h"
#include "support/postgres_database.h"
#include "temp_folder.h"

namespace gw::store {
namespace {

using test::newPostgresDatabase;
using test::PostgresServer;

std::unique_ptr<SessionStore> opened(const PostgresOptions& options) {
  auto store = postgresFactory(options)->open();
  if (store.ok()) return std::move(*store);
  ADD_FAILURE() << store.error().message;
  return nullptr;
}

Error refusal(const PostgresOptions& options) {
  const auto store = postgresFactory(options)->open();
  return store.ok() ? Error{} : store.error();
}

BanRecord banOf(const std::string& id, const std::string& kind = "user") { return {id, kind, "x", "", 1, 0}; }

TEST(PostgresStore, AWrongPasswordIsSaidWithoutIt) {
  const TempFolder folder;
  PostgresOptions options = newPostgresDatabase();
  options.passwordFile = folder.file("password");
  std::ofstream(options.passwordFile) << "hunter2\n";
  const Error error = refusal(options);
  EXPECT_EQ(error.code, ErrorCode::kUnavailable);
  EXPECT_NE(error.message.find("password authentication failed"), std::string::npos) << error.message;
  EXPECT_NE(error.message.find(placeOf(options)), std::string::npos) << error.message;
  EXPECT_EQ(error.message.find("hunter2"), std::string::npos) << error.message;
}

TEST(PostgresStore, AnAbsentDatabaseOrServerIsNamed) {
  PostgresOptions options = newPostgresDatabase();
  options.database = "nowhere";
  EXPECT_NE(refusal(options).message.find("\"nowhere\" does not exist"), std::string::npos) << refusal(options).message;
  options.host = "/nonexistent";
  EXPECT_EQ(refusal(options).code, ErrorCode::kUnavailable);
}

// A port that takes connections and says nothing, as a stuck server does.
TEST(PostgresStore, AServerThatSaysNothingIsGivenUp) {
  const int listener = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  ASSERT_EQ(::bind(listener, reinterpret_cast<sockaddr*>(&address), length), 0);
  ASSERT_EQ(::listen(listener, 4), 0);
  ASSERT_EQ(::getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length), 0);
  PostgresOptions options;
  options.port = ntohs(address.sin_port);
  options.connectTimeout = std::chrono::seconds(2);
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(refusal(options).code, ErrorCode::kUnavailable);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
  ::close(listener);
}

TEST(PostgresStore, RefusesANewerDatabase) {
  const PostgresOptions options = newPostgresDatabase();
  ASSERT_NE(opened(options), nullptr);
  PostgresServer::shared().query(options.database, "INSERT INTO schema_versions VALUES (4711, 1)");
  const Error error = refusal(options);
  EXPECT_EQ(error.detail, "schemaNewer");
  EXPECT_NE(error.message.find("version 4711"), std::string::npos) << error.message;
  EXPECT_NE(error.message.find("versions up to " + std::to_string(latestSchema())), std::string::npos) << error.message;
  EXPECT_NE(error.message.find(placeOf(options)), std::string::npos) << error.message;
}

TEST(PostgresStore, ManyOpenersMigrateOnce) {
  const PostgresOptions options = newPostgresDatabase();
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; ++i) threads.emplace_back([&] { EXPECT_NE(opened(options), nullptr); });
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(PostgresServer::shared().query(options.database, "SELECT COUNT(*) FROM schema_versions"),
            std::to_string(latestSchema()));
}

TEST(PostgresStore, AFailureThatIsNotRolledBackEndsTheTransaction) {
  const PostgresOptions options = newPostgresDatabase();
  auto store = opened(options);
  ASSERT_TRUE(store->begin().ok());
  ASSERT_TRUE(store->addBan(banOf("first")).ok());
  EXPECT_EQ(store->addBan(banOf("bad", "planet")).error().code, ErrorCode::kConflict);
  EXPECT_EQ(store->addBan(banOf("second")).error().code, ErrorCode::kInternal);  // no retry helps
  EXPECT_FALSE(store->commit().ok());
  EXPECT_EQ(store->listBans(1)->size(), 0u);
  EXPECT_TRUE(store->addBan(banOf("third")).ok());
}

TEST(PostgresStore, AFailureInASavepointLeavesTheRest) {
  const PostgresOptions options = newPostgresDatabase();
  auto store = opened(options);
  ASSERT_TRUE(store->begin().ok());
  ASSERT_TRUE(store->addBan(banOf("first")).ok());
  ASSERT_TRUE(store->begin().ok());
  EXPECT_FALSE(store->addBan(banOf("bad", "planet")).ok());
  store->rollback();
  ASSERT_TRUE(store->addBan(banOf("second")).ok());
  ASSERT_TRUE(store->commit().ok());
  EXPECT_EQ(opened(options)->listBans(1)->size(), 2u);
}

TEST(PostgresStore, ARowThatAnotherHoldsIsBusyAfterTheTimeout) {
  PostgresOptions options = newPostgresDatabase();
  auto holder = opened(options);
  options.statementTimeout = std::chrono::milliseconds(300);
  auto store = opened(options);
  ASSERT_TRUE(holder->begin().ok());
  ASSERT_TRUE(holder->putSetting("k", "held").ok());
  const auto late = store->putSetting("k", "late");
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().code, ErrorCode::kBusy) << late.error().message;
  ASSERT_TRUE(holder->commit().ok());
  EXPECT_TRUE(store->putSetting("k", "late").ok());
  EXPECT_EQ(*store->getSetting("k"), "late");
}

TEST(PostgresStore, AnIdleConnectionThatBrokeIsReplacedUnnoticed) {
  const PostgresOptions options = newPostgresDatabase();
  auto store = opened(options);
  const std::string kill = "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '" +
                           options.database + "' AND pid <> pg_backend_pid()";
  EXPECT_EQ(PostgresServer::shared().query(options.database, kill), "1");
  EXPECT_TRUE(store->putSetting("single", "1").ok());
  EXPECT_EQ(PostgresServer::shared().query(options.database, kill), "1");
  ASSERT_TRUE(store->begin().ok());
  ASSERT_TRUE(store->putSetting("whole", "1").ok());
  ASSERT_TRUE(store->commit().ok());
  EXPECT_EQ(PostgresServer::shared().query(options.database, kill), "1");
  SessionBundle bundle;
  bundle.session.id = SessionId::random();
  bundle.session.state = "playing";
  EXPECT_TRUE(store->saveSession(bundle).ok());
  EXPECT_EQ(PostgresServer::shared().query(options.database, "SELECT COUNT(*) FROM gateway_settings"), "2");
}

TEST(PostgresStore, AConnectionLostInATransactionUndoesAllOfIt) {
  const PostgresOptions options = newPostgresDatabase();
  auto store = opened(options);
  ASSERT_TRUE(store->begin().ok());
  ASSERT_TRUE(store->putSetting("before", "1").ok());
  ASSERT_TRUE(store->begin().ok());
  PostgresServer::shared().query(
      options.database, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '" + options.database +
                            "' AND pid <> pg_backend_pid()");
  EXPECT_EQ(store->putSetting("inside", "1").error().code, ErrorCode::kUnavailable);
  store->rollback();
  EXPECT_EQ(store->putSetting("after", "1").error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(store->commit().error().code, ErrorCode::kUnavailable);
  EXPECT_FALSE(store->getSetting("before")->has_value());
  EXPECT_TRUE(store->putSetting("again", "1").ok());
}

}  // namespace
}  // namespace gw::store
