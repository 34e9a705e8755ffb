#pragma once
// StoreCalls: asks the store and goes on here: the work runs on a store worker, what follows on the
// lobby's thread. The template hides the slot in which the answer travels.

#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "base/unique_function.h"
#include "store/store_worker.h"

namespace gw::lobby {

/// Runs a task on the lobby's thread; callable from any thread, also after the lobby has gone.
using Post = std::function<void(Task)>;

class StoreCalls {
 public:
  StoreCalls(store::StoreWorkers& workers, Post post) : workers_(workers), post_(std::move(post)) {}

  /// work: Result<T>(SessionStore&), may run more than once (a group is retried as a whole).
  /// then: void(Result<T>), on the lobby's thread after the commit. Jobs of one key keep their order.
  template <typename T, typename WorkFn, typename ThenFn>
  void ask(std::string_view key, WorkFn work, ThenFn then) {
    auto slot = std::make_shared<std::optional<T>>();
    workers_.submit(
        std::hash<std::string_view>{}(key),
        [slot, work = std::move(work)](store::SessionStore& store) mutable -> Result<void> {
          Result<T> answer = work(store);
          if (!answer) return answer.error();
          *slot = std::move(*answer);
          return {};
        },
        [slot, post = post_, then = std::move(then)](Result<void> committed) mutable {
          post([slot, then = std::move(then), committed = std::move(committed)]() mutable {
            if (!committed) return then(Result<T>(committed.error()));
            then(Result<T>(std::move(**slot)));
          });
        });
  }

  /// The same for work without an answer.
  template <typename WorkFn, typename ThenFn>
  void tell(std::string_view key, WorkFn work, ThenFn then) {
    workers_.submit(
        std::hash<std::string_view>{}(key), std::move(work),
        [post = post_, then = std::move(then)](Result<void> committed) mutable {
          post([then = std::move(then), committed = std::move(committed)]() mutable { then(std::move(committed)); });
        });
  }

 private:
  store::StoreWorkers& workers_;
  Post post_;
};

}  // namespace gw::lobby
