#include "session/rate_limit.h"

#include <arpa/inet.h>
#include <strings.h>

#include <algorithm>
#include <cmath>
#include <cstring>

namespace gw::session {
namespace {

constexpr size_t kIdleAddresses = 65'536;

struct RawAddress {
  int family = 0;
  uint8_t bytes[16] = {};
};

bool parseAddress(const std::string& text, RawAddress& out) {
  out.family = text.find(':') == std::string::npos ? AF_INET : AF_INET6;
  return inet_pton(out.family, text.c_str(), out.bytes) == 1;
}

}  // namespace

bool addressInBlock(const std::string& address, const std::string& block) {
  const size_t slash = block.find('/');
  RawAddress a, b;
  if (!parseAddress(address, a) || !parseAddress(block.substr(0, slash), b) || a.family != b.family) return false;
  const int width = a.family == AF_INET ? 32 : 128;
  int bits = slash == std::string::npos ? width : std::atoi(block.c_str() + slash + 1);
  if (bits < 0 || bits > width) return false;
  const size_t whole = static_cast<size_t>(bits) / 8;
  if (std::memcmp(a.bytes, b.bytes, whole) != 0) return false;
  const int rest = bits % 8;
  if (rest == 0) return true;
  const auto mask = static_cast<uint8_t>(0xff << (8 - rest));
  return (a.bytes[whole] & mask) == (b.bytes[whole] & mask);
}

bool TokenBucket::take(double cost, double ratePerSecond, double burst, uint64_t nowNs) {
  if (nowNs > lastNs_) {
    const double earned = static_cast<double>(nowNs - lastNs_) * 1e-9 * ratePerSecond;
    tokens_ = static_cast<float>(std::min(burst, static_cast<double>(tokens_) + earned));
    lastNs_ = nowNs;
  }
  if (static_cast<double>(tokens_) < cost) return false;
  tokens_ -= static_cast<float>(cost);
  return true;
}

uint64_t TokenBucket::waitMs(double ratePerSecond) const {
  if (tokens_ >= 1 || ratePerSecond <= 0) return 0;
  return static_cast<uint64_t>(std::ceil((1.0 - static_cast<double>(tokens_)) / ratePerSecond * 1000));
}

Admission::Admission(AdmissionLimits limits) : limits_(std::move(limits)) {}

bool Admission::isExempt(const net::PeerAddress& peer) const {
  return std::any_of(limits_.exemptAddresses.begin(), limits_.exemptAddresses.end(),
                     [&](const std::string& block) { return addressInBlock(peer.ip, block); });
}

const char* Admission::admit(const net::PeerAddress& peer, uint64_t nowNs, bool isNewSocket) {
  std::lock_guard lock(mutex_);
  if (!accepting_) return "the gateway is stopping";
  for (const std::string& block : banned_)
    if (addressInBlock(peer.ip, block)) return ++refusals_.banned, "this address is banned";
  if (isMemoryFull_) return ++refusals_.memory, "the gateway has reached its memory limit";
  if (open_ >= limits_.connections) return ++refusals_.full, "the gateway has reached its connection limit";
  const auto [it, isNew] = addresses_.try_emplace(peer.limitKey());
  PerAddress& entry = it->second;
  if (isNew) entry.rate = TokenBucket(limits_.burstPerAddress, nowNs);
  if (!isExempt(peer)) {
    if (entry.open >= limits_.perAddress) return ++refusals_.perAddress, "too many connections from this address";
    if (entry.unauthenticated >= limits_.unauthenticatedPerAddress)
      return ++refusals_.unauthenticated, "too many connections from this address that have not logged in";
    if (isNewSocket && !entry.rate.take(1, limits_.ratePerAddress, limits_.burstPerAddress, nowNs))
      return ++refusals_.rate, "too many new connections from this address";
  }
  ++entry.open;
  ++entry.unauthenticated;
  ++open_;
  if (isNew && addresses_.size() > kIdleAddresses + limits_.connections) forgetIdle();
  return nullptr;
}

void Admission::forgetIdle() {
  std::erase_if(addresses_, [](const auto& entry) { return entry.second.open == 0; });
}

void Admission::authenticated(const net::PeerAddress& peer) {
  std::lock_guard lock(mutex_);
  const auto it = addresses_.find(peer.limitKey());
  if (it != addresses_.end() && it->second.unauthenticated > 0) --it->second.unauthenticated;
}

void Admission::released(const net::PeerAddress& peer, bool wasAuthenticated) {
  std::lock_guard lock(mutex_);
  const auto it = addresses_.find(peer.limitKey());
  if (it == addresses_.end() || it->second.open == 0) return;
  --it->second.open;
  --open_;
  if (!wasAuthenticated && it->second.unauthenticated > 0) --it->second.unauthenticated;
}

void Admission::setBannedAddresses(std::vector<std::string> cidrs) {
  std::lock_guard lock(mutex_);
  banned_ = std::move(cidrs);
}

void Admission::setBannedUsers(std::vector<std::string> users) {
  std::lock_guard lock(mutex_);
  bannedUsers_ = std::move(users);
}

bool Admission::isBannedUser(const std::string& id, const std::string& name) const {
  std::lock_guard lock(mutex_);
  return std::any_of(bannedUsers_.begin(), bannedUsers_.end(), [&](const std::string& banned) {
    return banned == id || strcasecmp(banned.c_str(), name.c_str()) == 0;
  });
}

void Admission::setMemoryFull(bool isFull) {
  std::lock_guard lock(mutex_);
  isMemoryFull_ = isFull;
}

void Admission::setAccepting(bool accepting) {
  std::lock_guard lock(mutex_);
  accepting_ = accepting;
}

void Admission::update(AdmissionLimits limits) {
  std::lock_guard lock(mutex_);
  limits_ = std::move(limits);
}

Admission::Refusals Admission::refusals() const {
  std::lock_guard lock(mutex_);
  return refusals_;
}

}  // namespace gw::session
