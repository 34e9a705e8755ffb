#include "net/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <iterator>
#include <mutex>
#include <utility>

#include "net/io_scratch.h"
#include "net/timer_queue.h"

namespace gw::net {

namespace {

constexpr int kMaxReady = 256;
constexpr size_t kTasksPerTurn = 1024;
constexpr size_t kTaskOverheadBytes = 64;  // so that the bound also holds for empty tasks
constexpr int kTurnEndRounds = 16;
constexpr uint64_t kHoldNs = 1'000'000;
constexpr uint64_t kFiguresNs = 1'000'000'000;

[[noreturn]] void die(const char* what) {
  std::fprintf(stderr, "event loop: %s: %s\n", what, std::strerror(errno));
  std::abort();
}

}  // namespace

struct EventLoop::Inbox {
  struct Entry {
    Task task;
    size_t bytes;
  };
  std::mutex mutex;
  std::vector<Entry> posted;        // guarded by mutex
  std::vector<Entry> taken;         // [loop] empty between drains; lends its room to posted
  std::deque<Entry> due;            // [loop] taken over, not yet run
  std::atomic<bool> asleep{false};  // set under the mutex, with nothing posted
  std::atomic<size_t> bytes{0};
  std::atomic<size_t> tasks{0};
  std::atomic<size_t> limit{8 << 20};
};

struct EventLoop::Figures {
  std::atomic<uint64_t> turns{0}, lagMaxNs{0}, connections{0}, lastTurnNs{0};
  uint64_t turnsSoFar = 0, lagSoFarNs = 0, nextNs = 0, endNs = 0;  // [loop]; endNs: the last turn's end
};

EventLoop::EventLoop(int index, const Clock& clock)
    : index_(index),
      clock_(clock),
      epollFd_(epoll_create1(EPOLL_CLOEXEC)),
      wakeFd_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      nowNs_(clock_.nowNs()),
      timers_(std::make_unique<TimerQueue>(nowNs_)),
      inbox_(std::make_unique<Inbox>()),
      scratch_(std::make_unique<IoScratch>()),
      figures_(std::make_unique<Figures>()) {
  if (epollFd_ < 0 || wakeFd_ < 0) die("cannot create epoll or eventfd");
  epoll_event event{};
  // Edge-triggered: each write is an edge, so that the counter never has to be read.
  event.events = EPOLLIN | EPOLLET;
  event.data.ptr = nullptr;
  if (epoll_ctl(epollFd_, EPOLL_CTL_ADD, wakeFd_, &event) != 0) die("cannot watch the eventfd");
  figures_->lastTurnNs = nowNs_;
}

EventLoop::~EventLoop() {
  stop();
  join();
  // What is left may own connections, which reach for this loop's timers: it goes first.
  turnEnd_.clear();
  inbox_->due.clear();
  inbox_->posted.clear();
  buryTheDead();
  close(wakeFd_);
  close(epollFd_);
}

void EventLoop::start() {
  thread_ = std::thread([this] { run(); });
}

void EventLoop::enterLoop() {
  threadId_.store(std::this_thread::get_id(), std::memory_order_relaxed);
  nowNs_ = figures_->endNs = clock_.nowNs();
  // OpenSSL's socket BIO uses write(2): a peer's reset must come back as EPIPE.
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
}

void EventLoop::run() {
  enterLoop();
  while (!stopping_.load(std::memory_order_acquire)) turn(-1);
  nowNs_ = clock_.nowNs();
  drainInbox(SIZE_MAX);
  runTurnEnd();
}

void EventLoop::runOnce(int timeoutMs) {
  if (!isInLoop()) enterLoop();
  turn(timeoutMs);
}

void EventLoop::stop() {
  stopping_.store(true, std::memory_order_release);
  const uint64_t one = 1;
  if (write(wakeFd_, &one, sizeof one) < 0 && errno != EAGAIN) die("cannot wake the loop");
}

void EventLoop::join() {
  if (thread_.joinable()) thread_.join();
}

void EventLoop::post(Task task, size_t bytes) {
  bytes += kTaskOverheadBytes;
  bool wake = false;
  {
    std::lock_guard lock(inbox_->mutex);
    inbox_->bytes.fetch_add(bytes, std::memory_order_relaxed);
    inbox_->tasks.fetch_add(1, std::memory_order_relaxed);
    // Queued before waking: a wake seen first would find no work and the loop would sleep again.
    inbox_->posted.push_back({std::move(task), bytes});
    wake = inbox_->asleep.load(std::memory_order_relaxed) && inbox_->asleep.exchange(false);
  }
  if (!wake) return;
  const uint64_t one = 1;
  if (write(wakeFd_, &one, sizeof one) < 0 && errno != EAGAIN) die("cannot wake the loop");
}

bool EventLoop::isCongested() const {
  return inbox_->bytes.load(std::memory_order_relaxed) > inbox_->limit.load(std::memory_order_relaxed);
}

void EventLoop::setInboxLimit(size_t bytes) { inbox_->limit.store(bytes, std::memory_order_relaxed); }

void EventLoop::watch(int fd, uint32_t epollEvents, FdHandler& handler) {
  epoll_event event{};
  event.events = epollEvents;
  event.data.ptr = &handler;
  if (epoll_ctl(epollFd_, EPOLL_CTL_ADD, fd, &event) != 0) die("watch");
}

void EventLoop::rewatch(int fd, uint32_t epollEvents, FdHandler& handler) {
  epoll_event event{};
  event.events = epollEvents;
  event.data.ptr = &handler;
  if (epoll_ctl(epollFd_, EPOLL_CTL_MOD, fd, &event) != 0) die("rewatch");
}

void EventLoop::unwatch(int fd, FdHandler& handler) {
  if (epoll_ctl(epollFd_, EPOLL_CTL_DEL, fd, nullptr) != 0) die("unwatch");
  // Events of this turn that are still to be dispatched must not reach a handler that may be gone.
  // Level-triggered: another fd of the same handler reports again in the next turn.
  std::replace(ready_.begin(), ready_.end(), &handler, static_cast<FdHandler*>(nullptr));
}

void EventLoop::atTurnEnd(Task hook) { turnEnd_.push_back(std::move(hook)); }

size_t EventLoop::requestFlush(FdHandler& handler) {
  flushes_.push_back(&handler);
  return flushes_.size() - 1;
}

size_t EventLoop::requestHold(FdHandler& handler) {
  if (held_.empty()) holdEndNs_ = nowNs_ + kHoldNs;
  held_.push_back(&handler);
  return held_.size() - 1;
}

void EventLoop::endHolds() {
  if (held_.empty() || nowNs_ < holdEndNs_) return;
  for (FdHandler* handler : held_)
    if (handler != nullptr) handler->onHoldEnd();
  held_.clear();
}

int EventLoop::waitMs(int timeoutMs) {
  if (!inbox_->due.empty() || !turnEnd_.empty() || !flushes_.empty()) return 0;
  uint64_t next = std::min(timers_->nextNs(), figures_->nextNs);
  if (!held_.empty()) next = std::min(next, holdEndNs_);
  const uint64_t now = figures_->endNs;  // just read; saves a clock call a turn
  const uint64_t untilMs = next <= now ? 0 : (next - now + 999'999) / 1'000'000;
  const int wait = static_cast<int>(std::min<uint64_t>(untilMs, 60'000));
  return timeoutMs < 0 ? wait : std::min(wait, timeoutMs);
}

void EventLoop::turn(int timeoutMs) {
  int wait = waitMs(timeoutMs);
  if (wait > 0) {
    std::lock_guard lock(inbox_->mutex);
    if (inbox_->posted.empty()) {
      inbox_->asleep.store(true, std::memory_order_relaxed);
    } else {
      wait = 0;
    }
  }
  epoll_event events[kMaxReady];
  int count = epoll_wait(epollFd_, events, kMaxReady, wait);
  inbox_->asleep.store(false, std::memory_order_relaxed);
  if (count < 0) {
    if (errno != EINTR) die("epoll_wait");
    count = 0;
  }
  nowNs_ = clock_.nowNs();
  ready_.clear();
  readyEvents_.clear();
  for (int i = 0; i < count; ++i) {
    ready_.push_back(static_cast<FdHandler*>(events[i].data.ptr));
    readyEvents_.push_back(events[i].events);
  }
  dispatchReady(count);
  timers_->fireDue();
  drainInbox(kTasksPerTurn);
  runTurnEnd();
  publishFigures(clock_.nowNs());
}

void EventLoop::dispatchReady(int count) {
  for (size_t i = 0; i < static_cast<size_t>(count); ++i) {
    FdHandler* handler = std::exchange(ready_[i], nullptr);
    if (handler != nullptr) handler->onFdReady(readyEvents_[i]);
  }
}

void EventLoop::drainInbox(size_t limit) {
  Inbox& inbox = *inbox_;
  if (inbox.due.size() < limit) {
    {
      std::lock_guard lock(inbox.mutex);
      inbox.taken.swap(inbox.posted);
    }
    std::move(inbox.taken.begin(), inbox.taken.end(), std::back_inserter(inbox.due));
    inbox.taken.clear();
  }
  for (size_t run = 0; run < limit && !inbox.due.empty(); ++run) {
    Inbox::Entry entry = std::move(inbox.due.front());
    inbox.due.pop_front();
    if (entry.task) entry.task();
    inbox.bytes.fetch_sub(entry.bytes, std::memory_order_relaxed);
    inbox.tasks.fetch_sub(1, std::memory_order_relaxed);
  }
}

void EventLoop::runTurnEnd() {
  endHolds();
  // Hooks queue output, flushes may call handlers that queue more; what a ping-pong still adds after
  // these rounds waits for the next turn, so that sockets are read in between.
  for (int round = 0; round < kTurnEndRounds && !(turnEnd_.empty() && flushes_.empty()); ++round) {
    for (int inner = 0; inner < kTurnEndRounds && !turnEnd_.empty(); ++inner) {
      std::vector<Task> hooks;
      hooks.swap(turnEnd_);
      for (Task& hook : hooks) hook();
    }
    // onTurnEnd() may append, and may cancel a ticket that is still to come.
    for (const size_t end = flushes_.size(); nextFlush_ < end;) {
      FdHandler* handler = std::exchange(flushes_[nextFlush_++], nullptr);
      if (handler != nullptr) handler->onTurnEnd();
    }
    if (nextFlush_ == flushes_.size()) {
      flushes_.clear();
      nextFlush_ = 0;
    }
  }
  buryTheDead();
}

void EventLoop::buryTheDead() {
  while (!graveyard_.empty()) {
    std::vector<std::shared_ptr<void>> dead;
    dead.swap(graveyard_);
  }
}

void EventLoop::publishFigures(uint64_t endNs) {
  Figures& f = *figures_;
  f.endNs = endNs;
  ++f.turnsSoFar;
  f.lagSoFarNs = std::max(f.lagSoFarNs, endNs - nowNs_);
  if (endNs < f.nextNs) return;
  f.nextNs = endNs + kFiguresNs;
  f.turns.store(f.turnsSoFar, std::memory_order_relaxed);
  f.lagMaxNs.store(std::exchange(f.lagSoFarNs, 0), std::memory_order_relaxed);
  f.connections.store(static_cast<uint64_t>(std::max<int64_t>(connections_, 0)), std::memory_order_relaxed);
  f.lastTurnNs.store(endNs, std::memory_order_relaxed);
}

LoopFigures EventLoop::figures() const {
  LoopFigures out;
  out.turns = figures_->turns.load(std::memory_order_relaxed);
  out.lagMaxNs = figures_->lagMaxNs.load(std::memory_order_relaxed);
  out.inboxBytes = inbox_->bytes.load(std::memory_order_relaxed);
  out.inboxTasks = inbox_->tasks.load(std::memory_order_relaxed);
  out.connections = figures_->connections.load(std::memory_order_relaxed);
  out.lastTurnNs = figures_->lastTurnNs.load(std::memory_order_relaxed);
  return out;
}

}  // namespace gw::net
