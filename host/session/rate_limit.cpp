#include "session/rate_limit.h"

#include <strings.h>

#include <algorithm>
#include <cmath>

namespace gw::session {
namespace {

constexpr size_t kIdleAddresses = 65'536;

}  // namespace

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

Admission::Admission(AdmissionLimits limits) : limits_(std::move(limits)), exempt_(limits_.exemptAddresses) {}

bool Admission::isExempt(const net::PeerAddress& peer) const { return exempt_.contains(peer.ip); }

const char* Admission::admit(const net::PeerAddress& peer, uint64_t nowNs, net::Arrival arrival) {
  std::lock_guard lock(mutex_);
  if (const char* refusal = refuseAnyone(peer, arrival)) return refusal;
  if (arrival != net::Arrival::kProxy) {
    if (const char* refusal = refuseAddress(peer, nowNs, arrival)) return refusal;
  }
  if (arrival != net::Arrival::kRequest) ++open_;
  return nullptr;
}

// A request comes on a connection that was let in: what concerns the whole was looked at then.
const char* Admission::refuseAnyone(const net::PeerAddress& peer, net::Arrival arrival) {
  const bool isNew = arrival != net::Arrival::kRequest;
  if (isNew && !accepting_) return "the gateway is stopping";
  if (banned_.contains(peer.ip)) return ++refusals_.banned, "this address is banned";
  if (isNew && isMemoryFull_) return ++refusals_.memory, "the gateway has reached its memory limit";
  if (isNew && open_ >= limits_.connections) return ++refusals_.full, "the gateway has reached its connection limit";
  return nullptr;
}

const char* Admission::refuseAddress(const net::PeerAddress& peer, uint64_t nowNs, net::Arrival arrival) {
  const auto [it, isNew] = addresses_.try_emplace(peer.limitKey());
  PerAddress& entry = it->second;
  if (isNew) entry.rate = TokenBucket(limits_.burstPerAddress, nowNs);
  if (!isExempt(peer)) {
    if (entry.open >= limits_.perAddress) return ++refusals_.perAddress, "too many connections from this address";
    if (entry.unauthenticated >= limits_.unauthenticatedPerAddress)
      return ++refusals_.unauthenticated, "too many connections from this address that have not logged in";
    if (arrival == net::Arrival::kSocket && !entry.rate.take(1, limits_.ratePerAddress, limits_.burstPerAddress, nowNs))
      return ++refusals_.rate, "too many new connections from this address";
  }
  ++entry.open;
  ++entry.unauthenticated;
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

void Admission::released(const net::PeerAddress& peer, bool wasAuthenticated, net::Arrival arrival) {
  std::lock_guard lock(mutex_);
  if (arrival != net::Arrival::kRequest && open_ > 0) --open_;
  if (arrival == net::Arrival::kProxy) return;
  const auto it = addresses_.find(peer.limitKey());
  if (it == addresses_.end() || it->second.open == 0) return;
  --it->second.open;
  if (!wasAuthenticated && it->second.unauthenticated > 0) --it->second.unauthenticated;
}

void Admission::setBannedAddresses(const std::vector<std::string>& cidrs) {
  AddressBlocks blocks(cidrs);
  std::lock_guard lock(mutex_);
  banned_ = std::move(blocks);
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
  exempt_ = AddressBlocks(limits_.exemptAddresses);
}

Admission::Refusals Admission::refusals() const {
  std::lock_guard lock(mutex_);
  return refusals_;
}

}  // namespace gw::session
