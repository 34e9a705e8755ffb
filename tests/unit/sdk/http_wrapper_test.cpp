#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "gw/plugin.hpp"
#include "testing/fake_host.h"

namespace gw::sdk {
namespace {

using gw::testing::FakeHost;

class WebChannel : public Channel, public HttpRoutes {
 public:
  static constexpr Descriptor kDescriptor{
      .id = "web", .name = "Web", .vendor = "Gatehouse", .version = "1.0.0", .license = "none"};
  WebChannel(HostInst inst, std::string_view) : Channel(inst) {}
  std::unique_ptr<Stream> open(HostConn conn, const gw_open_info& info, uint64_t) override {
    conn.setClass(1, 0, view(info.subprotocol_h));
    if (info.is_bound == 0) conn.hello(1, {.credential = "none", .lastSeq = info.user_u64});
    return std::make_unique<Stream>(conn);
  }
  gw_status encode(std::string_view cls, const EventView& event, Builder& out) const override {
    out.append(cls);
    return out.append(event.payload());
  }
  std::vector<Route> routes() const override {
    return {{"GET", "/events", 0, GW_ROUTE_CORS}, {"POST", "/rpc", 4096, 0}};
  }
  HttpResult onRequest(Request request, const RequestView& view, uint64_t) override {
    if (view.path() == "/throw") throw std::runtime_error("oops");
    if (view.path() == "/reject") return HttpResult::reject("not like this");
    if (view.method() == "POST") {
      return request.frame(view.header("authorization"), view.body(), 5) == GW_OK ? HttpResult::deferred()
                                                                                  : HttpResult::reject("busy");
    }
    if (!view.query().empty()) {
      request.bind(GW_BIND_ATTACH, view.query(), 1, 2, 9);
      return HttpResult::deferred();
    }
    const gw_header headers[] = {header("content-type", "text/event-stream")};
    request.accept(GW_ACCEPT_STREAM, headers, "sub", "ext", 77);
    return HttpResult::accepted();
  }
  void onRequestEvent(Request request, uint64_t token, const gw_request_answer& answer) override {
    const gw_header headers[] = {header("set-cookie", view(answer.set_cookie_h))};
    if (token == 9 && answer.status == GW_OK) {
      request.accept(GW_ACCEPT_STREAM, headers);
    } else {
      request.reply(answer.http_status, {}, view(answer.body_h));
    }
  }
};

TEST(HttpWrapper, RoutesArePassedOn) {
  FakeHost host(pluginTable<WebChannel>());
  const auto routes = host.routes();
  ASSERT_EQ(routes.size(), 2u);
  EXPECT_EQ(routes[0].path, "/events");
  EXPECT_EQ(routes[0].flags, static_cast<uint32_t>(GW_ROUTE_CORS));
  EXPECT_EQ(routes[1].method, "POST");
  EXPECT_EQ(routes[1].maxBodyBytes, 4096u);
}

TEST(HttpWrapper, AcceptedRequestBecomesAStream) {
  FakeHost host(pluginTable<WebChannel>());
  const auto request = host.request("GET", "/events");
  EXPECT_EQ(request->result, GW_HTTP_ACCEPTED);
  ASSERT_TRUE(request->accept);
  EXPECT_EQ(request->accept->headers[0].second, "text/event-stream");
  const auto conn = request->openStream();
  ASSERT_NE(conn, nullptr);
  EXPECT_EQ(conn->classes()[0].description, "sub");
  ASSERT_EQ(conn->hellos().size(), 1u);
  EXPECT_EQ(conn->hellos()[0].lastSeq, 77u);
  EXPECT_EQ(conn->hellos()[0].credential, "none");
  conn->deliver(gw::testing::FakeEvent::data("health", R"({"ok":1})"));
  EXPECT_EQ(conn->sent(), R"(sub{"ok":1})");
}

TEST(HttpWrapper, BoundStreamSaysNoHello) {
  FakeHost host(pluginTable<WebChannel>());
  const auto request = host.request("GET", "/events", "attach=abc");
  EXPECT_EQ(request->result, GW_HTTP_DEFER);
  ASSERT_EQ(request->binds.size(), 1u);
  EXPECT_EQ(request->binds[0].credential, "attach=abc");
  EXPECT_EQ(request->openStream(), nullptr) << "not accepted yet";
  request->answer(GW_OK, 200, {}, "gw=1");
  ASSERT_TRUE(request->accept);
  EXPECT_EQ(request->accept->headers[0].second, "gw=1");
  EXPECT_TRUE(request->openStream()->hellos().empty());
}

TEST(HttpWrapper, FramesAreDeferredAndAnswered) {
  FakeHost host(pluginTable<WebChannel>());
  const auto request =
      host.request("POST", "/rpc", "", {{"authorization", "Bearer x"}, {"accept", "*/*"}}, R"({"type":"req"})");
  ASSERT_EQ(request->frames.size(), 1u);
  EXPECT_EQ(request->frames[0].bearer, "Bearer x");
  EXPECT_EQ(request->frames[0].json, R"({"type":"req"})");
  request->answer(GW_OK, 200, R"({"type":"res"})");
  ASSERT_TRUE(request->reply);
  EXPECT_EQ(request->reply->status, 200u);
  EXPECT_EQ(request->reply->body, R"({"type":"res"})");
}

TEST(HttpWrapper, RejectAndThrowCarryASentence) {
  FakeHost host(pluginTable<WebChannel>());
  const auto rejected = host.request("GET", "/reject");
  EXPECT_EQ(rejected->result, GW_HTTP_REJECT);
  EXPECT_EQ(rejected->errorText, "not like this");
  const auto thrown = host.request("GET", "/throw");
  EXPECT_EQ(thrown->result, GW_E_INTERNAL);
  EXPECT_EQ(thrown->errorText, "oops");
}

TEST(HttpWrapper, ARequestIsAnsweredOnce) {
  FakeHost host(pluginTable<WebChannel>());
  const auto request = host.request("GET", "/events");
  const Request handle(reinterpret_cast<gw_host_req*>(request.get()));
  EXPECT_EQ(handle.reply(200, {}, "again"), GW_E_STATE);
  EXPECT_EQ(handle.accept(GW_ACCEPT_STREAM, {}), GW_E_STATE);
  EXPECT_EQ(handle.bind(GW_BIND_BEARER, "", 0, 0, 1), GW_E_STATE);
  EXPECT_EQ(handle.frame("", "", 1), GW_E_STATE);
}

}  // namespace
}  // namespace gw::sdk
