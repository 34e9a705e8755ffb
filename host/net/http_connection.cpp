#include "net/http_connection.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "base/log.h"
#include "net/http_rules.h"
#include "net/http_transaction.h"
#include "net/timer_queue.h"

namespace gw::net {

namespace {

constexpr uint32_t kLingerMs = 2'000;
constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
const HttpHeader kJson{"Content-Type", "application/json"};

void count(std::atomic<uint64_t>& total) { total.fetch_add(1, std::memory_order_relaxed); }

}  // namespace

HttpConnection::HttpConnection(std::shared_ptr<HttpShared> shared, std::unique_ptr<Connection> connection, Task onDone)
    : shared_(std::move(shared)),
      loop_(&connection->loop()),
      connection_(std::move(connection)),
      onDone_(std::move(onDone)),
      timer_(
          loop_->timers(), [](void* self) { static_cast<HttpConnection*>(self)->onDeadline(); }, this),
      parser_(shared_->limits),
      isProxy_(shared_->proxies.trusted.contains(connection_->peer().ip)) {}

HttpConnection::~HttpConnection() {
  if (transaction_ != nullptr) transaction_->lose();
}

void HttpConnection::start() {
  enterPhase(Phase::kHead);
  if (connection_->isStarted()) {
    connection_->setHandler(*this);
    connection_->kick();
  } else {
    connection_->start(*this);
  }
}

void HttpConnection::enterPhase(Phase phase) {
  phase_ = phase;
  const HttpLimits& limits = shared_->limits;
  switch (phase) {
    case Phase::kHead:
      return timer_.setAfterMs(limits.headerMs);
    case Phase::kBody:
      return timer_.setAfterMs(limits.bodyMs);
    case Phase::kKeepAlive:
      return timer_.setAfterMs(limits.keepAliveMs);
    case Phase::kAnswer:
      return timer_.setAfterMs(limits.deferMs);
  }
}

void HttpConnection::onDeadline() {
  switch (phase_) {
    case Phase::kHead:
    case Phase::kBody:
      if (parser_.isIdle()) {  // it never said a word, or not even a whole TLS handshake
        log::debug("http", "no request before the deadline", {{"peer", connection_->peer().toString()}});
        return connection_->close(kLingerMs);
      }
      count(shared_->deadlines);
      isLast_ = true;
      return refuse(408, "the request took too long");
    case Phase::kKeepAlive:
      return connection_->close(kLingerMs);
    case Phase::kAnswer: {
      count(shared_->deadlines);
      HttpTransaction& late = *transaction_;
      const bool isHead = late.isHead();
      transaction_ = nullptr;
      isLast_ = isLast_ || !late.request().isKeepAlive;
      send({.status = 503, .corsOrigin = late.corsOrigin()}, {kJson}, errorBody(503, "no answer in time"), isHead);
      return late.lose();  // last: the callback may do anything
    }
  }
}

void HttpConnection::closeWhenIdle() {
  isLast_ = true;
  if (transaction_ == nullptr && parser_.isIdle()) connection_->close(kLingerMs);
}

size_t HttpConnection::onBytes(Connection& connection, std::string_view bytes) {
  isReading_ = true;
  const size_t used = readRequests(connection, bytes);
  isReading_ = false;
  // Nothing can complete what the peer left unfinished.
  if (isPeerFinished_ && isFree() && used == bytes.size()) connection.close(kLingerMs);
  return used;
}

size_t HttpConnection::readRequests(Connection& connection, std::string_view bytes) {
  size_t used = 0;
  // One request at a time; and a client that does not read its answers gets no more of them.
  while (isFree() && !connection.isAboveSoft() && used < bytes.size()) {
    const bool wasIdle = parser_.isIdle();
    const size_t fed = parser_.feed(bytes.substr(used));
    used += fed;
    if (wasIdle && !parser_.isIdle() && phase_ == Phase::kKeepAlive) enterPhase(Phase::kHead);
    if (parser_.state() == HttpRequestParser::State::kHeadDone) examineHead();
    if (parser_.state() == HttpRequestParser::State::kFailed) {
      isLast_ = true;
      refuse(parser_.errorStatus(), parser_.errorText());
    }
    if (parser_.state() == HttpRequestParser::State::kComplete) dispatch();
    if (connection.isClosing()) return bytes.size();
    if (fed == 0) break;  // half an empty line: waits for the rest
  }
  return used;
}

// Leaves the parser at the body, complete, failed, or (answered) at the next head.
void HttpConnection::examineHead() {
  const HttpRequest& request = parser_.request();
  isLast_ = isLast_ || !request.isKeepAlive;
  const auto rules = shared_->rules();
  const std::string_view host = request.header("host");
  const std::string_view authority = request.target.authority;
  if (!isHostAllowed(*rules, host) || (!authority.empty() && authority != host)) {
    isLast_ = true;
    return refuse(421, "this host name is not served here");
  }
  if (!admitClient(request)) return;
  routes_ = shared_->routes();
  RouteMatch match = matchRoute(*routes_, request.method, request.target.path);
  if (match.route == nullptr && match.allow.empty()) {
    return refuse(404, "no such page");
  }
  if (!examineOrigin(request, *rules, match)) return;
  if (match.route == nullptr) {
    if (request.method == "OPTIONS" && match.cors != nullptr) {
      preflight(request, match.allow);
    } else {
      refuse(405, "this method is not served here", match.allow);
    }
    return;
  }
  route_ = match.route;
  const bool waitsForGo = request.expectsContinue && request.hasBody;
  parser_.acceptBody(std::min(route_->maxBodyBytes, shared_->limits.maxBodyBytes));
  if (parser_.state() == HttpRequestParser::State::kBody) {
    enterPhase(Phase::kBody);
    if (waitsForGo) connection_->send(kContinue);
  }
}

bool HttpConnection::admitClient(const HttpRequest& request) {
  const HttpProxyRules& proxies = shared_->proxies;
  if (!isProxy_) {
    warnOfUnknownProxy(proxies, connection_->peer(), request);
    return true;
  }
  const char* refusal = nullptr;
  client_ = ProxiedClient::admit(
      proxies, clientBehind(connection_->peer(), proxies.trusted, proxies.header, request.headers), refusal);
  if (client_) return true;
  refuse(429, refusal);
  return false;
}

bool HttpConnection::examineOrigin(const HttpRequest& request, const HttpRules& rules, const RouteMatch& match) {
  isCorsAllowed_ = false;
  const size_t origins = request.count("origin");
  if (origins == 0) return true;  // a native client
  const bool isAllowed =
      origins == 1 && isOriginAllowed(rules, request.header("origin"), request.header("host"), connection_->isTls());
  isCorsAllowed_ = isAllowed && (match.route != nullptr ? match.route->cors : match.cors != nullptr);
  const bool isChecked = match.route == nullptr || match.route->checkOrigin;
  if (isAllowed || !isChecked) return true;
  refuse(403, "this origin is not allowed");
  return false;
}

void HttpConnection::preflight(const HttpRequest& request, std::string_view allow) {
  if (request.hasBody) isLast_ = true;
  const std::string origin(isCorsAllowed_ ? request.header("origin") : std::string_view());
  std::vector<HttpHeader> headers{{"Allow", allow}};
  if (!origin.empty()) {
    headers.push_back({"Access-Control-Allow-Methods", allow});
    headers.push_back({"Access-Control-Allow-Headers", "Authorization, Content-Type, Last-Event-ID, Cache-Control"});
    headers.push_back({"Access-Control-Max-Age", "600"});
  }
  routes_.reset();
  parser_.take();
  send({.status = 204, .hasLength = false, .corsOrigin = origin}, headers, {}, false);
}

// Answers for the request that is being read, whether complete or not.
void HttpConnection::refuse(int status, std::string_view text, std::string_view allow) {
  count(shared_->refused);
  const HttpRequest* request = parser_.isIdle() ? nullptr : &parser_.request();
  // A body that is still on its way would be taken for the next request.
  if (request == nullptr || request->hasBody) isLast_ = true;
  const bool isHead = request != nullptr && request->method == "HEAD";
  std::vector<HttpHeader> headers{kJson};
  if (!allow.empty()) headers.push_back({"Allow", allow});
  routes_.reset();
  parser_.take();
  send({.status = status}, headers, errorBody(status, text), isHead);
}

void HttpConnection::dispatch() {
  auto transaction = std::make_shared<HttpTransaction>(*this, parser_.take(), std::exchange(routes_, nullptr),
                                                       *std::exchange(route_, nullptr), isCorsAllowed_);
  transaction_ = transaction.get();
  count(shared_->requests);
  enterPhase(Phase::kAnswer);
  runHandler(transaction);
}

void HttpConnection::runHandler(const std::shared_ptr<HttpTransaction>& transaction) {
  try {
    transaction->route().handler(transaction);
  } catch (const std::exception& error) {
    log::error("net.http", "a request handler threw", {{"path", transaction->path()}, {"error", error.what()}});
    transaction->reply(500, {kJson}, errorBody(500, "internal error"));
  }
}

void HttpConnection::answer(const HttpTransaction& transaction, int status, const std::vector<HttpHeader>& headers,
                            std::string_view body) {
  transaction_ = nullptr;
  isLast_ = isLast_ || !transaction.request().isKeepAlive;
  const bool hasLength = status != 204 && status != 304;
  send({.status = status, .hasLength = hasLength, .corsOrigin = transaction.corsOrigin()}, headers,
       hasLength ? body : std::string_view(), transaction.isHead());
}

void HttpConnection::send(ResponseShape shape, const std::vector<HttpHeader>& headers, std::string_view body,
                          bool isHead) {
  client_.reset();
  shape.isKeptAlive = !isLast_;
  shape.contentLength = body.size();
  const std::string head = responseHead(shape, headers);
  connection_->sendUnit(head, isHead || body.empty() ? SharedBytes() : SharedBytes(body), {});
  if (isLast_) {
    timer_.cancel();
    connection_->close(kLingerMs);
    return;
  }
  enterPhase(Phase::kKeepAlive);
  if (isReading_) return;
  if (isPeerFinished_ && connection_->unreadBytes() == 0) {
    connection_->close(kLingerMs);
  } else {
    connection_->kick();  // the next request may be waiting
  }
}

std::unique_ptr<Connection> HttpConnection::giveAway(const HttpTransaction& transaction, bool upgrade,
                                                     const std::vector<HttpHeader>& headers) {
  transaction_ = nullptr;
  if (upgrade) {
    connection_->send(upgradeHead(headers));
  } else {
    connection_->send(responseHead({.hasLength = false, .corsOrigin = transaction.corsOrigin()}, headers));
  }
  if (client_) connection_->setPeer(client_->address());
  std::unique_ptr<Connection> connection = std::move(connection_);
  client_.reset();
  timer_.cancel();
  std::unique_ptr<HttpConnection> self = shared_->leave(*this);
  connection->loop().deleteLater(std::move(self));
  if (onDone_) onDone_();
  return connection;
}

void HttpConnection::onEof(Connection& connection) {
  // A client may close its half after its requests and still wants the answers.
  isPeerFinished_ = true;
  if (transaction_ == nullptr && connection.unreadBytes() == 0) connection.close(kLingerMs);
}

void HttpConnection::onWritable(Connection& connection) { connection.kick(); }

void HttpConnection::onClosed(Connection& connection, CloseCause, std::string_view) {
  timer_.cancel();
  HttpTransaction* lost = std::exchange(transaction_, nullptr);
  std::unique_ptr<HttpConnection> self = shared_->leave(*this);
  connection.loop().deleteLater(std::move(self));
  if (onDone_) onDone_();
  if (lost != nullptr) lost->lose();
}

}  // namespace gw::net
