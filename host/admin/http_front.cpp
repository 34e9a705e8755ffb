#include "admin/http_front.h"

#include <Poco/Net/HTTPRequestHandler.h>
#include <Poco/Net/HTTPServerRequestImpl.h>
#include <Poco/Net/HTTPServerResponse.h>
#include <Poco/Net/MediaType.h>
#include <Poco/Net/SocketImpl.h>
#include <Poco/Net/StreamSocket.h>
#include <Poco/URI.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <nlohmann/json.hpp>

#include "admin/peer.h"
#include "admin/route.h"
#include "admin/token_gate.h"
#include "base/log.h"

namespace gw::admin {
namespace {

using Poco::Net::HTTPServerRequest;
using Poco::Net::HTTPServerResponse;

constexpr size_t kMostBody = 1 << 20;
constexpr int kMostDepth = 64;
constexpr std::chrono::seconds kBodyDeadline{10};

/// "Host: localhost:18781" without its port.
std::string hostName(const std::string& host) {
  const size_t colon = host.rfind(':');
  const bool hasPort = colon != std::string::npos && host.find(']', colon) == std::string::npos;
  return hasPort ? host.substr(0, colon) : host;
}

/// The body as an object; or the answer that says what is wrong with it.
class Body {
 public:
  Json json = Json::object();
  std::optional<Reply> failure;

  void read(HTTPServerRequest& request) {
    const std::string& method = request.getMethod();
    if (request.has("Transfer-Encoding") || (method == "POST" && !request.hasContentLength())) {
      failure = errorReply(411, "LENGTH_REQUIRED", "send a Content-Length");
      return;
    }
    if (!request.hasContentLength() || request.getContentLength64() == 0) return;
    if (request.getContentLength64() < 0 || request.getContentLength64() > static_cast<Poco::Int64>(kMostBody)) {
      failure = errorReply(fail(ErrorCode::kTooLarge, "the body is larger than 1 MiB"));
      return;
    }
    if (Poco::Net::MediaType(request.getContentType()).matches("application", "json")) {
      parse(readText(request, static_cast<size_t>(request.getContentLength64())));
    } else {
      failure = errorReply(415, "UNSUPPORTED_MEDIA_TYPE", "send Content-Type: application/json");
    }
  }

 private:
  /// What arrives within the deadline: Poco's timeout is per read, so a trickle would hold the thread.
  std::string readText(HTTPServerRequest& request, size_t length) {
    const auto deadline = std::chrono::steady_clock::now() + kBodyDeadline;
    std::string text;
    std::istream& in = request.stream();
    while (text.size() < length && in.peek() != std::istream::traits_type::eof()) {
      if (std::chrono::steady_clock::now() > deadline) break;
      std::string chunk(std::min<size_t>(4096, length - text.size()), '\0');
      const auto n = in.readsome(chunk.data(), static_cast<std::streamsize>(chunk.size()));
      text.append(chunk, 0, static_cast<size_t>(n));
    }
    if (text.size() < length) failure = errorReply(408, "TIMEOUT", "the body did not arrive in time");
    return text;
  }

  void parse(const std::string& text) {
    if (failure) return;
    bool isDeep = false;
    json = Json::parse(
        text,
        [&](int depth, Json::parse_event_t, Json&) {
          isDeep = isDeep || depth > kMostDepth;
          return !isDeep;  // what is deeper is thrown away as it comes
        },
        false);
    if (json.is_discarded() || isDeep || !json.is_object()) {
      json = Json::object();
      failure = errorReply(fail(ErrorCode::kInvalid, "the body must be one JSON object, at most 64 levels deep"));
    }
  }
};

class RequestHandler final : public Poco::Net::HTTPRequestHandler {
 public:
  explicit RequestHandler(FrontContext& context) : context_(context) {}

  void handleRequest(HTTPServerRequest& request, HTTPServerResponse& response) override {
    const InFlight::Ticket ticket(context_.inFlight);
    Reply answer;
    try {
      answer = answerTo(request);
    } catch (const Poco::Exception& e) {
      answer = errorReply(fail(ErrorCode::kInvalid, "the request could not be read: " + e.displayText()));
    } catch (const std::exception& e) {
      log::error("admin", "a request failed", {{"error", e.what()}});
      answer = errorReply(fail(ErrorCode::kInternal, "internal error; see the log"));
    }
    note(request, answer);
    send(response, answer);
  }

 private:
  Reply answerTo(HTTPServerRequest& request) {
    if (context_.isStopping) return errorReply(fail(ErrorCode::kUnavailable, "the gateway is stopping"));
    const std::string host = hostName(request.get("Host", ""));
    const auto& hosts = context_.allowedHosts;
    if (std::find(hosts.begin(), hosts.end(), host) == hosts.end()) {
      return errorReply(421, "MISDIRECTED_REQUEST", "this is not the host that the request is for");
    }
    if (request.has("Origin")) {
      return errorReply(fail(ErrorCode::kForbidden, "the admin API is not for web pages"));
    }
    if (auto refusal = identify(request)) return *refusal;
    return route(request);
  }

  /// Who asks; or the answer to somebody who may not.
  std::optional<Reply> identify(HTTPServerRequest& request) {
    if (!context_.isUnix) {
      const auto holder =
          context_.tokens.check(request.get("Authorization", ""), request.clientAddress().host().toString());
      if (!holder) return errorReply(holder.error(), "send Authorization: Bearer TOKEN; make one: gwctl token create");
      role_ = holder->role;
      actor_ = "token " + holder->name;
      return std::nullopt;
    }
    const auto peer = peerOf(dynamic_cast<Poco::Net::HTTPServerRequestImpl&>(request).socket().impl()->sockfd());
    if (peer) {
      role_ = roleOf(*peer, geteuid(), context_.operators);
      actor_ = "uid " + std::to_string(peer->uid);
    }
    if (role_ != Role::kNone) return std::nullopt;
    return errorReply(fail(ErrorCode::kForbidden, "this user may not use the admin API"),
                      "run as the user that runs gwhost, as root, or as a member of the group gatehouse");
  }

  Reply route(HTTPServerRequest& request) {
    const Poco::URI uri(request.getURI());
    std::vector<std::string> segments;
    uri.getPathSegments(segments);
    Match match = findRoute(request.getMethod(), segments);
    if (match.route == nullptr && match.allow.empty()) {
      return errorReply(404, "NO_SUCH_ROUTE", "the admin API has no such path");
    }
    if (match.route == nullptr) {
      Reply answer = errorReply(405, "METHOD_NOT_ALLOWED", "this path answers " + match.allow);
      answer.allow = match.allow;
      return answer;
    }
    if (role_ < match.route->needs) {
      return errorReply(fail(ErrorCode::kForbidden, std::string("this needs the role ") + toString(match.route->needs) +
                                                        "; yours is " + toString(role_)));
    }
    if (match.route->needsSocket && !context_.isUnix) {
      return errorReply(fail(ErrorCode::kForbidden, "code is loaded over the admin socket only, not over TCP"),
                        "run gwctl on the gateway's machine with --socket");
    }
    Body body;
    body.read(request);
    if (body.failure) return *body.failure;
    Call call{context_.port, context_.tokens, std::move(match.args), {}, body.json};
    for (auto& [key, value] : uri.getQueryParameters()) call.query.emplace(key, value);
    return match.route->handler(call);
  }

  /// Everything that changes something, and everybody who was refused. Never the query: it may carry names.
  void note(const HTTPServerRequest& request, const Reply& answer) const {
    const bool isChange = request.getMethod() != "GET";
    if (!isChange && answer.status < 400) return;
    const std::string& uri = request.getURI();
    log::info("admin", "request",
              {{"method", request.getMethod()},
               {"path", std::string_view(uri).substr(0, uri.find('?'))},
               {"by", actor_},
               {"status", answer.status}});
  }

  static void send(HTTPServerResponse& response, const Reply& answer) {
    try {
      response.setStatus(static_cast<Poco::Net::HTTPResponse::HTTPStatus>(answer.status));
      response.setReason(Poco::Net::HTTPResponse::getReasonForStatus(response.getStatus()));
      response.setContentType(answer.contentType);
      response.set("Cache-Control", "no-store");
      response.set("X-Content-Type-Options", "nosniff");
      if (!answer.allow.empty()) response.set("Allow", answer.allow);
      if (answer.status == 401) response.set("WWW-Authenticate", "Bearer");
      if (answer.retryAfterMs >= 0) response.set("Retry-After", std::to_string((answer.retryAfterMs + 999) / 1000));
      response.setKeepAlive(false);
      response.setContentLength64(static_cast<Poco::Int64>(answer.body.size()));
      // Flushed here, while the request still counts as in flight: a stop would cut it off afterwards.
      response.send().write(answer.body.data(), static_cast<std::streamsize>(answer.body.size())).flush();
    } catch (const Poco::Exception& e) {  // the peer went away
      log::debug("admin", "an answer could not be sent", {{"error", e.displayText()}});
    }
  }

  FrontContext& context_;
  Role role_ = Role::kNone;
  std::string actor_ = "unknown";
};

}  // namespace

Poco::Net::HTTPRequestHandler* FrontFactory::createRequestHandler(const HTTPServerRequest&) {
  return new RequestHandler(context_);  // Poco deletes it
}

}  // namespace gw::admin
