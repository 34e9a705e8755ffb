#pragma once
// Backend tokens: one per backend name. They hold 258 random bits, so what is stored is a plain SHA-256; all of them
// are one setting of the gateway. A new token of the same name takes the old one's place.
//
// The functions run on a store worker, or on a store of one's own.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "backend/link/options.h"

namespace gw::store {
class SessionStore;
}

namespace gw::link {

inline constexpr size_t kMaxTokens = 64;

struct BackendToken {
  std::string name;
  std::string hash;
  LinkGrant grant;
  int64_t createdAtUs = 0;
};

Result<std::vector<BackendToken>> readTokens(store::SessionStore& store);
/// The secret; shown once. Fails kInvalid (name), kConflict (there are kMaxTokens), or as the store.
Result<std::string> createToken(store::SessionStore& store, const std::string& name, const LinkGrant& grant,
                                int64_t nowUs);
/// Fails kNotFound.
Result<void> revokeToken(store::SessionStore& store, const std::string& name);

/// Compares in constant time, with all of them. Null: none is it.
const BackendToken* matching(const std::vector<BackendToken>& tokens, std::string_view name, std::string_view secret);

}  // namespace gw::link
