#include "session/reconnect_token.h"

#include <algorithm>
#include <cstring>

#include "base/crypto.h"

namespace gw::session {
namespace {

constexpr size_t kSecretChars = 32;
constexpr char kCrockford[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

std::string_view bytesOf(const Hash& hash) { return {reinterpret_cast<const char*>(hash.data()), hash.size()}; }

}  // namespace

Hash hashOf(std::string_view secret) { return sha256(secret); }
bool isEmpty(const Hash& hash) { return hash == Hash{}; }
std::string toHex(const Hash& hash) { return isEmpty(hash) ? std::string() : hexEncode(bytesOf(hash)); }

std::optional<Hash> hashFromHex(std::string_view hex) {
  Hash out{};
  if (hex.size() != 2 * out.size()) return std::nullopt;
  const auto digit = [](char c) { return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1; };
  for (size_t i = 0; i < out.size(); ++i) {
    const int high = digit(hex[2 * i]);
    const int low = digit(hex[2 * i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out[i] = static_cast<uint8_t>(high * 16 + low);
  }
  return out;
}

bool sameHash(const Hash& a, const Hash& b) { return constantTimeEqual(bytesOf(a), bytesOf(b)); }

std::string SessionToken::encode() const {
  std::string raw(16, '\0');
  std::memcpy(raw.data(), &session.hi, 8);
  std::memcpy(raw.data() + 8, &session.lo, 8);
  return base64urlEncode(raw + secret);
}

std::optional<SessionToken> SessionToken::decode(std::string_view text) {
  if (text.size() > 128) return std::nullopt;
  const auto raw = base64urlDecode(text);
  if (!raw || raw->size() != 16 + kSecretChars) return std::nullopt;
  SessionToken token;
  std::memcpy(&token.session.hi, raw->data(), 8);
  std::memcpy(&token.session.lo, raw->data() + 8, 8);
  token.secret = raw->substr(16);
  return token;
}

SessionToken SessionToken::make(const SessionId& session) { return SessionToken{session, randomToken(kSecretChars)}; }

void TokenChain::start(const Hash& token, int64_t expiresAtUs) {
  *this = TokenChain();
  current_ = token;
  expiresAtUs_ = expiresAtUs;
}

const TokenChain::Rotation& TokenChain::rotation() const {
  static const Rotation kNone;
  return rotation_ ? *rotation_ : kNone;
}

TokenChain::Use TokenChain::use(const Hash& token, const Hash& attempt, const Hash& successor, int64_t nowUs,
                                int64_t expiresAtUs) {
  if (isEmpty(current_)) return Use::kWrong;
  if (!isEmpty(retired()) && sameHash(token, retired())) return Use::kStolen;
  const bool isSuccessor = !isEmpty(this->successor()) && sameHash(token, this->successor());
  if (!isSuccessor && !sameHash(token, current_)) return Use::kWrong;
  if (nowUs >= expiresAtUs_) return Use::kExpired;
  if (isSuccessor) confirm();  // its own use proves that the client holds it
  const bool again = !isEmpty(this->attempt());
  if (again && !sameHash(attempt, this->attempt())) return Use::kOtherAttempt;
  if (!rotation_) rotation_ = std::make_unique<Rotation>();
  rotation_->attempt = attempt;
  rotation_->successor = successor;
  expiresAtUs_ = expiresAtUs;
  return again ? Use::kIssuedAgain : Use::kIssued;
}

void TokenChain::confirm() {
  if (isEmpty(successor())) return;
  rotation_->retired = current_;
  current_ = rotation_->successor;
  rotation_->attempt = {};
  rotation_->successor = {};
}

void TokenChain::extend(int64_t expiresAtUs) {
  if (!isEmpty(current_)) expiresAtUs_ = std::max(expiresAtUs_, expiresAtUs);
}

bool TokenChain::knows(const Hash& token) const {
  if (isEmpty(current_)) return false;
  return sameHash(token, current_) || (!isEmpty(successor()) && sameHash(token, successor())) ||
         (!isEmpty(retired()) && sameHash(token, retired()));
}

void TokenChain::restore(const Hash& current, const Hash& attempt, const Hash& successor, const Hash& retired,
                         int64_t expiresAtUs) {
  current_ = current;
  rotation_.reset();
  if (!isEmpty(attempt) || !isEmpty(successor) || !isEmpty(retired))
    rotation_ = std::make_unique<Rotation>(Rotation{attempt, successor, retired});
  expiresAtUs_ = expiresAtUs;
}

std::string makeTypedCode() {
  const std::string random = randomBytes(10);
  std::string code;
  for (const char byte : random) code += kCrockford[static_cast<unsigned char>(byte) & 31];
  return code;
}

std::string normaliseTypedCode(std::string_view typed) {
  std::string code;
  for (char c : typed) {
    if (c == '-' || c == ' ') continue;
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (c == 'O') c = '0';
    if (c == 'I' || c == 'L') c = '1';
    if (!std::strchr(kCrockford, c) || c == '\0') return {};
    code += c;
  }
  return code.size() == 10 ? code : std::string();
}

}  // namespace gw::session
