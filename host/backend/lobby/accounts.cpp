// Logging in. Registration, guests and characters: accounts_new.cpp, characters.cpp.
#include "backend/lobby/accounts.h"

#include <string.h>

#include <optional>
#include <utility>

#include "backend/lobby/accounts_records.h"
#include "backend/lobby/settings.h"
#include "base/log.h"

namespace gw::lobby {

using session::Credentials;
using session::Identity;
using session::Reply;

struct Accounts::Found {
  std::optional<store::UserRecord> user;
  bool isKnownHere = false;  // a good login from this prefix in the last 30 days
  bool isBanned = false;
};

struct Accounts::Attempt {
  Credentials credentials;
  std::string key;  // empty: no possible user name
  std::string prefix;
  Found found;
  Reply<Identity> reply;
  ~Attempt() { explicit_bzero(credentials.password.data(), credentials.password.size()); }
};

Accounts::Accounts(const LobbyOptions& options, StoreCalls& store, Post post, PasswordHasher& hasher, Timers& timers,
                   const Clock& clock, const ThrottleLimits& limits)
    : options_(options),
      store_(store),
      post_(std::move(post)),
      hasher_(hasher),
      timers_(timers),
      clock_(clock),
      reserved_(options.reservedNames),
      throttle_(limits),
      registrations_(options.registrationsPerHour),
      guestLimit_(options.guestsPerHour),
      guests_(store) {}

Accounts::~Accounts() = default;

void Accounts::configure(const LobbyOptions& options) {
  options_ = options;
  reserved_ = ReservedNames(options.reservedNames);
  registrations_.setPerHour(options.registrationsPerHour);
  guestLimit_.setPerHour(options.guestsPerHour);
}

void Accounts::authenticate(Credentials credentials, Reply<Identity> reply) {
  auto attempt = std::make_shared<Attempt>();
  attempt->prefix = addressOf(credentials);
  // What cannot be a name has no throttle of its own: strangers' strings of any length are not keys.
  if (checkUserName(credentials.userName)) attempt->key = userKey(credentials.userName);
  attempt->credentials = std::move(credentials);
  attempt->reply = std::move(reply);
  const uint64_t now = nowMs();
  if (const uint64_t wait = throttle_.retryAfterMs(attempt->key, attempt->prefix, now); wait > 0) {
    ++throttledLogins_;
    return attempt->reply(rateLimited(wait));
  }
  lookUp(attempt, attempt->key.empty() ? 0 : throttle_.delayMs(attempt->key, now));
}

void Accounts::lookUp(const AttemptPtr& attempt, uint64_t delayMs) {
  const int64_t now = clock_.wallUs();
  store_.ask<Found>(
      attempt->key,
      [key = attempt->key, prefix = attempt->prefix, now](store::SessionStore& store) -> Result<Found> {
        Found found;
        Result<std::optional<store::UserRecord>> user = store.findUser(key);
        if (!user) return user.error();
        found.user = std::move(*user);
        // The same questions for unknown users: the time to an answer tells nothing.
        const std::string id = found.user ? found.user->id : std::string();
        const Result<bool> recent = store.hasRecentLogin(id, prefix, now - kRecentLoginUs);
        if (!recent) return recent.error();
        found.isKnownHere = found.user && *recent;
        const Result<std::vector<store::BanRecord>> bans = store.listBans(now);
        if (!bans) return bans.error();
        for (const store::BanRecord& ban : *bans) {
          found.isBanned |= ban.kind == "user" && (ban.value == id || userKey(ban.value) == key);
        }
        return found;
      },
      [this, attempt, delayMs](Result<Found> found) {
        if (!found) return attempt->reply(storeTrouble(found.error()));
        attempt->found = std::move(*found);
        if (delayMs == 0 || attempt->found.isKnownHere) return verify(attempt);
        timers_.at(clock_.nowNs() + delayMs * 1'000'000, [this, attempt] { verify(attempt); });
      });
}

void Accounts::verify(const AttemptPtr& attempt) {
  // Attempts that waited beside this one may have failed meanwhile, or are being checked right now.
  if (const uint64_t wait = throttle_.begin(attempt->key, attempt->prefix, nowMs()); wait > 0) {
    ++throttledLogins_;
    return attempt->reply(rateLimited(wait));
  }
  auto done = [this, attempt, post = post_](Result<Verdict> verdict) {
    post([this, attempt, verdict = std::move(verdict)] { decide(attempt, verdict); });
  };
  const Credentials& given = attempt->credentials;
  if (attempt->found.user && given.password.size() <= kMaxPasswordBytes) {
    hasher_.verify(attempt->found.user->passwordHash, given.password, attempt->prefix, std::move(done));
  } else {
    hasher_.verifyDummy(given.password.substr(0, kMaxPasswordBytes), attempt->prefix, std::move(done));
  }
}

void Accounts::decide(const AttemptPtr& attempt, const Result<Verdict>& verdict) {
  if (!verdict) {
    ++throttledLogins_;
    throttle_.unchecked(attempt->key, attempt->prefix);
    const bool isPoolFull =
        verdict.error().code == ErrorCode::kRateLimited || verdict.error().code == ErrorCode::kUnavailable;
    if (!isPoolFull) log::warn("lobby", "a password could not be checked", {{"reason", verdict.error().message}});
    return attempt->reply(rateLimited(1000));
  }
  const bool isRight = verdict->matches && attempt->found.user;
  if (!isRight) {
    ++failedLogins_;
    throttle_.failed(attempt->key, attempt->prefix, nowMs());
    log::info("lobby", "login failed",
              {{"user", attempt->credentials.userName}, {"address", attempt->credentials.address}});
    return attempt->reply(fail(ErrorCode::kUnauthorized, "That name and password do not match.", "invalidCredentials"));
  }
  throttle_.succeeded(attempt->key, attempt->prefix);
  if (attempt->found.user->locked || attempt->found.isBanned) {
    return attempt->reply(
        fail(ErrorCode::kForbidden, "This account is locked. Ask whoever runs this place.", "accountLocked"));
  }
  welcome(attempt, verdict->needsRehash);
}

void Accounts::welcome(const AttemptPtr& attempt, bool needsRehash) {
  const store::UserRecord& user = *attempt->found.user;
  noteLogin(user.id, attempt->prefix);
  if (needsRehash) rehash(attempt);
  attempt->reply(identityOf(user, options_.ignoredPerUser));
}

// Not waited for: a store that cannot write right now keeps nobody out.
void Accounts::noteLogin(const std::string& userId, const std::string& prefix) {
  store_.tell(
      userId,
      [id = userId, prefix, now = clock_.wallUs()](store::SessionStore& store) -> Result<void> {
        Result<std::optional<store::UserRecord>> record = store.findUserById(id);
        if (!record) return record.error();
        if (!*record) return {};
        (*record)->lastLoginAt = now;
        if (Result<void> updated = store.updateUser(**record); !updated) return updated;
        return store.noteLogin(id, prefix, now);
      },
      [](Result<void> noted) {
        if (!noted) log::warn("lobby", "a login was not noted", {{"reason", noted.error().message}});
      });
}

void Accounts::rehash(const AttemptPtr& attempt) {
  // Without the address: the person is in, and their next login must not wait for this.
  hasher_.hash(attempt->credentials.password, std::string(),
               [this, id = attempt->found.user->id, old = attempt->found.user->passwordHash,
                post = post_](Result<std::string> hashed) mutable {
                 if (!hashed) return;  // the next login tries again
                 post([this, id = std::move(id), old = std::move(old), fresh = std::move(*hashed)]() mutable {
                   store_.tell(
                       id,
                       [id, old, fresh](store::SessionStore& store) -> Result<void> {
                         Result<std::optional<store::UserRecord>> user = store.findUserById(id);
                         if (!user) return user.error();
                         if (!*user || (*user)->passwordHash != old) return {};  // changed meanwhile
                         (*user)->passwordHash = fresh;
                         return store.updateUser(**user);
                       },
                       [](const Result<void>&) {});
                 });
               });
}

}  // namespace gw::lobby
