#include "sse_channel.h"

#include <algorithm>
#include <string>

#include "credentials.h"
#include "sha256.h"
#include "sse_codec.h"
#include "sse_stream.h"

namespace gw::sse {
namespace {

using sdk::header;
using sdk::HttpResult;
using sdk::Request;
using sdk::RequestView;

constexpr uint64_t kBindToken = 1;
constexpr uint64_t kCallToken = 2;

std::vector<gw_header> jsonHeaders() {
  return {header("Content-Type", "application/json"), header("Cache-Control", "no-store")};
}

// "application/json", whatever parameters follow. Anything else could be sent by a foreign page's form.
bool isJson(std::string_view contentType) {
  constexpr std::string_view kJson = "application/json";
  if (contentType.size() < kJson.size()) return false;
  const bool isSame = std::equal(kJson.begin(), kJson.end(), contentType.begin(), [](char expected, char given) {
    return expected == (given >= 'A' && given <= 'Z' ? static_cast<char>(given - 'A' + 'a') : given);
  });
  const size_t next = contentType.find_first_not_of(" \t", kJson.size());
  return isSame && (next == std::string_view::npos || contentType[next] == ';');
}

// The header is what a browser sends by itself on a reconnect, so it is newer than the URL.
Position positionOf(const RequestView& view) {
  std::string_view id = view.header("last-event-id");
  std::string fromQuery;
  if (id.empty()) {
    fromQuery = queryValue(view.query(), "lastEventId").value_or("");
    id = fromQuery;
  }
  return parseEventId(id).value_or(Position{});
}

// The pair may stand in any of several Cookie headers.
std::string_view cookieOf(const RequestView& view, std::string_view name) {
  for (const gw_header& each : view.headers()) {
    if (sdk::view(each.name) != "cookie") continue;
    if (const std::string_view pair = cookiePair(sdk::view(each.value), name); !pair.empty()) return pair;
  }
  return {};
}

void expect(bool claim, const char* what) {
  if (!claim) throw sdk::Error(std::string("selftest: ") + what, GW_E_INTERNAL);
}

}  // namespace

SseChannel::SseChannel(sdk::HostInst inst, std::string_view options)
    : Channel(inst),
      options_(parseOptions(options)),
      streams_(inst, GW_METRIC_COUNTER, "sse_streams_total", "Event streams opened"),
      calls_(inst, GW_METRIC_COUNTER, "sse_calls_total", "Requests answered on the rpc route"),
      refused_(inst, GW_METRIC_COUNTER, "sse_refused_total", "Requests refused on both routes") {}

std::vector<sdk::Route> SseChannel::routes() const {
  return {{"GET", options_.eventsPath, 0, GW_ROUTE_CORS}, {"POST", options_.rpcPath, kMaxRpcBody, GW_ROUTE_CORS}};
}

HttpResult SseChannel::onRequest(Request request, const RequestView& view, uint64_t /*nowNs*/) {
  return view.path() == options_.rpcPath ? callHost(request, view) : bindStream(request, view);
}

HttpResult SseChannel::bindStream(const Request& request, const RequestView& view) const {
  const Position at = positionOf(view);
  if (const std::string_view bearer = bearerToken(view.header("authorization")); !bearer.empty()) {
    return settle(request, request.bind(GW_BIND_BEARER, bearer, at.epoch, at.seq, kBindToken));
  }
  const std::string attach = queryValue(view.query(), "attach").value_or("");
  if (attach.empty())
    return refuse(request, 401, "UNAUTHORIZED", "Send an access token, or an attach token in ?attach=.");
  // EventSource reconnects to the URL with the spent token; then only the cookie minted for it counts.
  if (const std::string_view cookie = cookieOf(view, cookieNameFor(attach)); !cookie.empty()) {
    return settle(request, request.bind(GW_BIND_COOKIE, cookie, at.epoch, at.seq, kBindToken));
  }
  return settle(request, request.bind(GW_BIND_ATTACH, attach, at.epoch, at.seq, kBindToken));
}

HttpResult SseChannel::callHost(const Request& request, const RequestView& view) const {
  if (!isJson(view.header("content-type"))) {
    return refuse(request, 415, "INVALID_REQUEST", "Content-Type must be application/json.");
  }
  if (view.body().empty()) return refuse(request, 400, "INVALID_REQUEST", "The body must be one req frame.");
  // Cookies are never looked at here: a page elsewhere could make a browser send them.
  return settle(request, request.frame(bearerToken(view.header("authorization")), view.body(), kCallToken));
}

HttpResult SseChannel::settle(const Request& request, gw_status status) const {
  switch (status) {
    case GW_OK:
      return HttpResult::deferred();
    case GW_E_PROTO:
    case GW_E_INVALID:
      return refuse(request, 400, "INVALID_REQUEST", "The request could not be read.");
    case GW_E_LIMIT:
      return refuse(request, 429, "RATE_LIMITED", "Too many requests.");
    case GW_E_AGAIN:
      return refuse(request, 503, "UNAVAILABLE", "Not now; try again.");
    default:
      return HttpResult{status, {}};
  }
}

HttpResult SseChannel::refuse(const Request& request, uint32_t status, std::string_view code,
                              std::string_view message) const {
  refused_.add();
  std::string body = "{\"code\":\"";
  body.append(code).append("\",\"message\":\"").append(message).append("\"}");
  request.reply(status, jsonHeaders(), body);
  return HttpResult::responded();
}

void SseChannel::onRequestEvent(Request request, uint64_t token, const gw_request_answer& answer) {
  const std::string_view body = sdk::view(answer.body_h);
  const std::string_view setCookie = sdk::view(answer.set_cookie_h);
  if (token == kBindToken && answer.status == GW_OK) {
    std::vector<gw_header> headers{header("Content-Type", "text/event-stream"), header("Cache-Control", "no-store"),
                                   header("X-Accel-Buffering", "no")};
    if (!setCookie.empty()) headers.push_back(header("Set-Cookie", setCookie));
    if (request.accept(GW_ACCEPT_STREAM, headers) == GW_OK) streams_.add();
    return;
  }
  (token == kCallToken && answer.status == GW_OK ? calls_ : refused_).add();
  // An answer without a body (204: logged out) has no type either.
  request.reply(answer.http_status, body.empty() ? std::vector{header("Cache-Control", "no-store")} : jsonHeaders(),
                body);
}

std::unique_ptr<sdk::Stream> SseChannel::open(sdk::HostConn conn, const gw_open_info& /*info*/, uint64_t /*nowNs*/) {
  auto stream = std::make_unique<SseStream>(conn, options_.heartbeatInterval);
  stream->begin();
  return stream;
}

std::unique_ptr<sdk::Stream> SseChannel::restore(sdk::HostConn conn, const gw_open_info& /*info*/, sdk::StateReader& in,
                                                 uint64_t /*nowNs*/) {
  auto stream = std::make_unique<SseStream>(conn, options_.heartbeatInterval);
  stream->restore(in);
  return stream;
}

gw_status SseChannel::encode(std::string_view /*classDescription*/, const sdk::EventView& event,
                             sdk::Builder& out) const {
  return SseStream::encode(event, out);
}

void SseChannel::selftest() const {
  expect(eventBody("output", "{}") == "event: output\ndata: {}\n\n", "event body");
  expect(parseEventId("3.17") == Position{3, 17}, "event id");
  char id[kMaxIdField];
  expect(std::string_view(id, writeIdField(id, {3, 17})) == "id: 3.17\n", "id field");
  expect(cookieNameFor("abc") == "gw_ba7816bf8f01cfea", "cookie name");
}

}  // namespace gw::sse
