#include "session/loop_journal.h"

#include "session/session.h"
#include "session/session_journal.h"

namespace gw::session {

// --- a session's part -------------------------------------------------------------------------------

SessionJournal::SessionJournal(LoopJournal& loop, const SessionId& id, uint64_t records)
    : savedRecords(records), loop_(loop), id_(id), records_(records) {}

template <typename Write>
void SessionJournal::record(Write write) {
  if (loop_.isRelaxed()) return;
  const LoopJournal::Place place = loop_.placeOf(*this);
  write(place.writer, place.session, place.record);
}

void SessionJournal::command(uint64_t seq, std::string_view text) {
  record([&](auto& to, auto... at) { to.command(at..., seq, text); });
}

void SessionJournal::commandsDone(uint64_t seq) {
  record([&](auto& to, auto... at) { to.commandsDone(at..., seq); });
}

void SessionJournal::device(std::string_view device, uint64_t clientSeq) {
  record([&](auto& to, auto... at) { to.device(at..., device, clientSeq); });
}

void SessionJournal::rooms(const std::vector<std::string>& rooms) {
  record([&](auto& to, auto... at) { to.rooms(at..., rooms); });
}

void SessionJournal::outputCount(std::string_view instance, uint64_t n) {
  record([&](auto& to, auto... at) { to.outputCount(at..., instance, n); });
}

void SessionJournal::barrier() {
  if (loop_.isRelaxed()) return;
  (void)loop_.placeOf(*this);
  held_.push_back({loop_.batch(), {}, {}, {}});
}

bool SessionJournal::event(plugin::LoopEvent& event, Position at) {
  if (loop_.isRelaxed()) return false;
  const auto place = loop_.placeOf(*this);
  place.writer.event(place.session, place.record, at, loop_.bodyOf(event));
  held_.push_back({loop_.batch(), plugin::LoopEventPtr(&event), at, {}});
  return true;
}

void SessionJournal::hold(plugin::LoopEvent& event) {
  held_.push_back({partBatch_, plugin::LoopEventPtr(&event), {}, {}});
}

void SessionJournal::afterCommit(WhenCommitted action) {
  // Also behind records that show nothing: the command that was just taken, say.
  if (partBatch_ <= loop_.committedBatch()) return action(true);
  held_.push_back({partBatch_, {}, {}, std::move(action)});
}

void SessionJournal::release(Session& session, uint64_t batch) {
  while (!held_.empty() && held_.front().batch <= batch) {
    Held next = std::move(held_.front());
    held_.pop_front();
    if (next.event) {
      session.show(*next.event, next.at);
    } else if (next.action) {
      next.action(true);  // may end the session, which abandons the rest
    }
  }
}

std::vector<WhenCommitted> SessionJournal::abandon() {
  std::vector<WhenCommitted> out;
  for (Held& held : std::exchange(held_, {}))
    if (held.action) out.push_back(std::move(held.action));
  return out;
}

// --- a loop's part ----------------------------------------------------------------------------------

LoopJournal::LoopJournal(Journal& journal, net::EventLoop& loop, Ports ports)
    : journal_(journal), loop_(loop), ports_(std::move(ports)) {}

void LoopJournal::requestCut() {
  if (!writer_.isEmpty() || !works_.empty()) return;
  if (waitingSinceNs_ == 0) waitingSinceNs_ = loop_.nowNs();
  loop_.atTurnEnd([this] { journal_.request(); });
}

void LoopJournal::addWork(Journal::StoreWork work) {
  if (works_.size() >= kMostWorks) {
    if (work.done) work.done(fail(ErrorCode::kUnavailable, "too much waits for the store"));
    return;
  }
  requestCut();
  works_.push_back(std::move(work));
}

LoopJournal::Place LoopJournal::placeOf(SessionJournal& session) {
  requestCut();
  if (session.partBatch_ != batch_) {
    session.partBatch_ = batch_;
    session.partNumber_ = writer_.addSession(session.id_);
  }
  if (!std::exchange(session.isListed, true)) unsaved_.push_back(session.id_);
  if (!isFull_ && writer_.size() + sealedBytes_ >= kFullBytes) {
    isFull_ = true;
    journal_.noteFull();
  }
  return {writer_, session.partNumber_, ++session.records_};
}

// An event for many comes to all of them in one go.
uint32_t LoopJournal::bodyOf(plugin::LoopEvent& event) {
  if (lastEvent_.get() == &event) return lastBody_;
  lastEvent_ = plugin::LoopEventPtr(&event);
  return lastBody_ = writer_.addBody(event.event());
}

void LoopJournal::post(Task task) { loop_.post(std::move(task)); }

Journal::Part LoopJournal::seal(bool startsCheckpoint) {
  sealed_ = writer_.sessions();
  Journal::Part part{writer_.take(), std::exchange(works_, {})};
  sealedBytes_ = part.records.size();
  ++batch_;
  lastEvent_ = {};
  if (startsCheckpoint) ports_.checkpoint(std::exchange(unsaved_, {}));
  return part;
}

void LoopJournal::committed() {
  sealedBytes_ = 0;
  committedBatch_ = std::max(committedBatch_, batch_ - 1);
  release(std::exchange(sealed_, {}));
  waitingSinceNs_ = writer_.isEmpty() && works_.empty() ? 0 : loop_.nowNs();
  leaveFull();
  if (isRelaxed_) {
    isRelaxed_ = false;
    committedBatch_ = batch_ - 1;  // relax() was ahead of it
    savedAfterRelax_ = batch_;
    ports_.strictAgain();
  }
}

void LoopJournal::release(const std::vector<SessionId>& sessions) {
  for (const SessionId& id : sessions)
    if (Session* session = ports_.find(id)) session->journal->release(*session, committedBatch_);
}

void LoopJournal::leaveFull() {
  if (!isFull_ || (writer_.size() >= kFullBytes / 2 && !isRelaxed_)) return;
  isFull_ = false;
  journal_.noteRoom();
  ports_.roomAgain();
}

bool LoopJournal::relax() {
  if (isRelaxed_ || savedAfterRelax_ > committedBatch_) return isRelaxed_;
  isRelaxed_ = true;
  // What was written stays written, and is committed when the store is back.
  committedBatch_ = batch_;
  release(sealed_);
  release(writer_.sessions());
  leaveFull();
  return true;
}

}  // namespace gw::session
