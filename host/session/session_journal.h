#pragma once
// SessionJournal: a session's part in strict durability: how many records it has, and what waits to be
// shown until they are committed. One FIFO: nothing overtakes an uncommitted event.
//
// Thread: the session's home loop.

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/unique_function.h"
#include "session/event_log.h"

namespace gw::session {

class LoopJournal;
class Session;

/// isCommitted: false once, when the session has ended before; it is not there any more then.
using WhenCommitted = UniqueFunction<void(bool isCommitted)>;

class SessionJournal {
 public:
  /// records: as many are included in the session's row.
  SessionJournal(LoopJournal& loop, const SessionId& id, uint64_t records);

  // Written down now, committed with the next cut
  void command(uint64_t seq, std::string_view text);
  void commandsDone(uint64_t seq);
  void device(std::string_view device, uint64_t clientSeq);
  void rooms(const std::vector<std::string>& rooms);
  void outputCount(std::string_view instance, uint64_t n);
  /// Nothing to write, but what follows waits for the next commit, and with it for every save before.
  void barrier();

  // Shown or done once what was written before is committed
  /// Writes a numbered event down, too. False: strictness is given up for now; show it.
  bool event(plugin::LoopEvent& event, Position at);
  /// An event without a number: behind what waits.
  void hold(plugin::LoopEvent& event);
  /// At once if nothing waits.
  void afterCommit(WhenCommitted action);
  /// The session ends: what still waits for a commit that nobody will tell of; for the caller to call with false.
  std::vector<WhenCommitted> abandon();
  bool isHolding() const { return !held_.empty(); }  // what is held belongs to a batch up to the last one written
  /// [LoopJournal] Everything up to this batch is committed.
  void release(Session& session, uint64_t batch);

  uint64_t records() const { return records_; }
  /// The highest position that may be shown.
  Position shown() const { return shown_; }
  void setShown(Position to) { shown_ = to; }

  // For saves (saving.cpp)
  uint64_t savedRecords = 0;  // included in the row that was last handed to the store
  Position savedTo;           // the log up to here is in it; 0.0: none
  bool isListed = false;      // by the LoopJournal, for the next checkpoint

 private:
  friend class LoopJournal;
  struct Held {
    uint64_t batch = 0;
    plugin::LoopEventPtr event;
    Position at;
    WhenCommitted action;  // instead of an event
  };

  template <typename Write>
  void record(Write write);

  LoopJournal& loop_;
  const SessionId id_;
  uint64_t records_;
  Position shown_;
  std::deque<Held> held_;
  // Its number in the part that the loop is writing.
  uint64_t partBatch_ = 0;
  uint32_t partNumber_ = 0;
};

}  // namespace gw::session
