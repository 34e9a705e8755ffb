#include "channel/http_listener.h"

#include <unistd.h>

#include <algorithm>

#include "base/log.h"

namespace gw::channel {
namespace {

const char* const kGatewayOwner = "the gateway itself";

std::string hostAndPort(const std::string& host, uint16_t port) {
  const bool isBareIpv6 = host.find(':') != std::string::npos && host.front() != '[';
  return (isBareIpv6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

}  // namespace

HttpListener::HttpListener(HttpListenerSpec spec, const HttpSettings& settings)
    : spec_(std::move(spec)),
      settings_(settings),
      front_(std::make_shared<net::HttpFront>(settings.http, settings.connection,
                                              net::HttpProxyRules{spec_.proxy.trusted, spec_.forwardedHeader,
                                                                  spec_.trustedProxiesKey, settings.admission.hooks})) {
  routes_[kGatewayOwner] = spec_.extraRoutes;
}

HttpListener::~HttpListener() { close(); }

Result<void> HttpListener::bind() {
  if (isBound()) return {};
  if (spec_.tls && !tls_) {
    auto loaded = net::TlsContext::load(*spec_.tls);
    if (!loaded) return loaded.error();
    tls_ = std::move(*loaded);
  }
  net::ListenAddress address = spec_.listen;
  if (boundPort_ != 0) address.port = boundPort_;
  auto bound = net::Listener::bind(spec_.name, address, settings_.socket);
  if (!bound) return bound.error();
  listener_ = std::move(*bound);
  boundPort_ = listener_->port();
  if (spec_.proxy.hasHeader) {
    listener_->requireProxyHeader(
        std::make_shared<net::ProxyRules>(spec_.name, spec_.proxy.trusted, settings_.proxyCounts));
  }
  publishRules(spec_.rules);
  publishTable();
  return {};
}

std::vector<std::string> HttpListener::origins() const {
  std::vector<std::string> all;
  if (!isBound()) return all;
  for (const std::string& host : spec_.listen.hosts) {
    all.push_back((spec_.tls ? "https://" : "http://") + hostAndPort(host, boundPort_));
  }
  return all;
}

void HttpListener::startAccepting(const std::vector<net::EventLoop*>& loops) {
  if (!isBound() || isAccepting_) return;
  isAccepting_ = true;
  // Everything by value or shared: a socket may be accepted while this object closes.
  listener_->startAccepting(loops, [front = front_, tls = tls_, counts = counts_, settings = &settings_](
                                       net::EventLoop& loop, int fd, net::PeerAddress peer) {
    const net::AdmissionHooks& hooks = settings->admission.hooks;
    const net::Arrival arrival = front->isProxy(peer) ? net::Arrival::kProxy : net::Arrival::kSocket;
    const bool isFull = counts->waiting.load(std::memory_order_relaxed) >= settings->admission.maxConnections;
    if (isFull || (hooks.admit && hooks.admit(peer, arrival) != nullptr)) {
      counts->refused.fetch_add(1, std::memory_order_relaxed);
      ::close(fd);
      return;
    }
    counts->waiting.fetch_add(1, std::memory_order_relaxed);
    auto session = tls ? tls->newSession(fd) : nullptr;
    if (tls && !session) {
      counts->waiting.fetch_sub(1, std::memory_order_relaxed);
      if (hooks.left) hooks.left(peer, arrival);
      ::close(fd);
      return;
    }
    auto connection = std::make_unique<net::Connection>(loop, fd, peer, front->connectionLimits(), std::move(session));
    front->accept(std::move(connection), [counts, settings, peer, arrival] {
      counts->waiting.fetch_sub(1, std::memory_order_relaxed);
      if (settings->admission.hooks.left) settings->admission.hooks.left(peer, arrival);
    });
  });
}

void HttpListener::close() {
  if (!listener_) return;
  listener_->stopAccepting();
  listener_.reset();
  isAccepting_ = false;
}

void HttpListener::closeIdle(const std::vector<net::EventLoop*>& loops) {
  for (net::EventLoop* loop : loops) {
    // Weak: the front must not live on in an inbox that is never drained.
    loop->post([front = std::weak_ptr(front_), loop] {
      if (auto present = front.lock()) present->closeIdle(*loop);
    });
  }
}

Result<void> HttpListener::addRoutes(const std::string& owner, std::vector<net::HttpRoute> routes) {
  for (const net::HttpRoute& wanted : routes) {
    for (const auto& [other, taken] : routes_) {
      const bool isTaken = std::any_of(taken.begin(), taken.end(), [&](const net::HttpRoute& r) {
        return r.method == wanted.method && r.path == wanted.path;
      });
      if (other == owner || !isTaken) continue;
      return fail(ErrorCode::kConflict, "both " + other + " and " + owner + " want " + wanted.method + " " +
                                            wanted.path + " on HTTP listener " + spec_.name);
    }
  }
  routes_[owner] = std::move(routes);
  publishTable();
  return {};
}

void HttpListener::removeRoutes(const std::string& owner) {
  if (routes_.erase(owner) != 0) publishTable();
}

void HttpListener::publishTable() {
  auto table = std::make_shared<net::RouteTable>();
  for (const auto& [owner, routes] : routes_) table->routes.insert(table->routes.end(), routes.begin(), routes.end());
  front_->publish(std::move(table));
}

void HttpListener::publishRules(net::HttpRules rules) {
  spec_.rules = rules;
  rules.port = boundPort_;  // own origins: a page served here may talk back
  front_->publishRules(std::make_shared<net::HttpRules>(std::move(rules)));
}

Result<void> HttpListener::reloadTls() {
  if (!tls_) return {};
  return tls_->reload();
}

}  // namespace gw::channel
