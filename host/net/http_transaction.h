#pragma once
// HttpTransaction: the HttpExchange of the front. Internal to net/.
//
// Thread: the loop. Ownership: handlers', by shared_ptr; tells its HttpConnection when it dies without
// an answer. May outlive the connection: then it is closed and answers go nowhere.

#include "net/http_connection.h"

namespace gw::net {

class HttpTransaction final : public HttpExchange {
 public:
  HttpTransaction(HttpConnection& owner, std::unique_ptr<HttpRequest> request, std::shared_ptr<const RouteTable> routes,
                  const HttpRoute& route, bool isCorsAllowed);
  ~HttpTransaction() override;

  std::string_view method() const override { return request_->method; }
  std::string_view path() const override { return request_->target.path; }
  std::string_view query() const override { return request_->target.query; }
  std::string_view body() const override { return request_->body; }
  const std::vector<HttpHeader>& headers() const override { return request_->headers; }
  const PeerAddress& peer() const override { return peer_; }
  bool isThroughProxy() const override { return isThroughProxy_; }
  bool isTls() const override { return isTls_; }
  EventLoop& loop() override { return loop_; }
  bool isOpen() const override { return owner_ != nullptr; }
  void reply(int status, const std::vector<HttpHeader>& headers, std::string_view body) override;
  std::unique_ptr<Connection> accept(bool upgrade, const std::vector<HttpHeader>& headers) override;
  void onGone(Task callback) override { onGone_ = std::move(callback); }

  const HttpRequest& request() const { return *request_; }
  const HttpRoute& route() const { return *route_; }
  std::string_view corsOrigin() const { return isCorsAllowed_ ? request_->header("origin") : std::string_view(); }
  bool isHead() const { return request_->method == "HEAD"; }
  /// The connection has gone, or answered in its stead.
  void lose();

 private:
  HttpConnection* owner_;
  EventLoop& loop_;
  const PeerAddress peer_;
  const bool isThroughProxy_;
  const bool isTls_;
  const bool isCorsAllowed_;
  std::unique_ptr<HttpRequest> request_;
  std::shared_ptr<const RouteTable> routes_;  // keeps route_ and what its handler holds
  const HttpRoute* route_;
  Task onGone_;
};

}  // namespace gw::net
