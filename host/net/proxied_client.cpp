#include "net/proxied_client.h"

#include <atomic>
#include <utility>

#include "base/log.h"
#include "net/http_request_parser.h"
#include "net/peer_address.h"

namespace gw::net {

std::unique_ptr<ProxiedClient> ProxiedClient::admit(const HttpProxyRules& rules, PeerAddress address,
                                                    const char*& refusal) {
  refusal = rules.admission.admit ? rules.admission.admit(address, Arrival::kRequest) : nullptr;
  if (refusal != nullptr) return nullptr;
  return std::unique_ptr<ProxiedClient>(new ProxiedClient(rules, std::move(address)));
}

ProxiedClient::~ProxiedClient() {
  if (rules_.admission.left) rules_.admission.left(address_, Arrival::kRequest);
}

void warnOfUnknownProxy(const HttpProxyRules& rules, const PeerAddress& peer, const HttpRequest& request) {
  static std::atomic<bool> isSaid{false};
  if (isSaid.load(std::memory_order_relaxed) || !isLoopback(peer)) return;
  for (const ForwardedHeader header : {ForwardedHeader::kXForwardedFor, ForwardedHeader::kForwarded}) {
    if (request.count(nameOf(header)) == 0 || isSaid.exchange(true)) continue;
    log::warn("net.http",
              "a proxy on this machine forwards for others, but it is not trusted: all its clients count as one "
              "address. Name it in " +
                  rules.configKey,
              {{"key", rules.configKey}, {"peer", peer.ip}, {"header", nameOf(header)}});
  }
}

}  // namespace gw::net
