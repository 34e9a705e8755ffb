// SessionManager: a backend that counts what it sends, and may be away for a while.

#include "base/ids.h"
#include "session/session_journal.h"
#include "session/session_manager.h"
#include "store/session_store.h"
#include "store/store_worker.h"

namespace gw::session {

PlayingSession SessionManager::playingSession(const Session& session, bool resumed) const {
  PlayingSession out{session.id(), session.user, session.character, resumed, session.rooms, {}, false};
  out.counts = session.outputCounts.all();
  out.isAway = session.state() == State::kDisconnected;
  return out;
}

void SessionManager::frame(const SessionId& id, const SessionFrame& frame) {
  Session* session = find(id);
  const bool plays = session && (session->state() == State::kPlaying || session->state() == State::kDisconnected);
  if (!plays) {
    if (frame.n != 0) backend()->notTaken(id, frame.n, NotTaken::kNoSession, 0);
    return;
  }
  // It was about to be put away: with something new to keep it stays for another while.
  stayLoaded(*session);
  if (frame.n == 0) return apply(*session, frame);
  const OutputCounts::Verdict verdict = session->outputCounts.take(*frame.instance, frame.n);
  if (verdict == OutputCounts::Verdict::kAhead)
    return backend()->notTaken(id, frame.n, NotTaken::kAhead, session->outputCounts.last(*frame.instance) + 1);
  if (verdict == OutputCounts::Verdict::kNext) {
    if (session->journal) session->journal->outputCount(*frame.instance, frame.n);
    apply(*session, frame);
    session = find(id);
    if (!session) return backend()->taken(id, frame.n);  // the frame ended it
  }
  session->afterCommit([this, id, n = session->outputCounts.last(*frame.instance)] { backend()->taken(id, n); });
}

void SessionManager::apply(Session& session, const SessionFrame& frame) {
  const SessionId id = session.id();
  switch (frame.kind) {
    case SessionFrame::Kind::kOutput:
      return output(id, frame.event);
    case SessionFrame::Kind::kPrompt:
      return prompt(id, frame.text, frame.flag);
    case SessionFrame::Kind::kDisconnect:
      return backendDisconnect(id, frame.reason, frame.text);
    case SessionFrame::Kind::kPlain:
      session.user.plain = frame.flag;
      return;
    case SessionFrame::Kind::kJoinRoom:
      return joinRoom(id, frame.text);
    case SessionFrame::Kind::kLeaveRoom:
      return leaveRoom(id, frame.text);
    case SessionFrame::Kind::kNothing:
      return;
  }
}

void SessionManager::introduce(const SessionId& id) {
  Session* session = find(id);
  if (!session || (session->state() != State::kPlaying && session->state() != State::kDisconnected)) return;
  // In strict what it has not committed yet is not told: neither its counts nor its commands.
  session->afterCommit([this, id] {
    Session* back = find(id);
    if (!back) return;
    backend()->introduced(playingSession(*back, true));
    giveAgain(id, 0);
  });
}

void SessionManager::giveAgain(const SessionId& id, uint64_t fromSeq) {
  Session* session = find(id);
  if (!session) return;
  for (const auto& [seq, text] : session->commands())
    if (seq >= fromSeq) giveToBackend(id, seq, text);
}

Result<SessionFacts> SessionManager::describe(const SessionId& id) {
  const Session* session = find(id);
  if (!session || (session->state() != State::kPlaying && session->state() != State::kDisconnected))
    return fail(ErrorCode::kNotFound, "there is no such session", "sessionNotFound");
  return SessionFacts{playingSession(*session, false), session->protocol, session->attachments().size()};
}

void SessionManager::keepSetting(std::string key, std::string value, UniqueFunction<void(Result<void>)> done) {
  if (!services_.store) return done(fail(ErrorCode::kUnavailable, "there is no store"));
  writeOf(
      SessionId{},
      [key = std::move(key), value = std::move(value)](store::SessionStore& store) {
        return store.putSetting(key, value);
      },
      std::move(done));
}

}  // namespace gw::session
