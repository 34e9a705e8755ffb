#pragma once
// Reconnect tokens: base64url of {session id, secret}; only hashes are kept. They rotate by lineage and
// attempt, so that a client whose network died during the answer is never locked out and a stolen
// token is seen.
//
//   use(token, attempt):  first use binds the token to the attempt and issues a successor;
//                         the same attempt again voids that successor and issues another;
//                         another attempt is refused;
//   confirm():            the client holds the successor: the old token is retired;
//   use of the successor confirms it; use of a retired token is theft.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"

namespace gw::session {

using Hash = std::array<uint8_t, 32>;
Hash hashOf(std::string_view secret);
bool isEmpty(const Hash& hash);
std::string toHex(const Hash& hash);
std::optional<Hash> hashFromHex(std::string_view hex);
bool sameHash(const Hash& a, const Hash& b);  // constant time

/// A secret that names its session: reconnect, access and attach tokens all have this form.
struct SessionToken {
  SessionId session;
  std::string secret;  // 32 characters, 192 bits
  std::string encode() const;
  static std::optional<SessionToken> decode(std::string_view text);
  static SessionToken make(const SessionId& session);
};

class TokenChain {
 public:
  enum class Use {
    kIssued,        // accepted; a successor was issued
    kIssuedAgain,   // accepted again for the same attempt; the earlier connection must be closed
    kWrong,         // no token of this lineage
    kOtherAttempt,  // bound to another attempt
    kExpired,
    kStolen,  // used after its successor was confirmed: revoke everything
  };

  /// The lineage's first token.
  void start(const Hash& token, int64_t expiresAtUs);
  Use use(const Hash& token, const Hash& attempt, const Hash& successor, int64_t nowUs, int64_t expiresAtUs);
  void confirm();
  /// The window counts from the moment the client went away, not from the token's making.
  void extend(int64_t expiresAtUs);
  bool knows(const Hash& token) const;
  void revoke() { *this = TokenChain(); }

  // For the store.
  const Hash& current() const { return current_; }
  const Hash& attempt() const { return rotation().attempt; }
  const Hash& successor() const { return rotation().successor; }
  const Hash& retired() const { return rotation().retired; }
  int64_t expiresAtUs() const { return expiresAtUs_; }
  void restore(const Hash& current, const Hash& attempt, const Hash& successor, const Hash& retired,
               int64_t expiresAtUs);

 private:
  /// Only chains that were used have one: most connections never come back.
  struct Rotation {
    Hash attempt{};
    Hash successor{};
    Hash retired{};
  };
  const Rotation& rotation() const;

  Hash current_{};
  std::unique_ptr<Rotation> rotation_;
  int64_t expiresAtUs_ = 0;
};

/// 10 characters of Crockford base32 for people to type, and the normal form of what they typed.
std::string makeTypedCode();
std::string normaliseTypedCode(std::string_view typed);

}  // namespace gw::session
