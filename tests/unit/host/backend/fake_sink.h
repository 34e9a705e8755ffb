#pragma once
// FakeSink: a gateway for tests of backends: keeps rooms, and what each session would have seen.
// Thread-safe; await() waits for a condition with a deadline.

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "session/backend_port.h"

namespace gw::testing {

class FakeSink final : public session::BackendSink {
 public:
  struct Broadcast {
    std::string room;
    plugin::Event event;
    std::vector<SessionId> exclude;
    std::vector<std::string> excludeUsers;
  };
  struct Farewell {
    SessionId session;
    std::string reason;
    std::string text;
  };

  void output(SessionId session, plugin::Event event, uint64_t n) override {
    const std::lock_guard lock(mutex_);
    events_[session].push_back(std::move(event));
    lastN_ = n;
    ++outputs_;
    note();
  }
  void prompt(SessionId, std::string, bool) override {}
  void acknowledge(SessionId session, uint64_t seq) override {
    const std::lock_guard lock(mutex_);
    acknowledged_[session].push_back(seq);
    note();
  }
  void disconnect(SessionId session, std::string reason, std::string text) override {
    const std::lock_guard lock(mutex_);
    farewells_.push_back({session, std::move(reason), std::move(text)});
    note();
  }
  void broadcastToRoom(std::string room, plugin::Event event, std::vector<SessionId> exclude,
                       std::vector<std::string> excludeUsers) override {
    const std::lock_guard lock(mutex_);
    const auto isIn = [](const auto& list, const auto& one) {
      return std::find(list.begin(), list.end(), one) != list.end();
    };
    for (const SessionId& member : rooms_[room]) {
      if (isIn(exclude, member)) continue;
      if (const auto user = users_.find(member); user != users_.end() && isIn(excludeUsers, user->second)) continue;
      events_[member].push_back(event);
    }
    broadcasts_.push_back({std::move(room), std::move(event), std::move(exclude), std::move(excludeUsers)});
    note();
  }
  void broadcast(plugin::Event) override {}
  void joinRoom(SessionId session, std::string room) override {
    const std::lock_guard lock(mutex_);
    rooms_[room].insert(session);
    note();
  }
  void leaveRoom(SessionId session, std::string room) override {
    const std::lock_guard lock(mutex_);
    rooms_[room].erase(session);
    note();
  }
  void setPlain(SessionId session, bool plain) override {
    const std::lock_guard lock(mutex_);
    plain_[session] = plain;
    note();
  }
  bool isCongested() const override {
    const std::lock_guard lock(mutex_);
    return isCongested_;
  }

  void whenUncongested(Task wake) override {
    {
      const std::lock_guard lock(mutex_);
      note();
      if (isCongested_) return waiting_.push_back(std::move(wake));
    }
    wake();
  }

  // Tests.
  void setUser(const SessionId& session, const std::string& userId) {
    const std::lock_guard lock(mutex_);
    users_[session] = userId;
  }
  void setCongested(bool congested) {
    std::vector<Task> woken;
    {
      const std::lock_guard lock(mutex_);
      isCongested_ = congested;
      if (!congested) woken.swap(waiting_);
    }
    for (Task& wake : woken) wake();
  }
  /// How many producers wait.
  size_t waiting() const {
    const std::lock_guard lock(mutex_);
    return waiting_.size();
  }
  /// What the session has seen since the last call.
  std::vector<plugin::Event> takeEvents(const SessionId& session) {
    const std::lock_guard lock(mutex_);
    return std::exchange(events_[session], {});
  }
  std::vector<std::string> take(const SessionId& session) {
    std::vector<std::string> texts;
    for (plugin::Event& event : takeEvents(session)) texts.push_back(std::move(event.text));
    return texts;
  }
  std::vector<Broadcast> takeBroadcasts() {
    const std::lock_guard lock(mutex_);
    return std::exchange(broadcasts_, {});
  }
  std::set<SessionId> members(const std::string& room) {
    const std::lock_guard lock(mutex_);
    return rooms_[room];
  }
  std::vector<uint64_t> acknowledged(const SessionId& session) {
    const std::lock_guard lock(mutex_);
    return acknowledged_[session];
  }
  std::vector<Farewell> farewells() {
    const std::lock_guard lock(mutex_);
    return farewells_;
  }
  bool hasPlain(const SessionId& session) {
    const std::lock_guard lock(mutex_);
    return plain_[session];
  }
  size_t outputs() {
    const std::lock_guard lock(mutex_);
    return outputs_;
  }
  /// condition is called without the lock, after every change and every 20 ms: it may look at figures
  /// that the backend publishes after its last word to the sink. False: ten seconds have passed.
  bool await(const std::function<bool()>& condition) {
    using std::chrono::steady_clock;
    const auto deadline = steady_clock::now() + std::chrono::seconds(10);
    while (true) {
      std::unique_lock lock(mutex_);
      const uint64_t seen = changes_;
      lock.unlock();
      if (condition()) return true;
      if (steady_clock::now() >= deadline) return false;
      lock.lock();
      changed_.wait_for(lock, std::chrono::milliseconds(20), [&] { return changes_ != seen; });
    }
  }
  bool awaitText(const SessionId& session, const std::string& text) {
    return await([&] {
      const std::lock_guard lock(mutex_);
      const auto& events = events_[session];
      return std::any_of(events.begin(), events.end(), [&](const plugin::Event& e) { return e.text == text; });
    });
  }

 private:
  void note() const {  // with mutex_ held
    ++changes_;
    changed_.notify_all();
  }

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  mutable uint64_t changes_ = 0;
  std::map<SessionId, std::vector<plugin::Event>> events_;
  std::map<SessionId, std::vector<uint64_t>> acknowledged_;
  std::map<std::string, std::set<SessionId>> rooms_;
  std::map<SessionId, std::string> users_;
  std::map<SessionId, bool> plain_;
  std::vector<Broadcast> broadcasts_;
  std::vector<Farewell> farewells_;
  uint64_t lastN_ = 0;
  size_t outputs_ = 0;
  bool isCongested_ = false;
  std::vector<Task> waiting_;
};

}  // namespace gw::testing
