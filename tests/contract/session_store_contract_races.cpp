// The contract under concurrency: store objects of different threads on one database.

#include <atomic>
#include <set>
#include <thread>
#include <vector>

#include "contract/session_store_contract.h"

namespace gw::store {
namespace {

// Runs body(store, i) on n threads at once, each with a store of its own.
template <typename Body>
void race(int n, const std::function<std::unique_ptr<SessionStore>()>& open, Body body) {
  std::atomic<int> ready{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < n; ++i) {
    threads.emplace_back([&, i] {
      auto store = open();
      ready.fetch_add(1);
      while (ready.load() < n) std::this_thread::yield();
      if (store) body(*store, i);
    });
  }
  for (auto& thread : threads) thread.join();
}

// kBusy is a legal answer in a race: try again, as the contract says.
template <typename Call>
auto retried(Call call) {
  for (;;) {
    auto result = call();
    if (result.ok() || result.error().code != ErrorCode::kBusy) return result;
    std::this_thread::yield();
  }
}

TEST_P(SessionStoreContract, OneOfManyGetsTheName) {
  std::atomic<int> won{0};
  std::atomic<int> refused{0};
  race(
      4, [&] { return open(); },
      [&](SessionStore& store, int i) {
        for (int round = 0; round < 10; ++round) {
          const std::string key = "name-" + std::to_string(round);
          const auto added = retried([&] { return store.addUser(userOf(std::to_string(i) + key, key)); });
          if (added.ok()) {
            ++won;
          } else {
            EXPECT_EQ(added.error().detail, "nameTaken") << added.error().message;
            ++refused;
          }
        }
      });
  EXPECT_EQ(won.load(), 10);
  EXPECT_EQ(refused.load(), 30);
}

TEST_P(SessionStoreContract, EveryTakeOfAnUncleanSessionGetsItsOwnEpoch) {
  const SessionBundle b = bundleOf();
  ASSERT_TRUE(store_->saveSession(b).ok());
  std::mutex mutex;
  std::multiset<uint64_t> epochs;
  race(
      4, [&] { return open(); },
      [&](SessionStore& store, int) {
        for (int round = 0; round < 5; ++round) {
          const auto taken = retried([&] { return store.takeSession(b.session.id, kNow); });
          ASSERT_TRUE(taken.ok() && taken->has_value());
          const std::lock_guard lock(mutex);
          epochs.insert((*taken)->session.epoch);
        }
      });
  ASSERT_EQ(epochs.size(), 20u);
  EXPECT_EQ(std::set<uint64_t>(epochs.begin(), epochs.end()).size(), 20u);
  EXPECT_EQ(*epochs.rbegin(), b.session.epoch + 40);
}

TEST_P(SessionStoreContract, TheCleanMarkGoesToOneTaker) {
  SessionBundle b = bundleOf();
  b.session.cleanStop = true;
  ASSERT_TRUE(store_->saveSession(b).ok());
  std::atomic<int> clean{0};
  race(
      4, [&] { return open(); },
      [&](SessionStore& store, int) {
        const auto taken = retried([&] { return store.takeSession(b.session.id, kNow); });
        ASSERT_TRUE(taken.ok() && taken->has_value());
        if ((*taken)->session.cleanStop) ++clean;
      });
  EXPECT_EQ(clean.load(), 1);
}

TEST_P(SessionStoreContract, ManyWritersLoseNothing) {
  race(
      4, [&] { return open(); },
      [&](SessionStore& store, int i) {
        for (int n = 0; n < 25; ++n) {
          const auto saved =
              retried([&] { return store.putSetting("k" + std::to_string(i) + "." + std::to_string(n), "v"); });
          EXPECT_TRUE(saved.ok()) << saved.error().message;
        }
      });
  for (int i = 0; i < 4; ++i) {
    for (int n = 0; n < 25; ++n) {
      EXPECT_TRUE(store_->getSetting("k" + std::to_string(i) + "." + std::to_string(n))->has_value());
    }
  }
}

}  // namespace
}  // namespace gw::store
