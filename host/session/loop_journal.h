#pragma once
// LoopJournal: one loop's side of the Journal: the part that it is writing, the part that is being
// committed, and the sessions to release after that.
//
// A store outage: what waits, waits (stall), until relax() gives strictness up on this loop: everything is
// shown at once and nothing more is written down. When the store is back, resume() says so; what is saved
// from there on makes it strict again.
//
// Thread: its loop. Bounds: over kFullBytes of what is not committed it is full; then the loop takes no
// more input (SessionManager) and producers wait (Journal::isFull). Over kMostWorks further writes are
// refused (kUnavailable).

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "net/event_loop.h"
#include "session/journal.h"
#include "session/journal_records.h"

namespace gw::session {

class Session;
class SessionJournal;

class LoopJournal final : public Journal::Loop {
 public:
  static constexpr size_t kFullBytes = 8 << 20;
  static constexpr size_t kMostWorks = 20'000;

  struct Ports {
    std::function<Session*(const SessionId&)> find;
    /// Saves these, then calls Journal::checkpointed().
    std::function<void(std::vector<SessionId>)> checkpoint;
    /// It was full and is not any more.
    std::function<void()> roomAgain;
    /// The store is back after relax(): save every session, with what was not written down.
    std::function<void()> strictAgain;
  };
  LoopJournal(Journal& journal, net::EventLoop& loop, Ports ports);

  // For SessionJournal: the part to write to, with the session's number in it.
  struct Place {
    JournalWriter& writer;
    uint32_t session;
    uint64_t record;
  };
  Place placeOf(SessionJournal& session);
  uint32_t bodyOf(plugin::LoopEvent& event);
  /// For the store, with the next cut.
  void addWork(Journal::StoreWork work);
  uint64_t batch() const { return batch_; }
  uint64_t committedBatch() const { return committedBatch_; }

  bool isFull() const { return isFull_; }
  bool isRelaxed() const { return isRelaxed_; }
  /// Gives strictness up until the store is back. False: not yet, the sessions of the last time are not
  /// saved, and a second epoch that nobody wrote down could not be told from one that will be used again.
  bool relax();
  /// Since when the oldest uncommitted part waits; 0: nothing does. [loop]
  uint64_t waitingSinceNs() const { return waitingSinceNs_; }

  // Journal::Loop
  void post(Task task) override;
  Journal::Part seal(bool startsCheckpoint) override;
  void committed() override;

 private:
  void requestCut();
  void release(const std::vector<SessionId>& sessions);
  void leaveFull();

  Journal& journal_;
  net::EventLoop& loop_;
  const Ports ports_;
  JournalWriter writer_;
  std::vector<Journal::StoreWork> works_;
  uint64_t batch_ = 1;  // of the part that is being written
  plugin::LoopEventPtr lastEvent_;
  uint32_t lastBody_ = 0;
  uint64_t committedBatch_ = 0;
  bool isFull_ = false;
  bool isRelaxed_ = false;
  uint64_t savedAfterRelax_ = 0;  // the batch that the sessions were saved with
  std::vector<SessionId> sealed_;
  size_t sealedBytes_ = 0;
  uint64_t waitingSinceNs_ = 0;
  std::vector<SessionId> unsaved_;  // written of since they were last listed
};

}  // namespace gw::session
