#pragma once
// FakeAcceptor: the stream side as channel/ sees it, without sessions: keeps what comes in, and holds
// the instance for as long as a stream would.

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <vector>

#include "base/clock.h"
#include "plugin/callback_guard.h"
#include "plugin/migration.h"
#include "plugin/stream_acceptor.h"

namespace gw::test {

class FakeAcceptor final : public plugin::StreamAcceptor {
 public:
  struct Close {
    std::string account;
    uint32_t code;
    uint64_t graceMs;
  };

  ~FakeAcceptor() override { dropStreams(); }

  void onSocket(net::EventLoop& loop, std::shared_ptr<plugin::Instance> instance,
                std::shared_ptr<const plugin::AccountTraits> traits, int fd, net::PeerAddress peer,
                net::TlsContext* tls) override {
    std::lock_guard lock(mutex_);
    wasInLoop_ = wasInLoop_ && loop.isInLoop();
    sawTls_ = sawTls_ || tls != nullptr;
    lastPeer_ = peer.toString();
    lastTraits_ = std::move(traits);
    instance->counters().connections.fetch_add(1);
    instance->totals().accepted.fetch_add(1);
    instance->totals().lastActivityUs = 4711;
    streams_.push_back({std::move(instance), fd});
    changed_.notify_all();
  }

  void onRequest(std::shared_ptr<plugin::Instance> instance, std::shared_ptr<const plugin::AccountTraits> traits,
                 std::shared_ptr<net::HttpExchange> exchange) override {
    exchange->reply(200, {{"content-type", "text/plain"}}, traits->accountId + " " + instance->accountId());
  }

  size_t closeAll(const std::vector<std::shared_ptr<plugin::Instance>>& instances,
                  const plugin::Goodbye& goodbye) override {
    std::unique_lock lock(mutex_);
    closes.push_back({instances.empty() ? "" : instances.back()->accountId(), goodbye.code, goodbye.graceMs});
    if (waitsForTheGrace) {
      lock.unlock();
      const uint64_t endNs = systemClock().nowNs() + goodbye.graceMs * 1'000'000;
      while (systemClock().nowNs() < endNs)
        if (goodbye.goOn && !goodbye.goOn(1)) return 0;
      lock.lock();
    }
    std::erase_if(streams_, [&](Stream& stream) {
      if (std::count(instances.begin(), instances.end(), stream.instance) == 0 || keepStreams) return false;
      ::close(stream.fd);
      stream.instance->counters().connections.fetch_sub(1);
      return true;
    });
    return cutOff;
  }

  /// Nothing moves: there are no loops here.
  std::shared_ptr<plugin::Migration> migrate(std::shared_ptr<plugin::Instance> from,
                                             std::shared_ptr<plugin::Instance> to,
                                             const plugin::MigrationOptions& options) override {
    auto migration = std::make_shared<plugin::Migration>(std::move(from), std::move(to), options);
    migration->start({});
    return migration;
  }

  /// The streams of an account that closeAll could not end are gone now; on the calling thread.
  void dropStreams() {
    std::vector<Stream> gone;
    {
      std::lock_guard lock(mutex_);
      gone.swap(streams_);
    }
    for (Stream& stream : gone) ::close(stream.fd);
  }

  /// Makes the instances of all streams slow often enough; the callback policy must have no budget.
  void quarantineAll() {
    std::lock_guard lock(mutex_);
    for (Stream& stream : streams_) {
      for (int i = 0; i < 5; ++i) plugin::CallbackGuard guard(*stream.instance, "stream.data");
    }
  }

  /// Waits until that many sockets have come in.
  bool waitForStreams(size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return streams_.size() >= count; });
  }
  size_t streamCount() const {
    std::lock_guard lock(mutex_);
    return streams_.size();
  }
  bool wasInLoop() const { return wasInLoop_; }
  bool sawTls() const { return sawTls_; }
  std::string lastPeer() const {
    std::lock_guard lock(mutex_);
    return lastPeer_;
  }
  const plugin::AccountTraits& lastTraits() const { return *lastTraits_; }

  std::vector<Close> closes;  // read after the manager's call has returned
  size_t cutOff = 0;
  bool keepStreams = false;
  bool waitsForTheGrace = false;  // as if somebody did not leave

 private:
  struct Stream {
    std::shared_ptr<plugin::Instance> instance;
    int fd;
  };
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Stream> streams_;
  std::atomic<bool> wasInLoop_{true};
  std::atomic<bool> sawTls_{false};
  std::string lastPeer_;
  std::shared_ptr<const plugin::AccountTraits> lastTraits_;
};

}  // namespace gw::test
