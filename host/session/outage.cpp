// Strict durability while the store is away: who is told what, and when strictness is given up.

#include "base/log.h"
#include "session/loop_journal.h"
#include "session/session_manager.h"

namespace gw::session {
namespace {

constexpr uint64_t kMs = 1'000'000;
constexpr uint64_t kStallMs = 2'000;  // a slow disk is not an outage

}  // namespace

// Each second.
void SessionManager::watchJournal() {
  if (!journal_) return;
  const uint64_t since = journal_->waitingSinceNs();
  const uint64_t waitedMs = since == 0 ? 0 : (nowNs() - since) / kMs;
  const bool isStalled = waitedMs >= kStallMs && !journal_->isRelaxed();
  if (isStalled != isStalled_) {
    isStalled_ = isStalled;
    services_.counters.loopsStalled += isStalled ? 1u : -1u;
    services_.onHealthChange();
    if (isStalled)
      tellEverybody("The game cannot save right now. What you type is kept and answered as soon as it can.");
    if (!isStalled && !journal_->isRelaxed()) tellEverybody("The game saves again.");
  }
  const bool mayRelax = services_.outage.relaxes && waitedMs >= services_.outage.afterMs;
  if (!mayRelax || journal_->isRelaxed() || !journal_->relax()) return;
  ++services_.counters.loopsRelaxed;
  services_.onHealthChange();
  // What comes now is written down nowhere: its epoch is not the one whose end is known.
  for (auto& [id, session] : sessions_) session->beginEpoch();
  tellEverybody("The game goes on without saving for now.");
  log::error("session", "the store is away: going on without strict durability until it is back",
             {{"loop", static_cast<uint64_t>(loop_.index())}, {"waitedMs", waitedMs}});
}

void SessionManager::strictAgain() {
  --services_.counters.loopsRelaxed;
  services_.onHealthChange();
  // One commit for all of them, after which what they have said since is as safe as the rest.
  for (auto& [id, session] : sessions_)
    if (session->isSaved) saveNow(*session, false, [](bool) {});
  log::info("session", "strict durability again", {{"loop", static_cast<uint64_t>(loop_.index())}});
}

// Not an event of the session: nobody need hear of it later.
void SessionManager::tellEverybody(const std::string& text) {
  for (auto& [id, session] : sessions_) {
    for (Attachment* attachment : session->attachments()) {
      plugin::Event event;
      event.text = text;
      Session::emitPrivate(*attachment, std::move(event));
    }
  }
}

}  // namespace gw::session
