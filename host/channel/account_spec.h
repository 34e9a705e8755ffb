#pragma once
// What the gateway tells channel/ about accounts and HTTP listeners: plain values, made from the
// configuration by the gateway; channel/ does not read the configuration.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/address_block.h"
#include "net/forwarded_for.h"
#include "net/http_front.h"
#include "net/listener.h"
#include "net/tls.h"

namespace gw::channel {

/// What stands in front of a listener.
struct ProxySpec {
  bool hasHeader = false;  // every socket comes from a trusted proxy and begins with a PROXY header
  AddressBlocks trusted;
};

struct AccountSpec {
  std::string channelId;  // "telnet"
  std::string accountId = "default";
  bool enabled = true;                       // started with the gateway
  std::optional<net::ListenAddress> listen;  // a socket of its own ...
  std::optional<net::TlsFiles> tls;          // (with TLS,
  ProxySpec proxy;                           // behind proxies) ...
  std::string http;                          // ... or the name of the HTTP listener that has its routes
  std::vector<std::string> roles{"player"};
  double commandRate = 0;  // as AccountTraits
  uint32_t commandBurst = 0;
  std::string optionsJson = "{}";  // for the plugin
  std::string id() const { return channelId + ":" + accountId; }
};

struct HttpListenerSpec {
  std::string name = "main";
  net::ListenAddress listen;
  std::optional<net::TlsFiles> tls;
  ProxySpec proxy;
  net::ForwardedHeader forwardedHeader = net::ForwardedHeader::kXForwardedFor;
  std::string trustedProxiesKey;            // where the configuration has proxy.trusted, for a warning
  net::HttpRules rules;                     // the listener's own origins are added once its port is known
  std::vector<net::HttpRoute> extraRoutes;  // the gateway's: health checks, the play client
};

}  // namespace gw::channel
