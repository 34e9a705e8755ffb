// The server goes away in the middle of work and comes back: nothing waits for long, nothing is lost that
// was acknowledged, nothing is stored twice.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include "store/postgres_store.h"
#include "store/store_worker.h"
#include "support/postgres_database.h"

namespace gw::store {
namespace {

using test::newPostgresDatabase;
using test::PostgresServer;

SessionBundle bundleOf(const SessionId& id) {
  SessionBundle b;
  b.session.id = id;
  b.session.state = "playing";
  b.log = {{1, 1, "said"}};
  b.rooms = {"lobby"};
  return b;
}

TEST(PostgresOutage, CallsFailAtOnceAndWorkAgainWhenTheServerDoes) {
  PostgresServer server;
  const PostgresOptions options = newPostgresDatabase(server);
  auto store = std::move(*postgresFactory(options)->open());
  const SessionId before = SessionId::random();
  const SessionId during = SessionId::random();
  ASSERT_TRUE(store->saveSession(bundleOf(before)).ok());
  ASSERT_TRUE(store->begin().ok());
  ASSERT_TRUE(store->saveSession(bundleOf(during)).ok());
  server.stopImmediately();

  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(store->saveSession(bundleOf(during)).error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(store->commit().error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(store->begin().error().code, ErrorCode::kUnavailable);
  EXPECT_EQ(store->peekSession(before).error().code, ErrorCode::kUnavailable);
  EXPECT_LT(std::chrono::steady_clock::now() - start, options.statementTimeout);

  server.start();
  ASSERT_TRUE(store->begin().ok());
  ASSERT_TRUE(store->saveSession(bundleOf(during)).ok());
  ASSERT_TRUE(store->commit().ok());
  EXPECT_TRUE(store->peekSession(before)->has_value());
  for (const char* table : {"sessions", "session_event_log", "session_rooms"}) {
    EXPECT_EQ(server.query(options.database, std::string("SELECT COUNT(*) FROM ") + table), "2") << table;
  }
}

TEST(PostgresOutage, QueuedWritesAreDoneOnceAndInOrder) {
  PostgresServer server;
  const PostgresOptions options = newPostgresDatabase(server);
  const auto factory = postgresFactory(options);
  auto started = StoreWorkers::start(*factory, 2, 10'000);
  ASSERT_TRUE(started.ok());
  StoreWorkers& workers = **started;
  constexpr int kJobs = 400;
  std::mutex mutex;
  std::condition_variable changed;
  int answered = 0;
  int good = 0;
  const auto wait = [&](int wanted) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(60), [&] { return answered >= wanted; });
  };
  const auto submit = [&](int i) {
    const auto work = [i](SessionStore& store) -> Result<void> {
      // The history of one key is a chain: a lost or overtaken link would break it.
      const std::string key = "key-" + std::to_string(i % 4);
      const auto known = store.getSetting(key);
      if (!known.ok()) return known.error();
      const std::string chain = known->value_or("");
      // The server may have committed and died before it said so.
      if (std::count(chain.begin(), chain.end(), '.') > i / 4) return {};
      return store.putSetting(key, chain + std::to_string(i / 4) + ".");
    };
    workers.submit(static_cast<uint64_t>(i % 4) << 40, work, [&](const Result<void>& result) {
      const std::lock_guard lock(mutex);
      ++answered;
      good += result.ok();
      changed.notify_all();
    });
  };
  for (int i = 0; i < kJobs / 2; ++i) submit(i);
  ASSERT_TRUE(wait(1));  // in the middle of it
  server.stopImmediately();
  for (int i = kJobs / 2; i < kJobs; ++i) submit(i);
  test::waitUntil("the outage is seen", [&] { return workers.figures().isDown; });
  EXPECT_GT(workers.figures().retries, 0u);
  server.start();
  ASSERT_TRUE(wait(kJobs));
  EXPECT_EQ(good, kJobs);
  EXPECT_FALSE(workers.figures().isDown);
  std::string chain;
  for (int i = 0; i < kJobs / 4; ++i) chain += std::to_string(i) + ".";
  for (int key = 0; key < 4; ++key) {
    EXPECT_EQ(server.query(options.database,
                           "SELECT content FROM gateway_settings WHERE setting = 'key-" + std::to_string(key) + "'"),
              chain);
  }
  workers.stop();
}

}  // namespace
}  // namespace gw::store
