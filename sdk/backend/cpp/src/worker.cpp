#include "worker.h"

#include <Poco/Data/Session.h>

#include <algorithm>
#include <utility>

#include "worker_call.h"

namespace gw::backend {
namespace {

// So many at once at most: the first of them waits until the last is done.
constexpr size_t kItemsAtOnce = 1024;
constexpr std::chrono::milliseconds kGatherAcks{50};
constexpr size_t kMostToAck = 50;  // of a session: the gateway keeps a hundred, and refuses the next

}  // namespace

Worker::Worker(const Options& options, Backend& backend, Store& store, Inbox& inbox, SendQueue& queue, const Log& log)
    : options_(options),
      backend_(backend),
      store_(store),
      inbox_(inbox),
      queue_(queue),
      log_(log),
      stage_(ledger_, store.session()),
      replies_(std::make_shared<Replies>([this] { inbox_.wake(); })) {
  store_.load(ledger_);
  start();
}

Worker::~Worker() { replies_->close(); }

void Worker::start() {
  begin();
  stage_.clear();
  try {
    Transaction transaction(stage_);
    backend_.onStart(transaction);
  } catch (...) {
    store_.rollback();
    throw;
  }
  apply();
  finish();
}

void Worker::run() {
  std::vector<Item> items;
  while (true) {
    // Looked at before taking: what was posted before the goodbye is still carried out.
    const bool isLast = isStopping_;
    inbox_.take(items, isLast ? std::chrono::steady_clock::now() : nextTime());
    for (size_t at = 0; at < items.size(); at += kItemsAtOnce) {
      queue_.waitForRoom();
      transact(items.data() + at, items.data() + std::min(at + kItemsAtOnce, items.size()));
    }
    if (items.empty()) transact(nullptr, nullptr);
    if (isLast) break;
  }
  store_.wantCheckpoint();
  begin();
  finish();
}

void Worker::stop() {
  isStopping_ = true;
  inbox_.wake();
}

void Worker::transact(const Item* first, const Item* last) {
  for (; first != last; ++first) {
    std::visit([this](const auto& item) { carryOut(item); }, *first);
  }
  closeNotFound();
  runDue();
  finish();
}

void Worker::begin() {
  if (isInTransaction_) return;
  store_.begin();
  isInTransaction_ = true;
}

void Worker::finish() {
  if (isInTransaction_) {
    store_.commit(ledger_);
    isInTransaction_ = false;
  }
  for (const auto& then : std::exchange(afterCommit_, {})) then();
  if (areAcksDue()) sendAcks();
  sendReplies();
  queue_.push(generation_, std::move(outgoing_));
  outgoing_ = Batches(kMaxMessage);
}

void Worker::callOwn(const char* what, const Link::Work& work) {
  call(what, work, options_.maxOutbox - std::min(options_.maxOutbox, ledger_.outboxSize()));
}

void Worker::apply() {
  for (auto& frame : stage_.frames) {
    Account* account = frame.session.empty() ? &ledger_.withoutSession() : ledger_.find(frame.session);
    if (account == nullptr) continue;  // it is over
    if (!frame.isCounted) {
      send(*account, frame.kind, 0, frame.payload);
      continue;
    }
    const int64_t n = ledger_.add(*account, frame.kind, std::move(frame.payload));
    send(*account, frame.kind, n, account->frames.back().payload);
  }
  for (auto& asked : stage_.requests) ask(asked.method, asked.params, std::move(asked.then));
  std::move(stage_.afterCommit.begin(), stage_.afterCommit.end(), std::back_inserter(afterCommit_));
  stage_.clear();
}

void Worker::send(const Account& account, FrameKind kind, int64_t n, std::string_view payload) {
  if (!account.isOpen || !isReady_) return;
  scratch_.clear();
  appendEvent(scratch_, kind, n, payload);
  outgoing_.append(scratch_);
}

void Worker::sendAcks() {
  for (Account* account : toAck_) {
    account->toAck = 0;
    if (account->isOpen) outgoing_.append(commandAck(account->session.id, account->seq));
  }
  toAck_.clear();
}

// They are cumulative: a busy session's are one in a while.
bool Worker::areAcksDue() const {
  return !toAck_.empty() && (isStopping_ || std::chrono::steady_clock::now() >= acksAt_);
}

void Worker::sendReplies() {
  for (const auto& reply : replies_->take()) {
    if (reply.generation == generation_) outgoing_.append(reply.frame);
  }
}

void Worker::addTimer(std::chrono::milliseconds interval, Link::Work work) {
  timers_.push_back({std::chrono::steady_clock::now() + interval, interval, std::move(work)});
}

std::optional<Worker::Time> Worker::nextTime() const {
  std::optional<Time> next = reopenAt_;
  if (!toAck_.empty()) next = std::min(next.value_or(acksAt_), acksAt_);
  for (const auto& timer : timers_) next = std::min(next.value_or(timer.next), timer.next);
  return next;
}

void Worker::runDue() {
  if (timers_.empty() && !reopenAt_) return;
  const auto now = std::chrono::steady_clock::now();
  for (auto& timer : timers_) {
    if (timer.next > now) continue;
    timer.next += timer.interval;
    if (timer.next <= now) timer.next = now + timer.interval;
    callOwn("a timer's work", timer.work);
  }
  if (reopenAt_ && *reopenAt_ <= now) reopen();
}

void Worker::carryOut(const CommandItem& command) {
  Account* account = command.session.empty() ? nullptr : ledger_.find(command.session);
  if (account == nullptr) {
    log_.warning("a command of a session that the gateway has not told of; ignored");
    return;
  }
  if (command.seq == 0) {
    call("onPrivate", [&](Transaction& tx) { backend_.onPrivate(tx, account->session, command.text); });
    return;
  }
  if (toAck_.empty()) acksAt_ = std::chrono::steady_clock::now() + kGatherAcks;
  if (account->toAck++ == 0) toAck_.push_back(account);
  if (account->toAck >= kMostToAck) acksAt_ = {};  // now
  if (command.seq <= account->seq) return;
  const bool isDone =
      call("onCommand", [&](Transaction& tx) { backend_.onCommand(tx, account->session, command.text); });
  ledger_.carriedOut(*account, command.seq);
  if (isDone) return;
  // It counts as carried out, or it would throw for ever.
  call("the error text",
       [&](Transaction& tx) { tx.output(command.session, Output::system(options_.errorText, "error")); });
}

void Worker::carryOut(const AckItem& ack) {
  if (Account* account = ledger_.find(ack.session)) ledger_.acknowledge(*account, ack.n);
}

void Worker::carryOut(const Task& task) { callOwn("posted work", task.work); }

}  // namespace gw::backend
