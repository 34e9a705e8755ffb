// FakeRequest: an HTTP request, from the plugin's request() to its answer or its stream.
#include "testing/fake_host.h"
#include "testing/guarded.h"
#include "testing/plugin_call.h"

namespace gw::testing {
namespace {

gw_slice sliceOf(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

std::unique_ptr<FakeRequest> FakeHost::request(std::string_view method, std::string_view path, std::string_view query,
                                               const Headers& headers, std::string_view body) {
  auto request = std::make_unique<FakeRequest>();
  request->host_ = this;
  std::vector<gw_header> raw;
  for (const auto& [name, value] : headers) raw.push_back({sliceOf(name), sliceOf(value)});
  const gw_request_view requestView{sizeof(gw_request_view),
                                    sliceOf(method),
                                    sliceOf(path),
                                    sliceOf(query),
                                    sliceOf(body),
                                    raw.data(),
                                    raw.size(),
                                    sliceOf("127.0.0.1:50000"),
                                    0};
  const gw_http_ext* http = generation().http_;
  if (http == nullptr) {
    request->result = GW_E_UNSUPPORTED;
    return request;
  }
  GuardedErr err;
  request->result = callPlugin("request", request.get(), http->request, instance(),
                               reinterpret_cast<gw_host_req*>(request.get()), &requestView, nowNs(), err.ptr());
  checked("request", GW_OK, err, request->errorText);
  request->checkResult();
  return request;
}

void FakeRequest::checkResult() {
  const bool isPending = !binds.empty() || !frames.empty();
  const auto unless = [this](bool holds, const char* what) {
    if (!holds) host_->violations_.add(std::string("request returned ") + what);
  };
  switch (result) {
    case GW_HTTP_RESPONDED:
      return unless(reply.has_value(), "GW_HTTP_RESPONDED without http_reply");
    case GW_HTTP_ACCEPTED:
      return unless(accept.has_value(), "GW_HTTP_ACCEPTED without http_accept");
    case GW_HTTP_DEFER:
      return unless(isPending, "GW_HTTP_DEFER without request_bind or request_frame");
    case GW_HTTP_REJECT:
      return unless(!reply.has_value() && !accept.has_value(), "GW_HTTP_REJECT after an answer of its own");
    default:
      return unless(result < 0, "a number that is neither a GW_HTTP_* nor a status");
  }
}

void FakeRequest::answer(gw_status status, uint32_t httpStatus, std::string_view body, std::string_view setCookie) {
  isBound = isBound || (status == GW_OK && !binds.empty());
  const gw_request_answer raw{sizeof(gw_request_answer), status, httpStatus, sliceOf(body), sliceOf(setCookie)};
  callPlugin("request_event", this, host_->generation().http_->request_event, host_->instance(),
             reinterpret_cast<gw_host_req*>(this), lastToken_, &raw);
}

std::unique_ptr<FakeConn> FakeRequest::openStream(OpenOptions options) {
  if (!accept.has_value()) return nullptr;
  options.subprotocol = accept->subprotocol;
  options.extensions = accept->extensions;
  options.user = accept->user;
  options.isBound = isBound;
  return host_->open(std::move(options));
}

}  // namespace gw::testing
