#pragma once
// Inbox: what the worker has to do, in the order in which it came.

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace gw::backend {

class Transaction;

/// seq 0: private, the answer to a prompt without echo.
struct CommandItem {
  std::string session;
  int64_t seq = 0;
  std::string text;
};
struct AckItem {
  std::string session;  // empty: frames without a session
  int64_t n = 0;
};
struct EventItem {
  std::string name;
  nlohmann::json payload;
};
struct RequestItem {
  std::string id;  // as JSON
  std::string method;
  nlohmann::json params;
};
struct ResponseItem {
  std::string id;
  bool isOk = false;
  nlohmann::json body;  // payload or error
};
struct LinkUp {
  int64_t generation = 0;
  int64_t n = -1;  // the last counted frame without a session that the gateway has; -1: it did not say
};
struct LinkDown {
  std::string why;
};
struct Task {
  std::function<void(Transaction&)> work;
};

using Item = std::variant<CommandItem, AckItem, EventItem, RequestItem, ResponseItem, LinkUp, LinkDown, Task>;

class Inbox {
 public:
  using Time = std::chrono::steady_clock::time_point;

  void push(Item item) {
    const std::lock_guard lock(mutex_);
    items_.push_back(std::move(item));
    changed_.notify_one();
  }
  void push(std::vector<Item>&& items) {
    const std::lock_guard lock(mutex_);
    if (items_.empty()) {
      items_.swap(items);
    } else {
      std::move(items.begin(), items.end(), std::back_inserter(items_));
    }
    changed_.notify_one();
  }
  /// Lets take() return, also with nothing.
  void wake() {
    const std::lock_guard lock(mutex_);
    isWoken_ = true;
    changed_.notify_one();
  }
  /// All that came; waits for some until then. `into` is emptied first.
  void take(std::vector<Item>& into, std::optional<Time> until) {
    into.clear();
    std::unique_lock lock(mutex_);
    const auto isReady = [this] { return isWoken_ || !items_.empty(); };
    if (until) {
      changed_.wait_until(lock, *until, isReady);
    } else {
      changed_.wait(lock, isReady);
    }
    isWoken_ = false;
    into.swap(items_);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Item> items_;
  bool isWoken_ = false;
};

}  // namespace gw::backend
