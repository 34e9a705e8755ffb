#ifndef GW_HTTP_HPP
#define GW_HTTP_HPP
// HttpRoutes: what a channel that is reached over HTTP derives from, beside Channel. The host parses
// HTTP and enforces limits, Host, Origin and CORS before a request arrives here. [loop], and requests
// of one instance run concurrently on different loops: members must be immutable or atomic.

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "gw/host.hpp"
#include "gw/http.h"

namespace gw::sdk {

struct Route {
  std::string_view method;  // "GET"
  std::string_view path;    // exact
  uint32_t maxBodyBytes = 0;
  uint32_t flags = 0;  // GW_ROUTE_*
};

inline gw_header header(std::string_view name, std::string_view value) noexcept { return {slice(name), slice(value)}; }

/// A request as the host parsed it. Valid during onRequest only.
class RequestView {
 public:
  explicit RequestView(const gw_request_view& raw) noexcept : raw_(raw) {}
  std::string_view method() const noexcept { return view(raw_.method); }
  std::string_view path() const noexcept { return view(raw_.path); }
  std::string_view query() const noexcept { return view(raw_.query); }  // raw, without '?'
  std::string_view body() const noexcept { return view(raw_.body); }
  std::string_view peer() const noexcept { return view(raw_.peer); }
  bool isTls() const noexcept { return raw_.is_tls != 0; }
  std::span<const gw_header> headers() const noexcept {
    return raw_.header_count == 0 ? std::span<const gw_header>{} : std::span{raw_.headers, raw_.header_count};
  }
  /// The first header of that lower-case name; empty if there is none.
  std::string_view header(std::string_view name) const noexcept {
    for (const gw_header& each : headers()) {
      if (view(each.name) == name) return view(each.value);
    }
    return {};
  }

 private:
  const gw_request_view& raw_;
};

/// A request under way: valid until it is replied to or accepted.
class Request {
 public:
  explicit Request(gw_host_req* raw) noexcept : raw_(raw) {}
  gw_host_req* raw() const noexcept { return raw_; }

  /// kind: GW_BIND_*; answered by onRequestEvent(token).
  gw_status bind(uint32_t kind, std::string_view credential, uint64_t epoch, uint64_t seq,
                 uint64_t token) const noexcept {
    return table().request_bind(raw_, kind, slice(credential), epoch, seq, token);
  }
  /// One gateway.v1 `req` frame; answered by onRequestEvent(token) with the finished `res`.
  gw_status frame(std::string_view bearer, std::string_view json, uint64_t token) const noexcept {
    return table().request_frame(raw_, slice(bearer), slice(json), token);
  }
  /// mode: GW_ACCEPT_*; Channel::open follows.
  gw_status accept(uint32_t mode, std::span<const gw_header> headers, std::string_view subprotocol = {},
                   std::string_view extensions = {}, uint64_t user = 0) const noexcept {
    return table().http_accept(raw_, mode, headers.data(), headers.size(), slice(subprotocol), slice(extensions), user);
  }
  gw_status reply(uint32_t status, std::span<const gw_header> headers, std::string_view body) const noexcept {
    return table().http_reply(raw_, status, headers.data(), headers.size(), slice(body));
  }

 private:
  static const gw_host_http& table() noexcept { return *host().http; }
  gw_host_req* raw_;
};

/// What onRequest did.
struct HttpResult {
  int32_t code;      // GW_HTTP_* or a negative status
  std::string text;  // for GW_HTTP_REJECT: why, one sentence for the client

  static HttpResult responded() { return {GW_HTTP_RESPONDED, {}}; }
  static HttpResult accepted() { return {GW_HTTP_ACCEPTED, {}}; }
  static HttpResult deferred() { return {GW_HTTP_DEFER, {}}; }
  static HttpResult reject(std::string why) { return {GW_HTTP_REJECT, std::move(why)}; }
};

class HttpRoutes {
 public:
  virtual ~HttpRoutes() = default;
  /// [control]
  virtual std::vector<Route> routes() const = 0;
  virtual HttpResult onRequest(Request request, const RequestView& view, uint64_t nowNs) = 0;
  /// The answer to bind or frame of a deferred request; reply or accept here.
  virtual void onRequestEvent(Request /*request*/, uint64_t /*token*/, const gw_request_answer& /*answer*/) {}
};

}  // namespace gw::sdk
#endif  // GW_HTTP_HPP
