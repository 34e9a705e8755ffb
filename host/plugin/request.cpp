#include "plugin/request.h"

#include "plugin/callback_guard.h"
#include "plugin/stream_host.h"

namespace gw::plugin {
namespace {

gw_slice slice(std::string_view text) { return gw_slice{text.data(), text.size()}; }
std::string_view view(gw_slice text) { return text.len ? std::string_view(text.ptr, text.len) : std::string_view(); }

std::vector<net::HttpHeader> toHeaders(const gw_header* headers, size_t count) {
  std::vector<net::HttpHeader> out;
  out.reserve(count);
  for (size_t i = 0; i < count; ++i) out.push_back({view(headers[i].name), view(headers[i].value)});
  return out;
}

}  // namespace

Request::Request(StreamHost& host, uint64_t id, std::shared_ptr<Instance> instance,
                 std::shared_ptr<const AccountTraits> traits, std::shared_ptr<net::HttpExchange> exchange)
    : host_(host),
      id_(id),
      instance_(std::move(instance)),
      traits_(std::move(traits)),
      exchange_(std::move(exchange)) {}

void Request::dispatch() {
  std::vector<gw_header> headers;
  headers.reserve(exchange_->headers().size());
  for (const auto& header : exchange_->headers()) headers.push_back({slice(header.name), slice(header.value)});
  const std::string peer = exchange_->peer().toString();
  gw_request_view request{};
  request.struct_size = sizeof request;
  request.method = slice(exchange_->method());
  request.path = slice(exchange_->path());
  request.query = slice(exchange_->query());
  request.body = slice(exchange_->body());
  request.headers = headers.data();
  request.header_count = headers.size();
  request.peer = slice(peer);
  request.is_tls = exchange_->isTls() ? 1 : 0;
  gw_err err{};
  int32_t result;
  {
    CallbackGuard guard(*instance_, "http.request");
    result =
        instance_->generation().http()->request(instance_->raw(), asHostReq(), &request, host_.loop().nowNs(), &err);
  }
  if (result == GW_HTTP_REJECT && isOpen()) {
    reply(400, nullptr, 0, err.text[0] ? std::string_view(err.text) : std::string_view("bad request"));
  } else if (result < 0 && isOpen()) {
    reply(500, nullptr, 0, "the channel could not handle this request");
  }
  finishAccept();
}

void Request::answer(uint64_t token, const RequestAnswer& answer, std::unique_ptr<StreamContext> binding,
                     size_t homeLoop) {
  if (!isOpen()) return host_.drop(*this);
  const auto self = shared_from_this();
  binding_ = std::move(binding);
  homeLoop_ = homeLoop;
  gw_request_answer message{};
  message.struct_size = sizeof message;
  message.status = answer.status;
  message.http_status = answer.httpStatus;
  message.body_h = slice(answer.body);
  message.set_cookie_h = slice(answer.setCookie);
  {
    CallbackGuard guard(*instance_, "http.request_event");
    instance_->generation().http()->request_event(instance_->raw(), asHostReq(), token, &message);
  }
  finishAccept();
}

gw_status Request::accept(uint32_t mode, const gw_header* headers, size_t count, std::string_view subprotocol,
                          std::string_view extensions, uint64_t user) {
  if (!isOpen()) return GW_E_STATE;
  if (mode != GW_ACCEPT_UPGRADE && mode != GW_ACCEPT_STREAM) return GW_E_UNSUPPORTED;
  if (instance_->isLeaving()) {  // its account is being stopped, and would not find it any more
    done_ = true;
    exchange_->reply(503, {{"retry-after", "5"}}, "this channel is being stopped");
    return GW_E_STATE;
  }
  if (const char* refusal = host_.port().admit(peer(), exchange_->isThroughProxy())) {
    done_ = true;
    exchange_->reply(503, {{"retry-after", "5"}}, refusal);
    return GW_E_LIMIT;
  }
  accepted_ = std::make_unique<Accepted>();
  accepted_->connection = exchange_->accept(mode == GW_ACCEPT_UPGRADE, toHeaders(headers, count));
  accepted_->subprotocol = subprotocol;
  accepted_->extensions = extensions;
  accepted_->user = user;
  done_ = true;
  return GW_OK;
}

gw_status Request::reply(uint32_t status, const gw_header* headers, size_t count, std::string_view body) {
  if (!isOpen()) return GW_E_STATE;
  done_ = true;
  exchange_->reply(static_cast<int>(status), toHeaders(headers, count), body);
  return GW_OK;
}

void Request::finishAccept() {
  const auto self = shared_from_this();
  if (accepted_) {
    const auto accepted = std::move(accepted_);
    host_.openAccepted(instance_, traits_, std::move(accepted->connection), accepted->subprotocol, accepted->extensions,
                       accepted->user, std::move(binding_), homeLoop_);
  }
  if (done_) host_.drop(*this);
}

}  // namespace gw::plugin
