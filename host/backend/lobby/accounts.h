#pragma once
// Accounts: users, guests and characters of the lobby. Each request is a chain of answers from the store
// and the hash pool; nothing waits. Replies are called on the lobby's thread, possibly at once.
//
// Guessing (who learns what): a wrong name and a wrong password get the same answer at the same cost;
// only the right password learns that an account is locked or banned.
// Not thread-safe (lobby's thread).

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "backend/lobby/guest_limit.h"
#include "backend/lobby/guest_names.h"
#include "backend/lobby/names.h"
#include "backend/lobby/options.h"
#include "backend/lobby/password_hasher.h"
#include "backend/lobby/registration_limit.h"
#include "backend/lobby/store_calls.h"
#include "backend/lobby/timers.h"
#include "base/clock.h"
#include "base/login_throttle.h"
#include "session/backend_port.h"

namespace gw::lobby {

inline constexpr size_t kMinPasswordBytes = 8;
inline constexpr size_t kMaxPasswordBytes = 256;
/// A login from a prefix within this time spares it the delay by user.
inline constexpr int64_t kRecentLoginUs = int64_t{30} * 24 * 3600 * 1'000'000;

/// Without use an account token dies after this; each use gives a new one.
inline constexpr int64_t kAccountTokenUs = int64_t{30} * 24 * 3600 * 1'000'000;
inline constexpr size_t kAccountTokensPerUser = 8;

class Accounts {
 public:
  Accounts(const LobbyOptions& options, StoreCalls& store, Post post, PasswordHasher& hasher, Timers& timers,
           const Clock& clock, const ThrottleLimits& limits = {});
  ~Accounts();

  /// Registration, guests, their limits and reserved names apply to what comes next.
  void configure(const LobbyOptions& options);

  void authenticate(session::Credentials credentials, session::Reply<session::Identity> reply);
  void registerUser(session::Credentials credentials, session::Reply<session::Identity> reply);
  void guest(const std::string& address, session::Reply<session::Identity> reply);
  /// A good token comes in at once, whatever the throttle says; a wrong one counts as a wrong guess and its
  /// answer waits the user's delay.
  void signInByToken(session::TokenCredentials credentials, session::Reply<session::TokenSignIn> reply);
  /// At most kAccountTokensPerUser a user; the one that expires first leaves.
  void issueToken(const std::string& userId, session::Reply<std::string> reply);
  void listCharacters(const std::string& userId, session::Reply<std::vector<session::Character>> reply);
  void createCharacter(const std::string& userId, session::NewCharacter wanted,
                       session::Reply<session::Character> reply);
  void selectCharacter(const std::string& userId, std::string idOrName, session::Reply<session::Character> reply);

  uint64_t failedLogins() const { return failedLogins_; }
  uint64_t throttledLogins() const { return throttledLogins_; }
  uint64_t refusedGuests() const { return refusedGuests_; }
  uint64_t evictedThrottles() const { return throttle_.evicted() + registrations_.evicted() + guestLimit_.evicted(); }

 private:
  struct Attempt;   // one login under way
  struct Found;     // what the store knew of its user
  struct Newcomer;  // one registration under way
  struct Holder;    // one client with a token
  using AttemptPtr = std::shared_ptr<Attempt>;
  using NewcomerPtr = std::shared_ptr<Newcomer>;
  using HolderPtr = std::shared_ptr<Holder>;

  void lookUp(const AttemptPtr& attempt, uint64_t delayMs);
  void verify(const AttemptPtr& attempt);
  void decide(const AttemptPtr& attempt, const Result<Verdict>& verdict);
  void welcome(const AttemptPtr& attempt, bool needsRehash);
  void noteLogin(const std::string& userId, const std::string& prefix);
  void rehash(const AttemptPtr& attempt);
  void hashNewcomer(const NewcomerPtr& newcomer);
  void addNewcomer(const NewcomerPtr& newcomer, std::string passwordHash);
  void refuseToken(const HolderPtr& holder);
  uint64_t nowMs() const { return clock_.nowNs() / 1'000'000; }

  LobbyOptions options_;
  StoreCalls& store_;
  Post post_;
  PasswordHasher& hasher_;
  Timers& timers_;
  const Clock& clock_;
  ReservedNames reserved_;
  LoginThrottle throttle_;
  RegistrationLimit registrations_;
  GuestLimit guestLimit_;
  GuestNames guests_;
  uint64_t failedLogins_ = 0;
  uint64_t throttledLogins_ = 0;
  uint64_t refusedGuests_ = 0;
};

}  // namespace gw::lobby
