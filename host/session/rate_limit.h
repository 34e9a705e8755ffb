#pragma once
// Token buckets, and the admission of new connections by address.

#include <cstdint>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/address_block.h"
#include "net/arrival.h"
#include "net/connection.h"

namespace gw::session {

/// Thread: its owner's. 16 bytes.
class TokenBucket {
 public:
  TokenBucket() = default;
  TokenBucket(double burst, uint64_t nowNs) : tokens_(static_cast<float>(burst)), lastNs_(nowNs) {}
  /// Takes `cost` if it is there.
  bool take(double cost, double ratePerSecond, double burst, uint64_t nowNs);
  /// Until one more token is there.
  uint64_t waitMs(double ratePerSecond) const;

 private:
  float tokens_ = 0;
  uint64_t lastNs_ = 0;
};

struct AdmissionLimits {
  uint32_t connections = 10'000;
  uint32_t perAddress = 256;
  uint32_t unauthenticatedPerAddress = 32;
  double ratePerAddress = 20;
  uint32_t burstPerAddress = 100;
  std::vector<std::string> exemptAddresses;  // CIDR or address
};

/// Who may connect. Thread-safe: a short lock at accept, login and close; never on the data path.
/// The table is bounded: one entry per address with open connections, plus at most 65,536 idle ones.
class Admission {
 public:
  explicit Admission(AdmissionLimits limits);

  /// Null: admitted (unauthenticated). Else the reason, static storage. arrival: which limits it meets.
  const char* admit(const net::PeerAddress& peer, uint64_t nowNs, net::Arrival arrival = net::Arrival::kSocket);
  void authenticated(const net::PeerAddress& peer);
  void released(const net::PeerAddress& peer, bool wasAuthenticated, net::Arrival arrival = net::Arrival::kSocket);

  void setBannedAddresses(const std::vector<std::string>& cidrs);
  /// Names or ids; who is on the list is told so after the right password.
  void setBannedUsers(std::vector<std::string> users);
  bool isBannedUser(const std::string& id, const std::string& name) const;
  /// The host-wide memory limit has been reached: nobody new is let in.
  void setMemoryFull(bool isFull);
  void setAccepting(bool accepting);  // false during shutdown
  void update(AdmissionLimits limits);

  struct Refusals {
    uint64_t full = 0, memory = 0, rate = 0, perAddress = 0, unauthenticated = 0, banned = 0;
  };
  Refusals refusals() const;

 private:
  struct PerAddress {
    uint32_t open = 0;
    uint32_t unauthenticated = 0;
    TokenBucket rate;
  };
  const char* refuseAnyone(const net::PeerAddress& peer, net::Arrival arrival);
  const char* refuseAddress(const net::PeerAddress& peer, uint64_t nowNs, net::Arrival arrival);
  bool isExempt(const net::PeerAddress& peer) const;
  void forgetIdle();

  mutable std::mutex mutex_;
  AdmissionLimits limits_;
  std::unordered_map<std::string, PerAddress> addresses_;
  AddressBlocks exempt_;
  AddressBlocks banned_;
  std::vector<std::string> bannedUsers_;
  bool isMemoryFull_ = false;
  uint32_t open_ = 0;
  bool accepting_ = true;
  Refusals refusals_;
};

}  // namespace gw::session
