#pragma once
// ProxyGate: between the listening socket of a listener with proxyProtocol and what takes its clients.
// A socket passes with the address that its PROXY header names; until then nothing else sees it, so
// that limits, bans, TLS and logs know the real client only.
//
// A peer that is not a trusted proxy is refused at once. Of those that wait for a header there are at
// most maxWaiting per listener, each for headerMs; one too many is refused. Each refusal is counted, and
// logged at most once a minute per reason.
//
// Thread: its loop only. What it shares with the other loops of the listener is ProxyRules.
// Reads exactly the header (by peeking): what follows stays in the socket, for TLS reads from there.

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/address_block.h"
#include "base/log_interval.h"
#include "net/connection.h"

namespace gw::net {

enum class ProxyRefusal { kUntrusted, kLate, kInvalid, kCrowded };
inline constexpr size_t kProxyRefusals = 4;

/// Totals of all listeners. Thread-safe.
class ProxyCounts {
 public:
  void count(ProxyRefusal why) { totals_[static_cast<size_t>(why)].fetch_add(1, std::memory_order_relaxed); }
  uint64_t of(ProxyRefusal why) const { return totals_[static_cast<size_t>(why)].load(std::memory_order_relaxed); }

 private:
  std::array<std::atomic<uint64_t>, kProxyRefusals> totals_{};
};

/// Of one listener; shared by its loops.
struct ProxyRules {
  static constexpr uint64_t kLogEveryNs = 60'000'000'000;

  ProxyRules(std::string name, AddressBlocks proxies, std::shared_ptr<ProxyCounts> totals)
      : listener(std::move(name)), trusted(std::move(proxies)), counts(std::move(totals)) {}

  const std::string listener;  // for logs
  const AddressBlocks trusted;
  const std::shared_ptr<ProxyCounts> counts;
  uint32_t headerMs = 3'000;
  uint32_t maxWaiting = 1'024;
  std::atomic<uint32_t> waiting{0};
  std::array<LogInterval, kProxyRefusals> logged{LogInterval(kLogEveryNs), LogInterval(kLogEveryNs),
                                                 LogInterval(kLogEveryNs), LogInterval(kLogEveryNs)};
};

class ProxyGate {
 public:
  using Sink = std::function<void(EventLoop& loop, int fd, PeerAddress client)>;

  ProxyGate(EventLoop& loop, std::shared_ptr<ProxyRules> rules, std::shared_ptr<const Sink> sink);
  ~ProxyGate();  // closes what waits
  ProxyGate(const ProxyGate&) = delete;

  /// Takes a socket that was just accepted.
  void take(int fd, PeerAddress peer);

 private:
  class Waiting;
  void advance(Waiting& waiting);
  void onLate(Waiting& waiting);
  void pass(Waiting& waiting);
  void refuse(Waiting& waiting, ProxyRefusal why, std::string_view text);
  void note(ProxyRefusal why, const PeerAddress& peer, std::string_view text);
  void forget(Waiting& waiting);

  EventLoop& loop_;
  const std::shared_ptr<ProxyRules> rules_;
  const std::shared_ptr<const Sink> sink_;
  std::unordered_map<Waiting*, std::unique_ptr<Waiting>> waiting_;
};

}  // namespace gw::net
