// Registering, and coming in as a guest.
#include <string.h>

#include <optional>
#include <utility>

#include "backend/lobby/accounts.h"
#include "backend/lobby/accounts_records.h"
#include "backend/lobby/settings.h"
#include "base/crypto.h"
#include "base/log.h"

namespace gw::lobby {

using session::Credentials;
using session::Identity;
using session::Reply;

struct Accounts::Newcomer {
  std::string name;
  std::string key;
  std::string password;
  std::string prefix;
  Reply<Identity> reply;
  ~Newcomer() { explicit_bzero(password.data(), password.size()); }
};

std::string addressOf(const Credentials& credentials) {
  return credentials.limitKey.empty() ? credentials.address : credentials.limitKey;
}

Identity identityOf(const store::UserRecord& user, size_t maxIgnored) {
  return Identity{user.id, user.name, false, parseSettings(user.settings, maxIgnored).plain};
}

Error rateLimited(uint64_t retryAfterMs) {
  const uint64_t seconds = (retryAfterMs + 999) / 1000;
  Error error = fail(ErrorCode::kRateLimited, "Too many tries. Wait " + std::to_string(seconds) +
                                                  (seconds == 1 ? " second" : " seconds") + " and try again.");
  error.retryAfterMs = static_cast<long long>(retryAfterMs);
  return error;
}

Error storeTrouble(const Error& reason) {
  log::warn("lobby", "the store did not answer", {{"reason", reason.message}});
  Error error = fail(ErrorCode::kUnavailable, "That does not work right now. Try again in a moment.");
  error.retryAfterMs = 1000;
  return error;
}

Error nameTaken(std::string_view what) {
  return fail(ErrorCode::kConflict, "That " + std::string(what) + " is taken. Choose another.", "nameTaken");
}

namespace {

Result<void> checkPassword(const std::string& name, const std::string& password) {
  const auto invalid = [](const char* message) { return fail(ErrorCode::kInvalid, message, "invalidData"); };
  if (password.size() < kMinPasswordBytes) return invalid("A password has at least 8 characters.");
  if (password.size() > kMaxPasswordBytes) return invalid("A password has at most 256 bytes.");
  if (userKey(password) == userKey(name)) return invalid("The password may not be the name.");
  return {};
}

}  // namespace

void Accounts::registerUser(Credentials credentials, Reply<Identity> reply) {
  if (!options_.registration) {
    return reply(fail(ErrorCode::kForbidden, "Registration is closed here.", "registrationClosed"));
  }
  if (const Result<void> name = checkUserName(credentials.userName); !name) return reply(name.error());
  if (reserved_.contains(credentials.userName)) return reply(nameTaken("name"));
  if (const Result<void> password = checkPassword(credentials.userName, credentials.password); !password) {
    return reply(password.error());
  }
  auto newcomer = std::make_shared<Newcomer>();
  newcomer->prefix = addressOf(credentials);
  if (const uint64_t wait = registrations_.tryAfterMs(newcomer->prefix, nowMs()); wait > 0)
    return reply(rateLimited(wait));
  newcomer->name = std::move(credentials.userName);
  newcomer->key = userKey(newcomer->name);
  newcomer->password = std::move(credentials.password);
  newcomer->reply = std::move(reply);
  // First whether the name is free: a hash is dear.
  store_.ask<std::optional<store::UserRecord>>(
      newcomer->key, [key = newcomer->key](store::SessionStore& store) { return store.findUser(key); },
      [this, newcomer](Result<std::optional<store::UserRecord>> user) {
        if (!user) return newcomer->reply(storeTrouble(user.error()));
        if (*user) return newcomer->reply(nameTaken("name"));
        hashNewcomer(newcomer);
      });
}

void Accounts::hashNewcomer(const NewcomerPtr& newcomer) {
  if (const uint64_t wait = registrations_.waitMs(newcomer->prefix, nowMs()); wait > 0) {
    return newcomer->reply(rateLimited(wait));
  }
  registrations_.made(newcomer->prefix, nowMs());
  hasher_.hash(newcomer->password, newcomer->prefix, [this, newcomer, post = post_](Result<std::string> hashed) {
    post([this, newcomer, hashed = std::move(hashed)]() mutable {
      if (hashed) return addNewcomer(newcomer, std::move(*hashed));
      registrations_.unmade(newcomer->prefix);
      newcomer->reply(rateLimited(1000));
    });
  });
}

void Accounts::addNewcomer(const NewcomerPtr& newcomer, std::string passwordHash) {
  store::UserRecord user;
  user.id = randomToken(22);
  user.name = newcomer->name;
  user.key = newcomer->key;
  user.passwordHash = std::move(passwordHash);
  user.createdAt = clock_.wallUs();
  user.lastLoginAt = user.createdAt;
  user.settings = "{}";
  store_.tell(
      newcomer->key,
      [user, prefix = newcomer->prefix](store::SessionStore& store) -> Result<void> {
        if (Result<void> added = store.addUser(user); !added) return added;
        return store.noteLogin(user.id, prefix, user.createdAt);
      },
      [this, newcomer, user](const Result<void>& added) {
        if (added) {
          log::info("lobby", "a user registered", {{"user", user.name}});
          return newcomer->reply(identityOf(user, 0));
        }
        registrations_.unmade(newcomer->prefix);
        const bool isTaken = added.error().code == ErrorCode::kConflict;
        newcomer->reply(isTaken ? nameTaken("name") : storeTrouble(added.error()));
      });
}

void Accounts::guest(const std::string& address, Reply<Identity> reply) {
  if (!options_.guests) return reply(fail(ErrorCode::kForbidden, "Guests are not admitted here.", "permissionDenied"));
  if (const uint64_t wait = guestLimit_.admitAfterMs(address, nowMs()); wait > 0) {
    ++refusedGuests_;
    return reply(rateLimited(wait));
  }
  guests_.next([reply = std::move(reply)](Result<std::string> name) mutable {
    if (!name) return reply(name.error());
    reply(Identity{makeGuestId(*name), *name, true, false});
  });
}

}  // namespace gw::lobby
