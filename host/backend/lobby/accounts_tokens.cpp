// Account tokens: coming back without a password (GMCP Char.Login 2). Only hashes are kept.
#include <string.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "backend/lobby/accounts.h"
#include "backend/lobby/accounts_records.h"
#include "base/crypto.h"
#include "base/log.h"

namespace gw::lobby {

using session::Reply;
using session::TokenCredentials;
using session::TokenSignIn;

namespace {

constexpr size_t kTokenCharacters = 43;  // 258 bits

/// What the store says of a token.
struct Finding {
  std::optional<store::UserRecord> user;  // none: the token is void
  bool isShut = false;                    // locked or banned
};

/// Everything that the work on the store needs, by value: it may run again.
struct Question {
  std::string userKey;
  std::string shown;  // hashes
  std::string next;   // empty: none is wanted
  int64_t nowUs;
};

Result<bool> isBanned(store::SessionStore& store, const store::UserRecord& user, int64_t nowUs) {
  const auto bans = store.listBans(nowUs);
  if (!bans) return bans.error();
  return std::any_of(bans->begin(), bans->end(), [&](const store::BanRecord& ban) {
    return ban.kind == "user" && (ban.value == user.id || userKey(ban.value) == user.key);
  });
}

Result<Finding> look(store::SessionStore& store, const Question& asked) {
  const auto token = store.findAccountToken(asked.shown, asked.nowUs);
  if (!token) return token.error();
  if (!*token) return Finding{};
  auto user = store.findUserById((*token)->userId);
  if (!user) return user.error();
  // It signs in whom it was issued to and nobody else.
  if (!*user || (*user)->key != asked.userKey) return Finding{};
  const auto banned = isBanned(store, **user, asked.nowUs);
  if (!banned) return banned.error();
  return Finding{std::move(*user), (*user)->locked || *banned};
}

/// In one transaction with the look: the successor is committed before anybody hears of it.
Result<Finding> use(store::SessionStore& store, const Question& asked) {
  Result<Finding> found = look(store, asked);
  if (!found || !found->user || found->isShut) return found;
  if (asked.next.empty()) return found;
  const auto rotated = store.rotateAccountToken(asked.shown, asked.next, asked.nowUs + kAccountTokenUs, asked.nowUs);
  if (!rotated) return rotated.error();
  return *rotated ? found : Finding{};
}

}  // namespace

struct Accounts::Holder {
  TokenCredentials credentials;
  std::string key;  // empty: no possible user name
  std::string prefix;
  std::string next;
  Reply<TokenSignIn> reply;
  ~Holder() {
    explicit_bzero(credentials.token.data(), credentials.token.size());
    explicit_bzero(next.data(), next.size());
  }
};

void Accounts::signInByToken(TokenCredentials credentials, Reply<TokenSignIn> reply) {
  auto holder = std::make_shared<Holder>();
  if (checkUserName(credentials.userName)) holder->key = userKey(credentials.userName);
  holder->prefix = credentials.limitKey.empty() ? credentials.address : credentials.limitKey;
  holder->next = credentials.wantsNext ? randomToken(kTokenCharacters) : std::string();
  holder->credentials = std::move(credentials);
  holder->reply = std::move(reply);
  const Question question{holder->key, sha256Hex(holder->credentials.token),
                          holder->next.empty() ? std::string() : sha256Hex(holder->next), clock_.wallUs()};
  store_.ask<Finding>(
      holder->key, [question](store::SessionStore& store) { return use(store, question); },
      [this, holder](Result<Finding> found) {
        if (!found) return holder->reply(storeTrouble(found.error()));
        if (!found->user) return refuseToken(holder);
        if (found->isShut) {
          return holder->reply(
              fail(ErrorCode::kForbidden, "This account is locked. Ask whoever runs this place.", "accountLocked"));
        }
        noteLogin(found->user->id, holder->prefix);
        holder->reply(TokenSignIn{identityOf(*found->user, options_.ignoredPerUser), holder->next});
      });
}

void Accounts::refuseToken(const HolderPtr& holder) {
  ++failedLogins_;
  log::info("lobby", "a token was refused",
            {{"user", holder->credentials.userName}, {"address", holder->credentials.address}});
  const uint64_t now = nowMs();
  // Who is refused already gains nothing by guessing on; else it counts like a wrong password.
  if (throttle_.begin(holder->key, holder->prefix, now) == 0) throttle_.failed(holder->key, holder->prefix, now);
  const uint64_t delayMs = holder->key.empty() ? 0 : throttle_.delayMs(holder->key, now);
  const auto answer = [holder] {
    holder->reply(fail(ErrorCode::kUnauthorized, "That sign-in is no longer good. Please log in with your password.",
                       "invalidCredentials"));
  };
  if (delayMs == 0) return answer();
  timers_.at(clock_.nowNs() + delayMs * 1'000'000, answer);
}

void Accounts::issueToken(const std::string& userId, Reply<std::string> reply) {
  auto token = std::make_shared<std::string>(randomToken(kTokenCharacters));
  const store::AccountTokenRecord record{sha256Hex(*token), {}, userId, clock_.wallUs() + kAccountTokenUs};
  store_.tell(
      userId, [record](store::SessionStore& store) { return store.addAccountToken(record, kAccountTokensPerUser); },
      [token, reply = std::move(reply)](const Result<void>& added) mutable {
        if (!added) return reply(storeTrouble(added.error()));
        reply(std::move(*token));
      });
}

}  // namespace gw::lobby
