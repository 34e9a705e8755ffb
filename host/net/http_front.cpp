#include "net/http_front.h"

#include <algorithm>
#include <string>
#include <utility>

#include "net/http_connection.h"
#include "net/http_shared.h"

namespace gw::net {

HttpShared::HttpShared(HttpLimits l, ConnectionLimits c, HttpProxyRules p)
    : limits(l), connectionLimits(c), proxies(std::move(p)), routes_(std::make_shared<RouteTable>()) {
  HttpRules rules;
  rules.allowedHosts = {"localhost", "127.0.0.1", "[::1]"};
  rules_ = std::make_shared<HttpRules>(std::move(rules));
}

HttpShared::~HttpShared() = default;

std::shared_ptr<const RouteTable> HttpShared::routes() {
  std::lock_guard lock(mutex_);
  return routes_;
}

std::shared_ptr<const HttpRules> HttpShared::rules() {
  std::lock_guard lock(mutex_);
  return rules_;
}

// Both: the old table is released outside the lock; its handlers' last references may go with it.
void HttpShared::publish(std::shared_ptr<const RouteTable> routes) {
  std::lock_guard lock(mutex_);
  routes_.swap(routes);
}

void HttpShared::publish(std::shared_ptr<const HttpRules> rules) {
  std::lock_guard lock(mutex_);
  rules_.swap(rules);
}

void HttpShared::enter(std::unique_ptr<HttpConnection> connection) {
  std::lock_guard lock(mutex_);
  HttpConnection* key = connection.get();
  connections_.emplace(key, std::move(connection));
}

std::unique_ptr<HttpConnection> HttpShared::leave(HttpConnection& connection) {
  std::lock_guard lock(mutex_);
  auto node = connections_.extract(&connection);
  return std::move(node.mapped());
}

std::vector<HttpConnection*> HttpShared::connectionsOf(const EventLoop& loop) {
  std::lock_guard lock(mutex_);
  std::vector<HttpConnection*> found;
  for (const auto& [connection, owner] : connections_) {
    if (&connection->loop() == &loop) found.push_back(connection);
  }
  return found;
}

RouteMatch matchRoute(const RouteTable& table, std::string_view method, std::string_view path) {
  RouteMatch match;
  size_t bestRank = 0;  // of the path pattern: exact beats prefix, longer beats shorter
  auto rankOf = [path](std::string_view pattern) -> size_t {
    if (pattern == path) return SIZE_MAX;
    if (!pattern.ends_with("/*")) return 0;
    pattern.remove_suffix(1);
    return path.starts_with(pattern) ? pattern.size() : 0;
  };
  for (const HttpRoute& route : table.routes) bestRank = std::max(bestRank, rankOf(route.path));
  if (bestRank == 0) return match;
  for (const HttpRoute& route : table.routes) {
    if (rankOf(route.path) != bestRank) continue;
    const bool isServed = route.method == method || (method == "HEAD" && route.method == "GET");
    if (match.route == nullptr && isServed) match.route = &route;
    if (route.cors) match.cors = &route;
    if (!match.allow.empty()) match.allow += ", ";
    match.allow += route.method == "GET" ? "GET, HEAD" : route.method;
  }
  if (match.cors != nullptr) match.allow += ", OPTIONS";
  return match;
}

struct HttpFront::Shared : HttpShared {
  using HttpShared::HttpShared;
};

HttpFront::HttpFront(HttpLimits limits, ConnectionLimits connectionLimits, HttpProxyRules proxies)
    : shared_(std::make_shared<Shared>(limits, connectionLimits, std::move(proxies))) {}

HttpFront::~HttpFront() {
  // Each connection holds the shared part: emptied here, or they would keep each other alive.
  std::unordered_map<HttpConnection*, std::unique_ptr<HttpConnection>> rest;
  std::lock_guard lock(shared_->mutex_);
  rest.swap(shared_->connections_);
}

const ConnectionLimits& HttpFront::connectionLimits() const { return shared_->connectionLimits; }

bool HttpFront::isProxy(const PeerAddress& peer) const { return shared_->proxies.trusted.contains(peer.ip); }

HttpFigures HttpFront::figures() const {
  return {shared_->requests.load(std::memory_order_relaxed), shared_->refused.load(std::memory_order_relaxed),
          shared_->deadlines.load(std::memory_order_relaxed)};
}

void HttpFront::publish(std::shared_ptr<const RouteTable> routes) { shared_->HttpShared::publish(std::move(routes)); }

void HttpFront::publishRules(std::shared_ptr<const HttpRules> rules) { shared_->HttpShared::publish(std::move(rules)); }

void HttpFront::accept(std::unique_ptr<Connection> connection, Task onDone) {
  auto owned = std::make_unique<HttpConnection>(shared_, std::move(connection), std::move(onDone));
  HttpConnection& here = *owned;
  shared_->enter(std::move(owned));
  here.start();
}

void HttpFront::closeIdle(EventLoop& loop) {
  for (HttpConnection* connection : shared_->connectionsOf(loop)) connection->closeWhenIdle();
}

}  // namespace gw::net
