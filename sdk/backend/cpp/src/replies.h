#pragma once
// Replies: answers on their way from the author's threads to the worker, which sends them behind its transaction.
//
// Thread-safe.

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "gw/backend/answer.hpp"

namespace gw::backend {

struct ReadyReply {
  int64_t generation = 0;  // of the connection that asked
  std::string id;
  std::string frame;
};

class Replies : public std::enable_shared_from_this<Replies> {
 public:
  explicit Replies(std::function<void()> wake) : wake_(std::move(wake)) {}
  std::shared_ptr<Reply> slot(int64_t generation, const std::string& id);
  /// What was said is taken back: the call that said it threw.
  void retract(int64_t generation, const std::string& id);
  std::vector<ReadyReply> take();
  /// The worker is gone; wakes nobody any more.
  void close();

 private:
  class Slot;
  void add(ReadyReply reply);

  std::mutex mutex_;
  std::vector<ReadyReply> ready_;
  std::function<void()> wake_;
};

}  // namespace gw::backend
