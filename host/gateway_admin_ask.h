#pragma once
// How admin threads ask the loops and the store: post, wait at most kLongestWait, and leave a late answer
// to nobody. Private to gateway*.cpp.

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "base/log.h"
#include "gateway_parts.h"

namespace gw {

/// A result that a loop or a worker fills and an admin thread waits for; a late answer goes nowhere.
template <typename T>
struct Awaited {
  std::mutex mutex;
  std::condition_variable changed;
  std::optional<T> value;
  void set(T result) {
    std::lock_guard lock(mutex);
    value = std::move(result);
    changed.notify_all();
  }
  std::optional<T> wait() {
    std::unique_lock lock(mutex);
    changed.wait_for(lock, admin::kLongestWait, [&] { return value.has_value(); });
    return value;
  }
};

template <typename F>
Result<void> GatewayAdmin::inStore(F&& work) {
  auto outcome = std::make_shared<Awaited<Result<void>>>();
  gateway_.parts_->store->submit(0, std::forward<F>(work),
                                 [outcome](Result<void> result) { outcome->set(std::move(result)); });
  auto result = outcome->wait();
  if (!result) return fail(ErrorCode::kTimeout, "the store did not answer within 2 s");
  return *result;
}

template <typename Item, typename Collect>
admin::Listing<Item> GatewayAdmin::fromLoops(size_t limit, Collect&& collect) {
  struct Gathered {
    std::mutex mutex;
    std::condition_variable changed;
    std::vector<Item> items;
    std::vector<bool> answered;
    size_t left;
  };
  const auto& managers = gateway_.parts_->managers;
  auto gathered = std::make_shared<Gathered>();
  gathered->answered.resize(managers.size());
  gathered->left = managers.size();
  for (size_t i = 0; i < managers.size(); ++i) {
    managers[i]->loop().post([gathered, collect, i, limit, &manager = *managers[i]] {
      std::vector<Item> mine = collect(manager, limit);
      std::lock_guard lock(gathered->mutex);
      std::move(mine.begin(), mine.end(), std::back_inserter(gathered->items));
      gathered->answered[i] = true;
      if (--gathered->left == 0) gathered->changed.notify_all();
    });
  }
  std::unique_lock lock(gathered->mutex);
  gathered->changed.wait_for(lock, admin::kLongestWait, [&] { return gathered->left == 0; });
  admin::Listing<Item> listing;
  listing.items = gathered->items;
  for (size_t i = 0; i < managers.size(); ++i)
    if (!gathered->answered[i]) listing.partial.push_back(static_cast<int>(i));
  listing.truncated = listing.items.size() >= limit && limit > 0;
  if (listing.items.size() > limit) listing.items.resize(limit);
  return listing;
}

template <typename F>
Result<void> GatewayAdmin::onSession(const std::string& id, F&& then) {
  const auto parsed = SessionId::parse(id);
  if (!parsed) return fail(ErrorCode::kNotFound, "there is no session " + log::quoted(id));
  auto outcome = std::make_shared<Awaited<Result<void>>>();
  session::SessionManager& home = *gateway_.parts_->managers[homeLoop(*parsed, gateway_.parts_->managers.size())];
  home.loop().post([outcome, then, id = *parsed, &home]() mutable {
    home.load(id, [outcome, then, &home](const Result<session::Session*>& session) mutable {
      if (!session) return outcome->set(session.error());
      if (!*session) return outcome->set(fail(ErrorCode::kNotFound, "there is no such session"));
      then(home, **session);
      outcome->set({});
    });
  });
  auto result = outcome->wait();
  if (!result) return fail(ErrorCode::kTimeout, "the session's loop did not answer within 2 s");
  return *result;
}

}  // namespace gw
