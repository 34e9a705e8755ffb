#include "net/http_transaction.h"

#include <utility>

namespace gw::net {

std::string_view HttpExchange::header(std::string_view lowerCaseName) const {
  for (const HttpHeader& header : headers()) {
    if (header.name == lowerCaseName) return header.value;
  }
  return {};
}

HttpTransaction::HttpTransaction(HttpConnection& owner, std::unique_ptr<HttpRequest> request,
                                 std::shared_ptr<const RouteTable> routes, const HttpRoute& route, bool isCorsAllowed)
    : owner_(&owner),
      loop_(owner.connection().loop()),
      peer_(owner.client()),
      isThroughProxy_(owner.isProxy()),
      isTls_(owner.connection().isTls()),
      isCorsAllowed_(isCorsAllowed),
      request_(std::move(request)),
      routes_(std::move(routes)),
      route_(&route) {}

HttpTransaction::~HttpTransaction() {
  if (owner_ == nullptr) return;
  std::exchange(owner_, nullptr)
      ->answer(*this, 500, {{"content-type", "application/json"}},
               errorBody(500, "the request was dropped without an answer"));
}

void HttpTransaction::reply(int status, const std::vector<HttpHeader>& headers, std::string_view body) {
  if (owner_ == nullptr) return;
  onGone_ = Task();
  std::exchange(owner_, nullptr)->answer(*this, status, headers, body);
}

std::unique_ptr<Connection> HttpTransaction::accept(bool upgrade, const std::vector<HttpHeader>& headers) {
  if (owner_ == nullptr) return nullptr;
  onGone_ = Task();
  return std::exchange(owner_, nullptr)->giveAway(*this, upgrade, headers);
}

void HttpTransaction::lose() {
  owner_ = nullptr;
  Task gone = std::exchange(onGone_, Task());
  if (gone) gone();
}

}  // namespace gw::net
