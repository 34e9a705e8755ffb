#pragma once
// UserRegistry: what spans a user's sessions, on the user's loop: which sessions play, which character
// each holds. Entering Playing is a claim, decided in the order of arrival; an older session is
// finished before the new one enters.
//
// Thread: its loop. Bounds: one entry per user with a session; 16 waiting claims per user.

#include <functional>
#include <list>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/ids.h"
#include "base/unique_function.h"

namespace gw::session {

struct Claim {
  std::string userId;
  SessionId session;
  std::string entityId;
  std::string gameSession;
  bool isNew = false;  // the user was made by this login: nothing of theirs can be in the store
};

struct Verdict {
  enum class Kind { kEnter, kTakeOver, kBusy } kind = Kind::kEnter;
  SessionId existing;  // kTakeOver: the session that plays this character
};

class UserRegistry {
 public:
  /// finish: ends a session elsewhere as replaced, then calls done on this loop.
  using Finish = std::function<void(SessionId session, UniqueFunction<void()> done)>;
  /// find: asks the store for a stored session of (user, entity); answers on this loop (empty: none).
  using Find = std::function<void(const Claim& claim, UniqueFunction<void(SessionId found)> done)>;

  /// share: this session is one of so many of its user (command budgets are shared out).
  using Share = std::function<void(SessionId session, size_t sessionsOfUser)>;

  UserRegistry(uint32_t sessionsPerUser, Finish finish, Find find, Share share = {})
      : sessionsPerUser_(sessionsPerUser),
        finish_(std::move(finish)),
        find_(std::move(find)),
        share_(std::move(share)) {}

  void claim(Claim claim, UniqueFunction<void(Verdict)> done);
  /// The session has ended, or left Playing for good.
  void release(const std::string& userId, const SessionId& session);
  /// A session came back from the store by its own token; the oldest one is finished if it is one too many.
  void restored(const Claim& claim);
  size_t size() const { return users_.size(); }

 private:
  struct Held {
    SessionId session;
    std::string entityId;
    std::string gameSession;
  };
  struct Waiting {
    Claim claim;
    UniqueFunction<void(Verdict)> done;
  };
  struct User {
    std::vector<Held> sessions;
    std::list<Waiting> waiting;  // mostly empty, and then only three words: a deque would keep half a KiB
    bool deciding = false;
  };
  void decide(const std::string& userId);
  void decideWith(const std::string& userId, Waiting waiting, SessionId stored);
  void grant(const std::string& userId, Waiting waiting);
  void finished(const std::string& userId);
  void shareOut(const User& user) const;

  static constexpr size_t kMaxWaiting = 16;
  uint32_t sessionsPerUser_;
  Finish finish_;
  Find find_;
  Share share_;
  std::unordered_map<std::string, User> users_;
};

}  // namespace gw::session
