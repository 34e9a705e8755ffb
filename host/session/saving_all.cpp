// SessionManager: saves of many sessions in one go, for a checkpoint of the journal and at the stop. A few at a
// time: each is a copy of what is saved.

#include "session/journal.h"
#include "session/loop_journal.h"
#include "session/session_manager.h"
#include "session/stop_progress.h"

namespace gw::session {
namespace {

// Of a checkpoint clients wait for the same commits; so few, unless the journal grows faster than that.
constexpr size_t kCheckpointSavesUnderWay = 4;
constexpr size_t kUrgentSavesUnderWay = 16;
constexpr size_t kLastSavesUnderWay = 256;

}  // namespace

void SessionManager::checkpoint(std::vector<SessionId> sessions) {
  // Who is written of from now on is the next one's.
  for (const SessionId& id : sessions)
    if (Session* session = find(id)) session->journal->isListed = false;
  checkpoint_ = std::move(sessions);
  isCheckpointing_ = true;
  checkpointSome();
}

void SessionManager::checkpointSome() {
  const size_t most = services_.journal->isBehind() ? kUrgentSavesUnderWay : kCheckpointSavesUnderWay;
  while (checkpointSaves_ < most && !checkpoint_.empty()) {
    Session* session = find(checkpoint_.back());
    checkpoint_.pop_back();
    // What was handed over since is committed before the journal is trimmed.
    if (!session || session->journal->savedRecords == session->journal->records()) continue;
    ++checkpointSaves_;
    saveNow(*session, false, [this](bool) {
      --checkpointSaves_;
      checkpointSome();
    });
  }
  if (!isCheckpointing_ || checkpointSaves_ > 0 || !checkpoint_.empty()) return;
  isCheckpointing_ = false;
  services_.journal->checkpointed();
}

void SessionManager::saveAllForStop(std::shared_ptr<StopProgress> progress) {
  // What the tick would save later would take the mark away again.
  tick_.cancel();
  dirty_.clear();
  savesDue_ = 0;
  for (auto& [id, session] : sessions_) {
    if (session->state() != State::kDisconnected && session->state() != State::kPlaying) continue;
    if (session->state() == State::kPlaying) (void)session->setState(State::kDisconnected);
    session->timer.cancel();
    lastSaves_.push_back(id);
  }
  progress->left += lastSaves_.size();
  progress->loopCounted();
  saveLast(std::move(progress));
}

void SessionManager::saveLast(std::shared_ptr<StopProgress> progress) {
  while (lastSavesUnderWay_ < kLastSavesUnderWay && !lastSaves_.empty()) {
    Session* session = find(lastSaves_.back());
    lastSaves_.pop_back();
    if (!session) {
      progress->saved(true);
      continue;
    }
    ++lastSavesUnderWay_;
    saveNow(*session, true, [this, progress](bool ok) {
      --lastSavesUnderWay_;
      progress->saved(ok);
      saveLast(progress);
    });
  }
}

}  // namespace gw::session
