#pragma once
// Journal: strict durability's one writer. Loops write down what they are about to show (LoopJournal); a
// cut takes what all of them have written and commits it as one row; then they show it. One cut is under
// way at a time and takes all that came meanwhile: that is the group commit.
//
// What else a session writes into the store (its row, its tokens) goes along with the next cut, in the same
// transaction: a row says what is not committed yet, so alone it would let one session keep a half of what
// belongs together.
//
// A cut is a marker in every loop's inbox, put there at one moment: what a producer posts within one Unit
// lies wholly before or wholly after it, on all loops. So the effects of a command and its acknowledgement
// are committed together or not at all.
//
// The journal is bounded by checkpoints: a cut asks the loops to save the sessions that it knows of; once
// their rows include everything up to that cut, the rows of the journal before it go.
//
// Thread: any; a loop never waits here.

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_function.h"
#include "store/records.h"

namespace gw::store {
class SessionStore;
class StoreWorkers;
}  // namespace gw::store

namespace gw::session {

class Journal {
 public:
  /// As StoreWorkers has them: work may run more than once, done only posts elsewhere.
  struct StoreWork {
    UniqueFunction<Result<void>(store::SessionStore&)> work;
    UniqueFunction<void(Result<void>)> done;
  };
  /// One loop's share of a cut.
  struct Part {
    std::string records;
    std::vector<StoreWork> works;
  };

  /// A loop's side.
  class Loop {
   public:
    virtual void post(Task task) = 0;  // any thread
    /// [loop] What it has written since the last cut. startsCheckpoint: it saves every session that it has
    /// written of up to here, then calls checkpointed().
    virtual Part seal(bool startsCheckpoint) = 0;
    /// [loop] What it sealed last is committed.
    virtual void committed() = 0;

   protected:
    ~Loop() = default;
  };

  /// A journal is to begin empty: recoverJournal() has been there.
  Journal(store::StoreWorkers& store, std::string gatewayId, uint64_t checkpointBytes);
  /// Before anybody writes.
  void connect(std::vector<Loop*> loops) { loops_ = std::move(loops); }

  /// Something waits for a commit: a cut is made as soon as none is under way.
  void request();
  void checkpointed();
  /// The next checkpoint is due, and the last one is still under way.
  bool isBehind() const;

  /// A Unit: what a producer posts between the two is committed together. Cuts wait for it, so it is short.
  void beginUnit() { units_.lock(); }
  void endUnit() {
    units_.unlock();
    placeMarkersIfFree();
  }

  /// A loop is full: producers hold back until none is.
  bool isFull() const { return fullLoops_ > 0; }
  /// Calls wake once, at once or as soon as there is room; there it must not block.
  void whenRoom(Task wake);
  void noteFull();  // [loop]
  void noteRoom();  // [loop]

  /// Nothing waits and nothing is under way.
  bool isIdle() const;
  /// Blocks until it is idle, at most limitMs; whether it is. Not on a loop.
  bool waitIdle(uint64_t limitMs) const;
  /// Every session's row includes everything: nothing in the journal is needed any more.
  void trimAll();

 private:
  struct Cut {
    uint64_t number = 0;
    size_t loopsLeft = 0;
    std::vector<Part> parts;  // by loop
    bool startsCheckpoint = false;
  };

  void startCut();
  void placeMarkersIfFree();
  void placeMarkers();
  void contribute(size_t loop, Part part);
  void submit(store::JournalEntry entry, std::vector<StoreWork> works);
  void trim(uint64_t upTo);
  void cutDone();

  store::StoreWorkers& store_;
  const std::string gatewayId_;
  const uint64_t checkpointBytes_;
  std::vector<Loop*> loops_;

  std::mutex units_;  // held while a unit is posted, and while the markers are
  std::atomic<bool> markersDue_{false};
  std::atomic<int> fullLoops_{0};

  mutable std::mutex mutex_;  // guards what follows; never held while something is called
  mutable std::condition_variable becameIdle_;
  bool isUnderWay_ = false;
  bool isWanted_ = false;
  Cut cut_;
  uint64_t checkpointCut_ = 0;  // 0: none is under way
  size_t checkpointLoopsLeft_ = 0;
  uint64_t sinceCheckpoint_ = 0;  // bytes
  std::vector<Task> waiting_;     // producers, one call each
};

}  // namespace gw::session
