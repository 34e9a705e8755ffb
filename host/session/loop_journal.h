#pragma once
// LoopJournal: one loop's side of the Journal: the part that it is writing, the part that is being
// committed, and the sessions to release after that.
//
// Thread: its loop. Bounds: over kFullBytes of what is not committed it is full; then the loop takes no
// more input (SessionManager) and producers wait (Journal::isFull).

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

  struct Ports {
    std::function<Session*(const SessionId&)> find;
    /// Saves these, then calls Journal::checkpointed().
    std::function<void(std::vector<SessionId>)> checkpoint;
    /// It was full and is not any more.
    std::function<void()> roomAgain;
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
  /// Since when the oldest uncommitted part waits; 0: nothing does. [loop]
  uint64_t waitingSinceNs() const { return waitingSinceNs_; }

  // Journal::Loop
  void post(Task task) override;
  Journal::Part seal(bool startsCheckpoint) override;
  void committed() override;

 private:
  void requestCut();

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
  std::vector<SessionId> sealed_;
  size_t sealedBytes_ = 0;
  uint64_t waitingSinceNs_ = 0;
  std::vector<SessionId> unsaved_;  // written of since they were last listed
};

}  // namespace gw::session
