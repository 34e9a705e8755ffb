#pragma once
// TokenGate: bearer tokens of the TCP front. Tokens are 258 random bits, so what is stored is a plain
// SHA-256; comparing is constant-time over all of them. Wrong ones are counted per address: over five a
// minute they are answered RATE_LIMITED. A valid token always passes: nobody can lock an operator out.
//
// Thread-safe.

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "admin/role.h"
#include "base/clock.h"
#include "base/result.h"
#include "base/wrong_guesses.h"
#include "store/records.h"

namespace gw::admin {

class GatewayPort;

struct NewToken {
  store::ApiTokenRecord record;
  std::string secret;  // shown once
};

class TokenGate {
 public:
  TokenGate(GatewayPort& port, const Clock& clock) : port_(port), clock_(clock), wrong_(clock) {}

  struct Holder {
    Role role = Role::kNone;
    std::string name;
  };
  /// header: the Authorization header; address: the peer's, without port. Fails kUnauthorized,
  /// kRateLimited{retryAfterMs}, or as GatewayPort::apiTokens.
  Result<Holder> check(const std::string& header, const std::string& address);

  Result<NewToken> create(const std::string& name, Role role);
  /// nameOrId: the token's id, or its name if only one has it.
  Result<void> revoke(const std::string& nameOrId);
  Result<std::vector<store::ApiTokenRecord>> list();

 private:
  static constexpr size_t kMostTokens = 256;
  static constexpr uint64_t kCacheNs = 5'000'000'000;
  Result<void> refresh(bool force);  // with mutex_ held
  Error noteWrong(const std::string& address);

  GatewayPort& port_;
  const Clock& clock_;
  std::mutex mutex_;
  std::vector<store::ApiTokenRecord> tokens_;
  std::map<std::string, int64_t> lastUsed_;  // by id; the store is not written for each request
  uint64_t refreshedNs_ = 0;
  bool isFresh_ = false;
  WrongGuesses wrong_;
};

}  // namespace gw::admin
