#pragma once
// Inbox: what waits for the lobby's thread, FIFO. Many producers, one consumer that takes everything at
// once.
//
// Bounds. Commands: count and bytes; over them the text is not kept, only that the session has refused
// lines up to a seq (one entry a session), which the consumer tells the player and acknowledges. Tasks:
// producers bound them (one per session for its lifecycle, admitLogin() for logins).

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/ids.h"
#include "base/unique_function.h"

namespace gw::lobby {

struct Call {
  enum class Kind : uint8_t { kCommand, kPrivateCommand, kTask };
  Kind kind = Kind::kTask;
  SessionId session;
  uint64_t seq = 0;
  std::string text;
  Task task;
};

/// Lines of one session that were not taken.
struct RefusedLines {
  uint64_t lastSeq = 0;
  uint32_t count = 0;
};

class Inbox {
 public:
  Inbox(size_t commandLimit, size_t byteLimit, size_t loginLimit)
      : commandLimit_(commandLimit), byteLimit_(byteLimit), loginLimit_(loginLimit) {}

  struct Batch {
    std::vector<Call> calls;
    std::unordered_map<SessionId, RefusedLines> refused;  // all of them came after `calls` of that session
  };

  // Any thread. Nothing happens once closed.
  // All but post() wait for wakeConsumer(), so that many need one wake-up.
  void command(SessionId session, uint64_t seq, std::string text);
  void privateCommand(SessionId session, std::string text);
  void enqueue(Task task);
  void post(Task task);
  void wakeConsumer();
  /// Counts one login request; false: too many under way. loginDone() gives it back.
  bool admitLogin();
  void loginDone();
  /// Ends one awaitCredit().
  void giveCredit();
  /// Wakes the consumer and drops what waits; take() answers false from now on.
  void close();

  // Consumer.
  /// Waits for calls, until waitNs have passed at most (UINT64_MAX: for ever). False: closed.
  bool take(Batch& batch, uint64_t waitNs);
  /// Waits for one giveCredit(), which may have come before. False: closed.
  bool awaitCredit();

  uint64_t refusedCommands() const;
  uint64_t refusedLogins() const;

 private:
  bool waitForCalls(std::unique_lock<std::mutex>& lock, uint64_t waitNs);

  const size_t commandLimit_;
  const size_t byteLimit_;
  const size_t loginLimit_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool isClosed_ = false;
  bool isWaiting_ = false;  // for calls
  bool hasCredit_ = false;
  Batch queued_;
  size_t commands_ = 0;
  size_t bytes_ = 0;
  size_t logins_ = 0;
  uint64_t refusedCommands_ = 0;
  uint64_t refusedLogins_ = 0;
};

}  // namespace gw::lobby
