#pragma once
// What the loops of one HTTP front share: limits, the published routes and rules, and the register of
// connections that are here. Internal to net/.

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "net/http_front.h"

namespace gw::net {

class HttpConnection;

struct HttpShared {
  HttpShared(HttpLimits l, ConnectionLimits c, HttpProxyRules p);
  ~HttpShared();

  // Any thread.
  std::shared_ptr<const RouteTable> routes();
  std::shared_ptr<const HttpRules> rules();
  void publish(std::shared_ptr<const RouteTable> routes);
  void publish(std::shared_ptr<const HttpRules> rules);
  void enter(std::unique_ptr<HttpConnection> connection);
  std::unique_ptr<HttpConnection> leave(HttpConnection& connection);
  std::vector<HttpConnection*> connectionsOf(const EventLoop& loop);

  const HttpLimits limits;
  const ConnectionLimits connectionLimits;
  const HttpProxyRules proxies;
  std::atomic<uint64_t> requests{0}, refused{0}, deadlines{0};

 private:
  friend class HttpFront;
  std::mutex mutex_;
  std::shared_ptr<const RouteTable> routes_;
  std::shared_ptr<const HttpRules> rules_;
  std::unordered_map<HttpConnection*, std::unique_ptr<HttpConnection>> connections_;
};

/// What a path and a method lead to.
struct RouteMatch {
  const HttpRoute* route = nullptr;  // of this method; null: 404, or 405 if allow is not empty
  const HttpRoute* cors = nullptr;   // any route at the path that asks for CORS
  std::string allow;                 // the methods at this path, for Allow
};

/// An exact path wins over a "/*" one, the longer "/*" over the shorter.
RouteMatch matchRoute(const RouteTable& table, std::string_view method, std::string_view path);

}  // namespace gw::net
