#include "session/user_registry.h"

#include <algorithm>
#include <memory>

namespace gw::session {

void UserRegistry::claim(Claim claim, UniqueFunction<void(Verdict)> done) {
  const std::string userId = claim.userId;
  User& user = users_[userId];
  if (user.waiting.size() >= kMaxWaiting) return done(Verdict{Verdict::Kind::kBusy, {}});
  user.waiting.push_back(Waiting{std::move(claim), std::move(done)});
  if (!user.deciding) decide(userId);
}

// One claim of a user at a time: two logins at the same instant end with exactly one session playing.
void UserRegistry::decide(const std::string& userId) {
  User& user = users_[userId];
  if (user.waiting.empty()) return finished(userId);
  user.deciding = true;
  Waiting next = std::move(user.waiting.front());
  user.waiting.pop_front();
  for (const Held& held : user.sessions)
    if (held.entityId == next.claim.entityId) return decideWith(userId, std::move(next), held.session);
  const Claim claim = next.claim;
  find_(claim, [this, userId, waiting = std::move(next)](SessionId stored) mutable {
    decideWith(userId, std::move(waiting), stored);
  });
}

void UserRegistry::decideWith(const std::string& userId, Waiting waiting, SessionId stored) {
  User& user = users_[userId];
  const bool isTakeOver = stored && !(stored == waiting.claim.session);
  const SessionId& wanted = isTakeOver ? stored : waiting.claim.session;
  const bool isHeld =
      std::any_of(user.sessions.begin(), user.sessions.end(), [&](const Held& held) { return held.session == wanted; });
  auto answer = [this, userId, isTakeOver, stored, kept = std::move(waiting)]() mutable {
    if (!isTakeOver) return grant(userId, std::move(kept));
    kept.done(Verdict{Verdict::Kind::kTakeOver, stored});
    decide(userId);
  };
  if (isHeld || user.sessions.size() < sessionsPerUser_) return answer();
  const SessionId oldest = user.sessions.front().session;
  user.sessions.erase(user.sessions.begin());
  finish_(oldest, std::move(answer));
}

void UserRegistry::grant(const std::string& userId, Waiting waiting) {
  auto& sessions = users_[userId].sessions;
  // A session that chose two characters at once plays the first.
  const bool isHeld = std::any_of(sessions.begin(), sessions.end(),
                                  [&](const Held& held) { return held.session == waiting.claim.session; });
  if (!isHeld) sessions.push_back(Held{waiting.claim.session, waiting.claim.entityId, waiting.claim.gameSession});
  shareOut(users_[userId]);
  waiting.done(Verdict{Verdict::Kind::kEnter, {}});
  decide(userId);
}

void UserRegistry::finished(const std::string& userId) {
  const auto it = users_.find(userId);
  if (it == users_.end()) return;
  it->second.deciding = false;
  if (it->second.sessions.empty()) users_.erase(it);
}

void UserRegistry::release(const std::string& userId, const SessionId& session) {
  const auto it = users_.find(userId);
  if (it == users_.end()) return;
  std::erase_if(it->second.sessions, [&](const Held& held) { return held.session == session; });
  shareOut(it->second);
  if (it->second.sessions.empty() && !it->second.deciding && it->second.waiting.empty()) users_.erase(it);
}

// With one session a user there is nothing to share.
void UserRegistry::shareOut(const User& user) const {
  if (sessionsPerUser_ <= 1 || !share_) return;
  for (const Held& held : user.sessions) share_(held.session, user.sessions.size());
}

void UserRegistry::restored(const Claim& claim) {
  User& user = users_[claim.userId];
  for (const Held& held : user.sessions)
    if (held.session == claim.session) return;
  user.sessions.push_back(Held{claim.session, claim.entityId, claim.gameSession});
  shareOut(user);
  if (user.sessions.size() <= sessionsPerUser_) return;
  const SessionId oldest = user.sessions.front().session;
  user.sessions.erase(user.sessions.begin());
  finish_(oldest, [] {});
}

}  // namespace gw::session
