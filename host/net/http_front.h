#pragma once
// HTTP front: HTTP/1.1 on client listeners. Parses (http-parser), enforces limits and deadlines,
// Host and Origin rules, CORS, keep-alive; routes to handlers; turns a request into a stream.
//
// Refused with 4xx and closed: giant or slow headers (headerMs), Content-Length with
// Transfer-Encoding (smuggling), two Content-Lengths, unknown methods, obs-fold, NUL; Host missing or
// not allowed: 421; Origin not allowed: 403. Query strings are never logged.
// A connection of a trusted proxy carries many clients: each request says whose it is (net/forwarded_for.h)
// and is let in, or refused with 429, as that client's. Nobody else is believed; X-Forwarded-Proto and
// the like are never looked at.
// One request at a time per connection; pipelined bytes wait.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/address_block.h"
#include "base/unique_function.h"
#include "net/arrival.h"
#include "net/connection.h"
#include "net/forwarded_for.h"

namespace gw::net {

struct HttpHeader {
  std::string_view name;  // lower case on requests
  std::string_view value;
};

struct HttpLimits {
  uint32_t headerBytes = 16 * 1024;
  uint32_t headerCount = 100;
  uint32_t urlBytes = 8 * 1024;
  uint32_t headerMs = 10'000;  // from the first byte (or accept) to the end of the headers
  uint32_t bodyMs = 30'000;
  uint32_t keepAliveMs = 75'000;
  uint32_t deferMs = 30'000;  // a request without an answer: 503
  uint32_t maxBodyBytes = 1 << 20;
};

struct HttpRules {
  std::vector<std::string> allowedHosts;  // without port; ip literals as "127.0.0.1", "[::1]"
  /// The listener's port: makes scheme://<allowed host>:<port> own origins. The origin that equals the
  /// request's own scheme and Host is always one (a forwarded port, say).
  uint16_t port = 0;
  std::vector<std::string> allowedOrigins;  // exact "https://host[:port]"; besides the listener's own
};

/// Reverse proxies in front of a front.
struct HttpProxyRules {
  AddressBlocks trusted;  // empty: none, and nobody's header is believed
  ForwardedHeader header = ForwardedHeader::kXForwardedFor;
  std::string configKey;     // where `trusted` is configured, for the warning that names it
  AdmissionHooks admission;  // of their clients' requests
};

/// One request under way. [loop] Held by shared_ptr: a handler may keep it until it has answered.
/// Dropping the last reference without an answer answers 500. Views are valid until the answer.
class HttpExchange : public std::enable_shared_from_this<HttpExchange> {
 public:
  virtual ~HttpExchange() = default;
  virtual std::string_view method() const = 0;
  virtual std::string_view path() const = 0;   // decoded, dot segments resolved
  virtual std::string_view query() const = 0;  // raw
  virtual std::string_view body() const = 0;
  virtual const std::vector<HttpHeader>& headers() const = 0;
  virtual const PeerAddress& peer() const = 0;  // the client, behind whatever trusted proxies
  /// A trusted proxy's connection brought it: the client's own was not seen here.
  virtual bool isThroughProxy() const { return false; }
  virtual bool isTls() const = 0;
  virtual EventLoop& loop() = 0;
  /// False once the peer has gone or an answer was given.
  virtual bool isOpen() const = 0;
  std::string_view header(std::string_view lowerCaseName) const;  // first, or empty

  /// Answers. Adds Content-Length, Date, nosniff, Referrer-Policy, CORS where the route asks for it.
  virtual void reply(int status, const std::vector<HttpHeader>& headers, std::string_view body) = 0;
  /// Sends `101` (upgrade) or `200` with Connection: close and no chunking (stream) and gives the
  /// connection away, unread input included. The caller sets a handler, in this turn, and calls
  /// kick(); and sets limits of its own if it outlives the front. Null if the exchange is not open.
  virtual std::unique_ptr<Connection> accept(bool upgrade, const std::vector<HttpHeader>& headers) = 0;
  /// Called once if the peer goes away, or deferMs ends, before the answer.
  virtual void onGone(Task callback) = 0;
};

struct HttpRoute {
  std::string method;  // "GET" also serves HEAD
  std::string path;    // exact; a path ending in "/*" takes everything below
  uint32_t maxBodyBytes = 0;
  bool cors = false;                                           // OPTIONS and CORS headers for allowed origins
  bool checkOrigin = true;                                     // refuse a foreign Origin with 403
  std::function<void(std::shared_ptr<HttpExchange>)> handler;  // [loop]
};

/// Immutable once published; swapped per loop between turns.
struct RouteTable {
  std::vector<HttpRoute> routes;
};

/// Totals since the front was made, for metrics.
struct HttpFigures {
  uint64_t requests = 0;   // given to handlers
  uint64_t refused = 0;    // answered 4xx or 5xx by the front itself: rules, limits, malformed, 404
  uint64_t deadlines = 0;  // of headers, bodies and handlers that were late
};

/// One per HTTP listener; holds what its loops share. publish() [control]; accept() [loop].
/// Destroy it after its loops were joined and before they are destroyed: connections that are still
/// here go with it.
class HttpFront {
 public:
  HttpFront(HttpLimits limits, ConnectionLimits connectionLimits, HttpProxyRules proxies = {});
  ~HttpFront();
  void publish(std::shared_ptr<const RouteTable> routes);     // any thread
  void publishRules(std::shared_ptr<const HttpRules> rules);  // any thread
  const ConnectionLimits& connectionLimits() const;           // for connections that go to accept()
  bool isProxy(const PeerAddress& peer) const;                // any thread
  /// Starts a connection and keeps it until it is closed or given away. onDone: it left the front (for counting).
  void accept(std::unique_ptr<Connection> connection, Task onDone);
  HttpFigures figures() const;  // any thread
  /// [loop] Closes idle keep-alive connections of this loop (shutdown); the others after their answer.
  void closeIdle(EventLoop& loop);

 private:
  struct Shared;
  std::shared_ptr<Shared> shared_;
};

/// Static files from a folder, read once into memory (each ≤ 1 MiB), with ETag, content type,
/// `Content-Security-Policy: default-src 'self'; frame-ancestors 'none'`. "/" serves index.html.
/// Hidden files are left out. Fails with an empty vector and error set if the folder is missing, a
/// file cannot be read or is too large, or there are more than 1,000 files or 32 MiB of them.
std::vector<HttpRoute> staticFileRoutes(const std::string& folder, std::string& error);

}  // namespace gw::net
