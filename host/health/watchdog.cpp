#include "health/watchdog.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "base/clock.h"
#include "base/log.h"
#include "health/thread_stack.h"

namespace gw::health {
namespace {

std::string threadName(pid_t threadId) {
  std::ifstream comm("/proc/self/task/" + std::to_string(threadId) + "/comm");
  std::string name;
  std::getline(comm, name);
  return name;
}

}  // namespace

Watchdog::Watchdog(WatchdogOptions options) : options_(std::move(options)) { prepareThreadStacks(); }

Watchdog::~Watchdog() { stop(); }

void Watchdog::start() {
  if (thread_.joinable()) return;
  isStopping_ = false;
  thread_ = std::thread([this] { work(); });
}

void Watchdog::stop() {
  {
    std::lock_guard lock(mutex_);
    isStopping_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Watchdog::work() {
  pthread_setname_np(pthread_self(), "watchdog");
  std::unique_lock lock(mutex_);
  while (!wake_.wait_for(lock, std::chrono::milliseconds(options_.tickMs), [this] { return isStopping_; })) {
    lock.unlock();
    tick(systemClock().nowNs());
    lock.lock();
  }
}

void Watchdog::tick(uint64_t nowNs) {
  plugin::noteWatchdogTick(nowNs, uint64_t{options_.tickMs} * 1'000'000);
  const uint64_t gapNs = lastTickNs_ == 0 ? 0 : nowNs - lastTickNs_;
  lastTickNs_ = nowNs;
  if (gapNs > uint64_t{options_.forgivenGapMs} * 1'000'000) {
    for (Watched& one : watched_) one.ticks = 0;
  }
  const std::vector<plugin::ActiveCallback> active = options_.active();
  std::vector<Watched> next;
  for (const plugin::ActiveCallback& call : active) {
    const auto same = [&](const Watched& w) { return w.threadId == call.threadId && w.startNs == call.startNs; };
    const auto known = std::find_if(watched_.begin(), watched_.end(), same);
    Watched one = known != watched_.end() ? *known : Watched{call.threadId, call.startNs, 0, false};
    if (known != watched_.end()) ++one.ticks;
    const uint64_t stuckMs = uint64_t{one.ticks} * options_.tickMs;
    if (stuckMs >= options_.stuckMs && !one.isReported) {
      one.isReported = true;
      report(call, stuckMs);
    }
    next.push_back(one);
  }
  watched_ = std::move(next);
}

void Watchdog::report(const plugin::ActiveCallback& call, uint64_t stuckMs) {
  stuckCalls_.fetch_add(1, std::memory_order_relaxed);
  // The hanging thread may hold any lock (malloc's, the loader's, the log's): should saying why block
  // here, SIGALRM ends the process all the same.
  const bool isForReal = options_.mayAbort && !options_.abortNow;
  if (isForReal) ::alarm(5);
  log::error(
      "watchdog",
      options_.mayAbort ? "a plugin callback does not return; the gateway aborts" : "a plugin callback does not return",
      {{"plugin", call.owner->channel},
       {"version", call.owner->version},
       {"generation", call.owner->generation},
       {"account", call.owner->account},
       {"callback", call.callback},
       {"thread", threadName(call.threadId)},
       {"ms", stuckMs}});
  std::istringstream frames(options_.stackOf ? options_.stackOf(call.threadId) : stackOfThread(call.threadId));
  for (std::string frame; std::getline(frames, frame);) log::error("watchdog", "stack", {{"frame", frame}});
  if (!options_.mayAbort) return;
  if (options_.abortNow) {
    options_.abortNow();
    return;
  }
  log::shutdown();
  std::abort();
}

}  // namespace gw::health
