#include "plugin/stream_host.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "base/clock.h"
#include "base/log.h"
#include "net/tls.h"
#include "plugin/migration.h"

namespace gw::plugin {
namespace {

constexpr uint64_t kFreshNs = 1'000'000'000;  // most leave within it; later they are looked for less often
constexpr uint64_t kWorkStopMs = 500;
constexpr int kMostHops = 8;  // of a late stream from instance to instance: more than there are generations

/// Counts down across loops; the control thread waits for it.
class Countdown {
 public:
  explicit Countdown(size_t count) : left_(count) {}
  void done() {
    std::lock_guard lock(mutex_);
    if (--left_ == 0) changed_.notify_all();
  }
  bool wait(uint64_t ms) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::milliseconds(ms), [&] { return left_ == 0; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  size_t left_;
};

/// Who cannot be let in is told so, as a line of text: no protocol has been spoken yet. As far as the
/// socket's empty buffer takes it.
void tellWhy(int fd, const char* refusal) {
  const std::string line = std::string("Sorry, ") + refusal + ". Please try again later.\r\n";
  (void)::send(fd, line.data(), line.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
}

}  // namespace

StreamHost::StreamHost(StreamHosts& all, net::EventLoop& loop, const net::ConnectionLimits& limits, const Clock& clock)
    : all_(all),
      loop_(loop),
      limits_(limits),
      clock_(clock),
      nextId_((static_cast<uint64_t>(loop.index()) << 48) + 1) {}

StreamHost::~StreamHost() = default;

const std::shared_ptr<BlockingWork>& StreamHost::work() { return all_.work(); }

void StreamHost::wakeForWork(uint64_t streamId) {
  loop_.post([this, streamId] {
    if (Stream* stream = find(streamId)) stream->answerWork();
  });
}

int64_t StreamHost::wallUs() const { return clock_.wallUs(); }

void StreamHost::acceptSocket(std::shared_ptr<Instance> instance, std::shared_ptr<const AccountTraits> traits, int fd,
                              net::PeerAddress peer, net::TlsContext* tls) {
  if (const char* refusal = port_->admit(peer, true)) {
    log::debug("stream", "connection refused", {{"peer", peer.toString()}, {"why", refusal}});
    if (!tls) tellWhy(fd, refusal);
    ::close(fd);
    return;
  }
  auto connection =
      std::make_unique<net::Connection>(loop_, fd, std::move(peer), limits_, tls ? tls->newSession(fd) : nullptr);
  Stream& stream =
      adopt(std::make_unique<Stream>(*this, nextId_++, std::move(instance), std::move(traits), std::move(connection)));
  stream.connection_->start(stream);
  open(stream, {});
}

void StreamHost::openAccepted(std::shared_ptr<Instance> instance, std::shared_ptr<const AccountTraits> traits,
                              std::unique_ptr<net::Connection> connection, const std::string& subprotocol,
                              const std::string& extensions, uint64_t user, std::unique_ptr<StreamContext> binding,
                              size_t homeLoop) {
  Stream& stream =
      adopt(std::make_unique<Stream>(*this, nextId_++, std::move(instance), std::move(traits), std::move(connection)));
  stream.connection_->setHandler(stream);
  stream.connection_->setLimits(limits_);  // the front's end with the front
  stream.swapContext(std::move(binding));
  const auto openThere = [subprotocol, extensions, user](Stream& moved) {
    if (!moved.host().open(moved, {subprotocol, extensions, user, moved.context() != nullptr})) return;
    if (!moved.pausedByPlugin_) moved.connection().resumeReading();
    moved.connection().kick();
  };
  // A bound stream opens where its session lives; its HTTP request may have come in elsewhere.
  // Until then the plugin does not know it: nothing is read.
  stream.connection_->pauseReading();
  if (stream.context() && homeLoop != static_cast<size_t>(loop_.index()))
    return move(stream, all_.at(homeLoop), openThere);
  openThere(stream);
}

bool StreamHost::open(Stream& stream, OpenedAs as) {
  if (stream.instance_->isLeaving() || !stream.open(std::move(as))) {
    stream.connection_->close(0);
    return false;
  }
  port_->opened(stream);
  followUp(stream);
  return true;
}

// Its request was answered, or it was between two loops, while the others of its instance moved.
void StreamHost::followUp(Stream& stream) {
  if (!stream.instance_->successor()) return;
  loop_.post([this, id = stream.id()] {
    Stream* late = find(id);
    for (int hops = 0; late && hops < kMostHops; ++hops) {
      const auto next = late->instance_->successor();
      if (!next) return;
      const StatePath path = statePath(late->instance_->generation(), next->generation());
      if (late->migrate(next, path).how != Moved::kMoved) return;
    }
  });
}

void StreamHost::acceptRequest(std::shared_ptr<Instance> instance, std::shared_ptr<const AccountTraits> traits,
                               std::shared_ptr<net::HttpExchange> exchange) {
  auto request = std::make_shared<Request>(*this, nextId_++, std::move(instance), std::move(traits), exchange);
  requests_.emplace(request->id(), request);
  exchange->onGone([this, id = request->id()] { requests_.erase(id); });
  request->dispatch();
}

Stream& StreamHost::adopt(std::unique_ptr<Stream> stream) {
  Stream& kept = *stream;
  streams_.emplace(kept.id(), std::move(stream));
  return kept;
}

Stream* StreamHost::find(uint64_t streamId) {
  const auto it = streams_.find(streamId);
  return it == streams_.end() ? nullptr : it->second.get();
}

std::shared_ptr<Request> StreamHost::findRequest(uint64_t requestId) {
  const auto it = requests_.find(requestId);
  return it == requests_.end() ? nullptr : it->second;
}

void StreamHost::drop(Stream& stream) {
  const auto it = streams_.find(stream.id());
  if (it == streams_.end()) return;
  loop_.deleteLater(std::move(it->second));
  streams_.erase(it);
}

void StreamHost::drop(Request& request) { requests_.erase(request.id()); }

void StreamHost::move(Stream& stream, StreamHost& target, UniqueFunction<void(Stream&)> there) {
  // After this turn: whoever asked may still be on the stack inside this stream.
  loop_.post([this, id = stream.id(), &target, next = std::move(there)]() mutable {
    const auto it = streams_.find(id);
    if (it == streams_.end()) return;
    auto moving = std::move(it->second);
    streams_.erase(it);
    moving->leaveHost();
    moving->connection_->detach();
    target.loop().post([&target, moving = std::move(moving), next = std::move(next)]() mutable {
      Stream& arrived = target.adopt(std::move(moving));
      arrived.enterHost(target);
      target.followUp(arrived);
      next(arrived);
    });
  });
}

StreamHosts::StreamHosts(const std::vector<net::EventLoop*>& loops, const net::ConnectionLimits& limits,
                         const Clock& clock)
    : limits_(limits) {
  for (net::EventLoop* loop : loops) hosts_.push_back(std::make_unique<StreamHost>(*this, *loop, limits_, clock));
}

StreamHosts::~StreamHosts() { stopWork(kWorkStopMs); }  // it wakes the hosts

void StreamHosts::onSocket(net::EventLoop& loop, std::shared_ptr<Instance> instance,
                           std::shared_ptr<const AccountTraits> traits, int fd, net::PeerAddress peer,
                           net::TlsContext* tls) {
  at(static_cast<size_t>(loop.index())).acceptSocket(std::move(instance), std::move(traits), fd, std::move(peer), tls);
}

void StreamHosts::onRequest(std::shared_ptr<Instance> instance, std::shared_ptr<const AccountTraits> traits,
                            std::shared_ptr<net::HttpExchange> exchange) {
  at(static_cast<size_t>(exchange->loop().index())).acceptRequest(std::move(instance), std::move(traits), exchange);
}

size_t StreamHosts::closeAll(const std::vector<std::shared_ptr<Instance>>& instances, const Goodbye& goodbye) {
  // The caller keeps them while this waits; a loop that comes late has but their addresses, and no stream of them.
  std::vector<const Instance*> ending;
  for (const auto& instance : instances) ending.push_back(instance.get());
  return closeMatching(
      [ending](const Stream& stream) {
        return std::find(ending.begin(), ending.end(), &stream.instance()) != ending.end();
      },
      goodbye);
}

std::shared_ptr<Migration> StreamHosts::migrate(std::shared_ptr<Instance> from, std::shared_ptr<Instance> to,
                                                const MigrationOptions& options) {
  auto migration = std::make_shared<Migration>(std::move(from), std::move(to), options);
  std::vector<StreamHost*> loops;
  for (const auto& host : hosts_) loops.push_back(host.get());
  migration->start(loops);
  return migration;
}

size_t StreamHosts::closeEverything(uint32_t closeCode, const std::string& text, uint64_t graceMs) {
  return closeMatching([](const Stream&) { return true; }, {closeCode, graceMs, text, nullptr});
}

size_t StreamHosts::closeMatching(const std::function<bool(const Stream&)>& matches, const Goodbye& goodbye) {
  for (auto& host : hosts_) {
    host->loop().post([&host = *host, matches, code = goodbye.code, text = goodbye.text, graceMs = goodbye.graceMs] {
      const CloseInfo info{code, text, code == GW_CLOSE_SHUTDOWN, 1000, graceMs};
      std::vector<Stream*> closing;
      host.forEach([&](Stream& stream) {
        if (matches(stream)) closing.push_back(&stream);
      });
      for (Stream* stream : closing) stream->beginClose(info);
    });
  }
  // Poll by asking the loops: streams end one by one there, and this thread may wait.
  const auto countLeft = [&](bool abort) {
    auto left = std::make_shared<std::atomic<size_t>>(0);
    auto pending = std::make_shared<Countdown>(hosts_.size());
    for (auto& host : hosts_) {
      host->loop().post([&host = *host, matches, abort, left, pending] {
        std::vector<Stream*> open;
        host.forEach([&](Stream& stream) {
          if (matches(stream)) open.push_back(&stream);
        });
        *left += open.size();
        if (abort)
          for (Stream* stream : open) stream->connection().abort(net::CloseCause::kTimeout, "goodbye took too long");
        pending->done();
      });
    }
    const bool haveAllAnswered = pending->wait(2000);
    return std::max<size_t>(left->load(), haveAllAnswered ? 0 : 1);  // a busy loop may have some
  };
  const uint64_t startedNs = systemClock().nowNs();
  const uint64_t deadline = startedNs + (goodbye.graceMs + 500) * 1'000'000;
  size_t left = countLeft(false);
  Countdown never(1);
  while (left > 0 && systemClock().nowNs() < deadline) {
    if (goodbye.goOn && !goodbye.goOn(left)) return 0;
    const bool isFresh = systemClock().nowNs() - startedNs < kFreshNs;
    never.wait(isFresh ? 10 : 100);
    left = countLeft(false);
  }
  if (left > 0) countLeft(true);
  // The aborted ones report closed in the same turn; one more round trip sees them gone.
  if (left > 0) countLeft(false);
  return left;
}

}  // namespace gw::plugin
