#pragma once
// Ledger: per session the last command carried out, the count of our frames, and those that the gateway has not
// stored yet (the outbox). In memory; the Store writes down what changed.
//
// On disk each transaction adds one record: who was touched, their counts, their new frames. A record is deleted
// once all of its frames are acknowledged and a checkpoint has written the counts into rows. So a command costs a
// few bytes of a record, not rows of its own.
//
// Invariants of an Account: its frames are numbered n - frames.size() + 1 ... n; what is acknowledged is gone;
// every frame but the `fresh` last ones lies in a record that is counted in `open records`.
// Thread: the worker's, but for outboxSize(). The account "" is that of the frames without a session.

#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "frames.h"
#include "gw/backend/types.hpp"

namespace gw::backend {

struct KeptFrame {
  FrameKind kind = FrameKind::kOutput;
  std::string payload;
  int64_t record = 0;
  int64_t order = 0;  // among the frames of all accounts
};

struct Account {
  Session session;
  int64_t seq = 0;    // the last command carried out
  int64_t n = 0;      // of our last frame
  int64_t acked = 0;  // the gateway has stored up to here
  int64_t floor = 0;  // frames in records below it are void
  bool isGone = false;
  bool isOpen = false;  // this connection serves it, and we know how far our frames came
  std::deque<KeptFrame> frames;

  // Of this connection:
  size_t toAck = 0;        // commands that were carried out, or had been
  int64_t wentBackTo = 0;  // the last CONFLICT{expected}; more of the same come for frames under way

  // Since the last record:
  bool isTouched = false;
  bool isReset = false;
  size_t fresh = 0;      // new frames at the end
  bool isDirty = false;  // since the last checkpoint

  int64_t firstN() const { return n - static_cast<int64_t>(frames.size()) + 1; }
};

/// A frame in the outbox, with its number.
struct Unsent {
  const Account* account;
  const KeptFrame* frame;
  int64_t n;
};

class Ledger {
 public:
  Account* find(std::string_view session);
  const Account* find(std::string_view session) const;
  /// Makes it if need be.
  Account& account(std::string_view session);
  Account& withoutSession() { return account(""); }
  /// The account of a session that begins; one that was gone begins again.
  Account& enter(std::string_view session);
  /// Those of sessions, that are not gone.
  std::vector<Account*> living();
  std::vector<const Session*> sessions() const;
  /// Of all accounts: frames that are not acknowledged. From any thread.
  size_t outboxSize() const { return outboxSize_; }

  /// What the gateway lacks of those that are open, in the order in which it was made. Valid until the next change.
  std::vector<Unsent> unsent() const;

  /// Answers its n.
  int64_t add(Account& account, FrameKind kind, std::string payload);
  void carriedOut(Account& account, int64_t seq);
  void touch(Account& account);
  void acknowledge(Account& account, int64_t n);
  /// The gateway's last n is `theirs`. Where we have less we go on from there; where it lacks frames that we do not
  /// have any more (it crashed, and stores relaxed), what we have is numbered anew behind what it has.
  void agree(Account& account, int64_t theirs);
  void forget(Account& account);

  /// The next record: what was touched since the last one. Empty: nothing was.
  std::string takeRecord(int64_t id);
  /// Takes in a record as it was stored. False: it is not one.
  bool replay(int64_t id, std::string_view record);
  /// After the last replay.
  void finishReplay();

  /// Records without frames in the outbox, in ascending order.
  std::vector<int64_t> takeCompleteRecords();
  size_t completeRecords() const { return complete_.size(); }
  /// All below it have been deleted.
  int64_t oldestRecord(int64_t otherwise) const { return open_.empty() ? otherwise : open_.begin()->first; }
  /// Has changed since the last checkpoint.
  void markDirty(Account& account);
  std::vector<Account*> takeDirty();
  void erase(const Account& account);

 private:
  void keep(Account& account, KeptFrame frame);
  void drop(Account& account, size_t frames);

  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
  };
  std::unordered_map<std::string, std::unique_ptr<Account>, Hash, std::equal_to<>> accounts_;
  std::vector<Account*> touched_;
  std::vector<Account*> dirty_;
  std::map<int64_t, size_t> open_;  // record → frames that are still in the outbox
  std::vector<int64_t> complete_;
  int64_t lastOrder_ = 0;
  std::atomic<size_t> outboxSize_{0};  // moved by keep() and drop() alone
};

}  // namespace gw::backend
