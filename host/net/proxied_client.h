#pragma once
// ProxiedClient: the client of one request that a trusted proxy brought, counted by admission for as
// long as this lives. Internal to net/.
//
// Thread: the connection's loop. Lifetime: within that of the rules.

#include <memory>

#include "net/http_front.h"

namespace gw::net {

struct HttpRequest;

class ProxiedClient {
 public:
  /// Null: refused; says why.
  static std::unique_ptr<ProxiedClient> admit(const HttpProxyRules& rules, PeerAddress address, const char*& refusal);
  ~ProxiedClient();
  ProxiedClient(const ProxiedClient&) = delete;

  const PeerAddress& address() const { return address_; }

 private:
  ProxiedClient(const HttpProxyRules& rules, PeerAddress address) : rules_(rules), address_(std::move(address)) {}

  const HttpProxyRules& rules_;
  const PeerAddress address_;
};

/// A loopback peer that is not trusted forwards for others: very likely a proxy that nobody has
/// configured, so that all its clients count as one. Says so once per process.
void warnOfUnknownProxy(const HttpProxyRules& rules, const PeerAddress& peer, const HttpRequest& request);

}  // namespace gw::net
