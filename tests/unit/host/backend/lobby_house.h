#pragma once
// A lobby's parts on one thread with fake time, for tests: the store answers inline (or is held back or
// broken on purpose), hashing costs nothing, and tasks run when settle() is called.

#include <gtest/gtest.h>
#include <stdlib.h>

#include <deque>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "backend/lobby/accounts.h"
#include "backend/lobby/commands.h"
#include "backend/lobby/world.h"
#include "base/clock.h"
#include "fake_sink.h"
#include "store/session_store.h"
#include "store/store_worker.h"

namespace gw::testing {

class FakeClock final : public Clock {
 public:
  uint64_t nowNs() const override { return ns_; }
  int64_t wallUs() const override { return 1'750'000'000'000'000 + static_cast<int64_t>(ns_ / 1000); }
  void advanceMs(uint64_t ms) { ns_ += ms * 1'000'000; }

 private:
  uint64_t ns_ = 3'600'000'000'000;
};

/// A folder that only we can write to, gone afterwards.
class ScratchFolder {
 public:
  ScratchFolder() {
    std::string pattern = ::testing::TempDir() + "gwlobbyXXXXXX";
    if (mkdtemp(pattern.data())) path_ = pattern;
  }
  ~ScratchFolder() { std::filesystem::remove_all(path_); }
  std::string file(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

/// SQLite, each job at once and in a transaction of its own.
class InlineWorkers final : public store::StoreWorkers {
 public:
  InlineWorkers() {
    auto opened = store::sqliteFactory(folder_.file("store.db"))->open();
    EXPECT_TRUE(opened.ok()) << (opened.ok() ? "" : opened.error().message);
    if (opened.ok()) store_ = std::move(*opened);
  }
  void submit(uint64_t, Work work, Done done) override {
    ++jobs;
    if (isHeld) return held_.push_back({std::move(work), std::move(done)});
    run(work, done);
  }
  bool isCongested() const override { return false; }
  store::StoreFigures figures() const override { return {}; }
  size_t flush(uint64_t, UniqueFunction<void(size_t)>) override { return 0; }
  void stop() override {}

  store::SessionStore& store() { return *store_; }
  void release() {
    isHeld = false;
    auto jobsHeld = std::exchange(held_, {});
    for (auto& job : jobsHeld) run(job.work, job.done);
  }

  bool isHeld = false;
  bool isBroken = false;  // every job fails
  int failJob = 0;        // this one of the next jobs fails (1: the next); counts down
  int jobs = 0;

 private:
  struct Job {
    Work work;
    Done done;
  };
  void run(Work& work, Done& done) {
    const bool isChosen = failJob > 0 && --failJob == 0;
    if (isBroken || isChosen) return done(fail(ErrorCode::kUnavailable, "disk full"));
    EXPECT_TRUE(store_->begin().ok());
    Result<void> result = work(*store_);
    if (result) {
      EXPECT_TRUE(store_->commit().ok());
    } else {
      store_->rollback();
    }
    done(std::move(result));
  }
  ScratchFolder folder_;
  std::unique_ptr<store::SessionStore> store_;
  std::vector<Job> held_;
};

class FakeHasher final : public lobby::PasswordHasher {
 public:
  void hash(std::string password, std::string, UniqueFunction<void(Result<std::string>)> done) override {
    ++hashes;
    if (isFull) return done(fail(ErrorCode::kUnavailable, "full"));
    if (isHeld) {
      heldHash = std::move(done);
      heldPassword = std::move(password);
      return;
    }
    done("hashed:" + password);
  }
  void verify(std::string stored, std::string password, std::string,
              UniqueFunction<void(Result<lobby::Verdict>)> done) override {
    ++verifies;
    if (isSick) return done(fail(ErrorCode::kInternal, "out of memory"));
    if (isFull) return done(fail(ErrorCode::kRateLimited, "full"));
    if (isVerifyHeld) return heldVerifies.push_back(std::move(done));
    done(lobby::Verdict{stored == "hashed:" + password || stored == "old:" + password, stored.rfind("old:", 0) == 0});
  }
  void verifyDummy(std::string password, std::string, UniqueFunction<void(Result<lobby::Verdict>)> done) override {
    ++dummies;
    longestDummy = std::max(longestDummy, password.size());
    if (isFull) return done(fail(ErrorCode::kRateLimited, "full"));
    done(lobby::Verdict{false, false});
  }
  /// Answers the checks that were held back: wrong.
  void releaseVerifies() {
    isVerifyHeld = false;
    for (auto& done : std::exchange(heldVerifies, {})) done(lobby::Verdict{false, false});
  }
  /// Answers the hash that was held back.
  void release() {
    isHeld = false;
    heldHash("hashed:" + heldPassword);
  }
  bool isFull = false;
  bool isSick = false;
  bool isHeld = false;  // hashes
  bool isVerifyHeld = false;
  UniqueFunction<void(Result<std::string>)> heldHash;
  std::string heldPassword;
  std::vector<UniqueFunction<void(Result<lobby::Verdict>)>> heldVerifies;
  int hashes = 0;
  int verifies = 0;
  int dummies = 0;
  size_t longestDummy = 0;
};

class LobbyHouse : public ::testing::Test {
 protected:
  explicit LobbyHouse(lobby::LobbyOptions wanted = {}) : options(withRooms(std::move(wanted))) {}

  lobby::Post post() {
    return [this](Task task) { tasks_.push_back(std::move(task)); };
  }
  void settle() {
    while (!tasks_.empty()) {
      Task task = std::move(tasks_.front());
      tasks_.pop_front();
      task();
    }
  }
  void advanceMs(uint64_t ms) {
    clock.advanceMs(ms);
    timers.runDue(clock.nowNs());
    settle();
  }

  /// The reply, once everything has settled; nullopt while it is owed.
  template <typename T>
  struct Answer {
    std::shared_ptr<std::optional<Result<T>>> slot = std::make_shared<std::optional<Result<T>>>();
    session::Reply<T> reply() {
      return [slot = slot](Result<T> result) {
        EXPECT_FALSE(slot->has_value()) << "one reply only";
        *slot = std::move(result);
      };
    }
    bool isOwed() const { return !slot->has_value(); }
    const Result<T>& operator*() const { return **slot; }
    const Result<T>* operator->() const { return &**slot; }
  };

  static session::Credentials credentials(const std::string& name, const std::string& password,
                                          const std::string& address = "192.0.2.1") {
    return {name, password, address, address};
  }
  Answer<session::Identity> login(const std::string& name, const std::string& password,
                                  const std::string& address = "192.0.2.1") {
    Answer<session::Identity> answer;
    accounts.authenticate(credentials(name, password, address), answer.reply());
    settle();
    return answer;
  }
  Answer<session::Identity> registerUser(const std::string& name, const std::string& password = "password",
                                         const std::string& address = "192.0.2.1") {
    Answer<session::Identity> answer;
    accounts.registerUser(credentials(name, password, address), answer.reply());
    settle();
    return answer;
  }
  Answer<session::Character> create(const std::string& userId, const std::string& name,
                                    const std::string& json = "{}") {
    Answer<session::Character> answer;
    accounts.createCharacter(userId, {name, json}, answer.reply());
    settle();
    return answer;
  }

  /// A user of this name, stored, who plays a character of this name.
  SessionId enter(const std::string& name, bool isResumed = false, std::vector<std::string> rooms = {}) {
    const std::string id = "id-" + name;
    if (auto known = workers.store().findUserById(id); known.ok() && !*known) {
      store::UserRecord user;
      user.id = id;
      user.name = name;
      user.key = name;
      user.settings = "{}";
      EXPECT_TRUE(workers.store().addUser(user).ok());
    }
    const SessionId session{9, ++sessions_};
    sink.setUser(session, id);
    world.entered({session, {id, name, false, false}, {"char-" + name, name, {}}, isResumed, std::move(rooms), {}});
    settle();
    return session;
  }
  void type(const SessionId& session, const std::string& line) {
    lobby::Player* player = world.find(session);
    ASSERT_NE(player, nullptr);
    commands.run(*player, line);
    settle();
  }
  /// What the session sees of its own line.
  std::vector<std::string> answerTo(const SessionId& session, const std::string& line) {
    (void)sink.take(session);
    type(session, line);
    return sink.take(session);
  }
  void leave(const SessionId& session) {
    world.left(session);
    settle();
  }
  lobby::Settings keptSettings(const std::string& name) {
    auto user = workers.store().findUserById("id-" + name);
    return user.ok() && *user ? lobby::parseSettings((*user)->settings, 100) : lobby::Settings{};
  }

  lobby::LobbyOptions options;
  FakeClock clock;
  FakeSink sink;
  InlineWorkers workers;
  FakeHasher hasher;
  lobby::Timers timers;

 private:
  std::deque<Task> tasks_;
  uint64_t sessions_ = 0;

 protected:
  lobby::StoreCalls store{workers, post()};
  lobby::Accounts accounts{options, store, post(), hasher, timers, clock};
  lobby::SettingsStore settings{store, options.ignoredPerUser};
  lobby::World world{options, sink, settings, timers, clock};
  lobby::Commands commands{options, world, store, sink};

 private:
  static lobby::LobbyOptions withRooms(lobby::LobbyOptions given) {
    if (given.rooms.size() == 1) given.rooms = {"lobby", "garden", "Tea House"};
    return given;
  }
};

}  // namespace gw::testing
