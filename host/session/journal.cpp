#include "session/journal.h"

#include <chrono>
#include <iterator>
#include <memory>

#include "base/log.h"
#include "session/journal_records.h"
#include "store/store_worker.h"

namespace gw::session {
namespace {

// All rows that strict durability writes go by one worker, in the order in which they were asked for.
constexpr uint64_t kKey = 0;

bool isWorthRetry(const Error& why) { return why.code == ErrorCode::kBusy || why.code == ErrorCode::kUnavailable; }

// Whatever is wrong with the store, what waits here may not be dropped: the worker tries again. That it is
// there already is no fault: the answer to an earlier try was lost.
Result<void> untilItWorks(Result<void> result) {
  if (result || result.error().code == ErrorCode::kBusy) return result;
  if (result.error().code == ErrorCode::kConflict) return {};
  return fail(ErrorCode::kUnavailable, "the journal could not be written: " + result.error().message);
}

}  // namespace

Journal::Journal(store::StoreWorkers& store, std::string gatewayId, uint64_t checkpointBytes)
    : store_(store), gatewayId_(std::move(gatewayId)), checkpointBytes_(checkpointBytes) {}

void Journal::request() {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(isUnderWay_, true)) {
      isWanted_ = true;
      return;
    }
  }
  startCut();
}

void Journal::startCut() {
  {
    const std::lock_guard lock(mutex_);
    ++cut_.number;
    cut_.loopsLeft = loops_.size();
    cut_.parts = std::vector<Part>(loops_.size());
    cut_.startsCheckpoint = checkpointCut_ == 0 && sinceCheckpoint_ >= checkpointBytes_;
    if (cut_.startsCheckpoint) {
      checkpointCut_ = cut_.number;
      checkpointLoopsLeft_ = loops_.size();
      sinceCheckpoint_ = 0;
    }
  }
  markersDue_ = true;
  placeMarkersIfFree();
}

// A loop must not wait for a producer: whoever holds the lock now sees the flag when it lets go.
void Journal::placeMarkersIfFree() {
  while (markersDue_) {
    if (!units_.try_lock()) return;
    if (markersDue_.exchange(false)) placeMarkers();
    units_.unlock();
  }
}

// Only one cut is under way, so that cut_ does not change before its last part has come.
void Journal::placeMarkers() {
  for (size_t i = 0; i < loops_.size(); ++i)
    loops_[i]->post([this, i] { contribute(i, loops_[i]->seal(cut_.startsCheckpoint)); });
}

void Journal::contribute(size_t loop, Part part) {
  store::JournalEntry entry;
  std::vector<StoreWork> works;
  {
    const std::lock_guard lock(mutex_);
    cut_.parts[loop] = std::move(part);
    if (--cut_.loopsLeft > 0) return;
    entry.number = cut_.number;
    for (Part& each : cut_.parts) {
      if (!each.records.empty()) appendPart(entry.packed, each.records);
      std::move(each.works.begin(), each.works.end(), std::back_inserter(works));
    }
    sinceCheckpoint_ += entry.packed.size();
  }
  if (entry.packed.empty() && works.empty()) return cutDone();
  submit(std::move(entry), std::move(works));
}

void Journal::submit(store::JournalEntry entry, std::vector<StoreWork> works) {
  struct Submitted {
    std::vector<StoreWork> works;
    std::vector<Result<void>> results;
  };
  auto cut = std::make_shared<Submitted>();
  cut->works = std::move(works);
  store_.submitRequired(
      kKey,
      [gatewayId = gatewayId_, entry = std::move(entry), cut](store::SessionStore& store) -> Result<void> {
        cut->results.clear();
        for (StoreWork& each : cut->works) {
          cut->results.push_back(each.work(store));
          const Result<void>& result = cut->results.back();
          if (!result && isWorthRetry(result.error())) return result;
        }
        return entry.packed.empty() ? Result<void>() : untilItWorks(store.appendJournal(gatewayId, entry));
      },
      [this, cut](Result<void> result) {
        for (size_t i = 0; i < cut->works.size(); ++i)
          if (cut->works[i].done) cut->works[i].done(result ? cut->results[i] : result);
        if (result) return cutDone();
        // Only a stop ends here: what waits is never shown, and nobody was told that it was taken.
        log::warn("journal", "the last events before the stop were not written", {{"why", result.error().message}});
      });
}

void Journal::cutDone() {
  // Before the next cut may begin: its markers come behind this.
  for (Loop* loop : loops_) loop->post([loop] { loop->committed(); });
  bool goesOn = false;
  {
    const std::lock_guard lock(mutex_);
    goesOn = std::exchange(isWanted_, false);
    isUnderWay_ = goesOn;
  }
  if (goesOn) return startCut();
  becameIdle_.notify_all();
}

// --- room -------------------------------------------------------------------------------------------

void Journal::noteFull() { ++fullLoops_; }

void Journal::noteRoom() {
  if (--fullLoops_ > 0) return;
  std::vector<Task> woken;
  {
    const std::lock_guard lock(mutex_);
    woken.swap(waiting_);
  }
  for (Task& wake : woken) wake();
}

void Journal::whenRoom(Task wake) {
  {
    const std::lock_guard lock(mutex_);
    if (isFull()) return waiting_.push_back(std::move(wake));
  }
  wake();
}

void Journal::checkpointed() {
  uint64_t upTo = 0;
  {
    const std::lock_guard lock(mutex_);
    if (checkpointCut_ == 0 || --checkpointLoopsLeft_ > 0) return;
    upTo = std::exchange(checkpointCut_, 0);
  }
  trim(upTo);
}

void Journal::trimAll() { trim(UINT64_MAX >> 1); }

void Journal::trim(uint64_t upTo) {
  store_.submit(
      kKey, [gatewayId = gatewayId_, upTo](store::SessionStore& store) { return store.trimJournal(gatewayId, upTo); },
      [](Result<void> result) {
        // The next checkpoint takes it along; a start reads what sessions' rows include already and skips it.
        if (!result) log::warn("journal", "the journal could not be trimmed", {{"why", result.error().message}});
      });
}

bool Journal::isBehind() const {
  const std::lock_guard lock(mutex_);
  return checkpointCut_ != 0 && sinceCheckpoint_ >= checkpointBytes_;
}

bool Journal::isIdle() const {
  const std::lock_guard lock(mutex_);
  return !isUnderWay_;
}

bool Journal::waitIdle(uint64_t limitMs) const {
  std::unique_lock lock(mutex_);
  return becameIdle_.wait_for(lock, std::chrono::milliseconds(limitMs), [this] { return !isUnderWay_; });
}

}  // namespace gw::session
