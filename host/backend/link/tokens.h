#pragma once
// Backend tokens: one per backend name. They hold 258 random bits, so what is stored is a plain SHA-256; all of them
// are one setting of the gateway. A new token of the same name takes the old one's place.
//
// The functions run on a store worker, or on a store of one's own. TokenGuard is thread-safe.

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "backend/link/options.h"
#include "base/bounded_map.h"
#include "base/clock.h"

namespace gw::store {
class SessionStore;
}

namespace gw::link {

inline constexpr size_t kMaxTokens = 64;

struct BackendToken {
  std::string name;
  std::string hash;
  bool mayBroadcast = false;
  int64_t createdAtUs = 0;
};

Result<std::vector<BackendToken>> readTokens(store::SessionStore& store);
/// The secret; shown once. Fails kInvalid (name), kConflict (there are kMaxTokens), or as the store.
Result<std::string> createToken(store::SessionStore& store, const std::string& name, bool mayBroadcast, int64_t nowUs);
/// Fails kNotFound.
Result<void> revokeToken(store::SessionStore& store, const std::string& name);

/// Compares in constant time, with all of them. Null: none is it.
const BackendToken* matching(const std::vector<BackendToken>& tokens, std::string_view name, std::string_view secret);

/// Wrong tokens by address: over five a minute they are not even looked at.
class TokenGuard {
 public:
  explicit TokenGuard(const Clock& clock) : clock_(clock) {}
  /// Fails kRateLimited with retryAfterMs.
  Result<void> admit(const std::string& address);
  void noteWrong(const std::string& address);

 private:
  struct Wrong {
    uint64_t windowStartNs = 0;
    uint32_t count = 0;
  };
  const Clock& clock_;
  std::mutex mutex_;
  BoundedMap<Wrong> wrong_{1024};
};

}  // namespace gw::link
