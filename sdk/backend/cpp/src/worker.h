#pragma once
// Worker: carries out what came in, many at once in one transaction, then sends what came of it.
//
//   worker.cpp           the loop, transactions, the author's calls
//   worker_sessions.cpp  who plays; the outbox after a reconnect
//   worker_requests.cpp  logging in; our own requests
//   worker_errors.cpp    link.error
//
// Thread: that of run(), but for the constructor before it.

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "gw/backend/link.hpp"
#include "inbox.h"
#include "ledger.h"
#include "log.h"
#include "replies.h"
#include "send_queue.h"
#include "stage.h"
#include "store.h"

namespace gw::backend {

class Worker {
 public:
  Worker(const Options& options, Backend& backend, Store& store, Inbox& inbox, SendQueue& queue, const Log& log);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  /// Until stop() and everything that came before it is done.
  void run();
  /// From any thread.
  void stop();
  /// On the worker.
  void addTimer(std::chrono::milliseconds interval, Link::Work work);
  /// From any thread.
  size_t outboxSize() const { return ledger_.outboxSize(); }

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Timer {
    Time next;
    std::chrono::milliseconds interval;
    Link::Work work;
  };

  // --- The loop (worker.cpp)
  void start();
  void transact(const Item* first, const Item* last);
  void begin();
  void finish();
  /// One call of the author's: all or nothing. False: it threw. room: for so many counted frames.
  template <typename Call>
  bool call(const char* what, Call&& theirs, std::optional<size_t> room = {});
  /// One that the author began, and that goes on while the link is down: what it sends has a bound.
  void callOwn(const char* what, const Link::Work& work);
  void apply();
  void runDue();
  std::optional<Time> nextTime() const;
  void send(const Account& account, FrameKind kind, int64_t n, std::string_view payload);
  bool areAcksDue() const;
  void sendAcks();
  void sendReplies();

  // --- What comes in
  void carryOut(const CommandItem& command);
  void carryOut(const AckItem& ack);
  void carryOut(const EventItem& event);
  void carryOut(const RequestItem& request);
  void carryOut(const ResponseItem& response);
  void carryOut(const LinkUp& link);
  void carryOut(const LinkDown& link);
  void carryOut(const Task& task);

  // --- Sessions (worker_sessions.cpp)
  void entered(const nlohmann::json& payload);
  void reconnected(const nlohmann::json& payload);
  void disconnected(const nlohmann::json& payload);
  void close(Account& account, const std::string& reason);
  void ready();
  void closeNotFound();
  /// From now on, or from link.ready on, the session's frames may leave; the gateway has them up to n.
  void open(Account& account, int64_t n);
  void sendFrom(Account& account, int64_t n);

  // --- Requests (worker_requests.cpp)
  void login(const RequestItem& request);
  void ask(const std::string& method, const std::string& params, OnReport then);

  // --- Errors (worker_errors.cpp)
  void linkError(const nlohmann::json& payload);
  void goBack(Account& account, int64_t expected);
  void elsewhere(Account& account);
  void reopen();

  const Options& options_;
  Backend& backend_;
  Store& store_;
  Inbox& inbox_;
  SendQueue& queue_;
  const Log& log_;
  Ledger ledger_;
  Stage stage_;
  std::shared_ptr<Replies> replies_;

  std::atomic<bool> isStopping_{false};
  bool isInTransaction_ = false;
  int64_t generation_ = 0;  // of the connection; 0: none
  bool isReady_ = false;    // link.ready has come on it: what waited has left
  Batches outgoing_{kMaxMessage};
  std::string scratch_;
  std::vector<Account*> toAck_;
  Time acksAt_{};  // when they are, at the latest
  std::vector<std::function<void()>> afterCommit_;
  std::vector<Timer> timers_;
  std::optional<Time> reopenAt_;  // the frames without a session wait for it
  int64_t lastRequest_ = 0;
  std::map<std::string, OnReport> asked_;
  std::vector<std::string> notFound_;  // sessions; unless they have come back
};

}  // namespace gw::backend
