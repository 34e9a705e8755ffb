#pragma once
// A store in memory whose opening, transactions and commits fail when the test says so.

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>

#include "support/memory_session_store.h"

namespace gw::store {

struct Script {
  std::atomic<int> failOpens{0};
  std::atomic<int> failBegins{0};   // outermost ones
  std::atomic<int> failCommits{0};  // outermost ones
  std::atomic<ErrorCode> failWith{ErrorCode::kUnavailable};
  std::atomic<int> commits{0};

  static bool takeOne(std::atomic<int>& counter) {
    int now = counter.load();
    while (now > 0) {
      if (counter.compare_exchange_weak(now, now - 1)) return true;
    }
    return false;
  }
  Error failure() const { return fail(failWith.load(), "scripted failure"); }

  void noteBeginFailure() {
    const std::lock_guard lock(mutex);
    ++beginFailures;
    changed.notify_all();
  }
  void waitBeginFailures(int n) {
    std::unique_lock lock(mutex);
    changed.wait(lock, [&] { return beginFailures >= n; });
  }
  std::mutex mutex;
  std::condition_variable changed;
  int beginFailures = 0;
};

class ScriptedStore final : public MemorySessionStore {
 public:
  ScriptedStore(std::shared_ptr<MemoryDatabase> database, std::shared_ptr<Script> script)
      : MemorySessionStore(std::move(database)), script_(std::move(script)) {}

  Result<void> begin() override {
    if (depth_ == 0 && Script::takeOne(script_->failBegins)) {
      script_->noteBeginFailure();
      return script_->failure();
    }
    auto begun = MemorySessionStore::begin();
    if (begun.ok()) ++depth_;
    return begun;
  }
  Result<void> commit() override {
    if (depth_ == 1 && Script::takeOne(script_->failCommits)) {
      rollback();
      return script_->failure();
    }
    const bool isOutermost = depth_-- == 1;
    auto done = MemorySessionStore::commit();
    if (isOutermost) ++script_->commits;
    return done;
  }
  void rollback() override {
    if (depth_ > 0) --depth_;
    MemorySessionStore::rollback();
  }

 private:
  std::shared_ptr<Script> script_;
  int depth_ = 0;
};

class ScriptedFactory final : public StoreFactory {
 public:
  Result<std::unique_ptr<SessionStore>> open() override {
    if (Script::takeOne(script->failOpens)) return script->failure();
    return std::unique_ptr<SessionStore>(std::make_unique<ScriptedStore>(database_, script));
  }
  std::shared_ptr<Script> script = std::make_shared<Script>();

 private:
  std::shared_ptr<MemoryDatabase> database_ = std::make_shared<MemoryDatabase>();
};

}  // namespace gw::store
