// The channel against FakeHost: credentials, streams, rpc.
#include "sse_channel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "credentials.h"
#include "gw/plugin.hpp"
#include "sse_stream.h"
#include "testing/fake_host.h"

namespace gw::sse {
namespace {

using gw::testing::FakeConn;
using gw::testing::FakeEvent;
using gw::testing::FakeHost;
using gw::testing::FakeRequest;
using gw::testing::Headers;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

const Headers kJson{{"content-type", "application/json"}};

class SseChannelTest : public ::testing::Test {
 protected:
  SseChannelTest() : host_(sdk::pluginTable<SseChannel>()) {}

  std::unique_ptr<FakeRequest> get(std::string_view query, const Headers& headers = {}) {
    return host_.request("GET", "/events", query, headers);
  }
  std::unique_ptr<FakeConn> openStream() {
    auto request = get("", {{"authorization", "Bearer t"}});
    request->answer(GW_OK, 200);
    return request->openStream();
  }

  FakeHost host_;
};

TEST_F(SseChannelTest, ServesTwoRoutesWithCors) {
  const auto routes = host_.routes();
  ASSERT_THAT(routes, SizeIs(2));
  EXPECT_EQ(routes[0].method + routes[0].path, "GET/events");
  EXPECT_EQ(routes[0].maxBodyBytes, 0u);
  EXPECT_EQ(routes[1].method + routes[1].path, "POST/rpc");
  EXPECT_EQ(routes[1].maxBodyBytes, 1u << 20);
  for (const auto& route : routes) EXPECT_EQ(route.flags, static_cast<uint32_t>(GW_ROUTE_CORS));
}

// --- GET /events

TEST_F(SseChannelTest, BindsByBearerBeforeAnythingElse) {
  const auto request = get("attach=other", {{"authorization", "Bearer access"}, {"last-event-id", "4.9"}});
  EXPECT_EQ(request->result, GW_HTTP_DEFER);
  ASSERT_THAT(request->binds, SizeIs(1));
  EXPECT_EQ(request->binds[0].kind, static_cast<uint32_t>(GW_BIND_BEARER));
  EXPECT_EQ(request->binds[0].credential, "access");
  EXPECT_EQ(request->binds[0].epoch, 4u);
  EXPECT_EQ(request->binds[0].seq, 9u);
}

TEST_F(SseChannelTest, BindsByAttachTokenAndSendsTheCookieOn) {
  const auto request = get("attach=to%2Bken&lastEventId=2.3");
  ASSERT_THAT(request->binds, SizeIs(1));
  EXPECT_EQ(request->binds[0].kind, static_cast<uint32_t>(GW_BIND_ATTACH));
  EXPECT_EQ(request->binds[0].credential, "to+ken");
  EXPECT_EQ(request->binds[0].epoch, 2u);
  EXPECT_EQ(request->binds[0].seq, 3u);
  request->answer(GW_OK, 200, "", "gw_1=v; HttpOnly");
  ASSERT_TRUE(request->accept.has_value());
  EXPECT_EQ(request->accept->mode, static_cast<uint32_t>(GW_ACCEPT_STREAM));
  EXPECT_THAT(request->accept->headers,
              ElementsAre(Pair("Content-Type", "text/event-stream"), Pair("Cache-Control", "no-store"),
                          Pair("X-Accel-Buffering", "no"), Pair("Set-Cookie", "gw_1=v; HttpOnly")));
  EXPECT_EQ(host_.metric("sse_streams_total"), 1);
}

TEST_F(SseChannelTest, ComesBackByTheCookieOfItsAttachTokenOnly) {
  const std::string mine = cookieNameFor("token") + "=secret";
  const std::string foreign = cookieNameFor("other") + "=stolen";
  const auto again = get("attach=token", {{"cookie", foreign}, {"cookie", "a=b; " + mine}});
  ASSERT_THAT(again->binds, SizeIs(1));
  EXPECT_EQ(again->binds[0].kind, static_cast<uint32_t>(GW_BIND_COOKIE));
  EXPECT_EQ(again->binds[0].credential, mine);
  const auto crossed = get("attach=token", {{"cookie", foreign}});
  EXPECT_EQ(crossed->binds[0].kind, static_cast<uint32_t>(GW_BIND_ATTACH));
  EXPECT_EQ(crossed->binds[0].credential, "token");
}

TEST_F(SseChannelTest, PrefersTheHeadersEventIdAndIgnoresRubbish) {
  const auto both = get("attach=t&lastEventId=1.1", {{"last-event-id", "2.2"}});
  EXPECT_EQ(both->binds[0].epoch, 2u);
  const auto rubbish = get("attach=t&lastEventId=x");
  EXPECT_EQ(rubbish->binds[0].epoch, 0u);
  EXPECT_EQ(rubbish->binds[0].seq, 0u);
}

TEST_F(SseChannelTest, RefusesAStreamWithoutCredentials) {
  for (const char* query : {"", "attach=", "attach=%zz", "x=y"}) {
    const auto request = get(query, {{"cookie", "gw_0123456789abcdef=x"}, {"authorization", "Basic eDp5"}});
    ASSERT_TRUE(request->reply.has_value()) << query;
    EXPECT_EQ(request->reply->status, 401u);
    EXPECT_THAT(request->reply->body, HasSubstr("\"UNAUTHORIZED\""));
    EXPECT_THAT(request->binds, IsEmpty());
  }
}

TEST_F(SseChannelTest, PassesTheHostsRefusalOn) {
  const auto gone = get("attach=t");
  gone->answer(GW_E_STATE, 204);
  ASSERT_TRUE(gone->reply.has_value());
  EXPECT_EQ(gone->reply->status, 204u);
  EXPECT_THAT(gone->reply->headers, ElementsAre(Pair("Cache-Control", "no-store")));
  const auto wrong = get("attach=t");
  wrong->answer(GW_E_INVALID, 401, R"({"code":"UNAUTHORIZED"})", "never=sent");
  EXPECT_EQ(wrong->reply->status, 401u);
  EXPECT_EQ(wrong->reply->body, R"({"code":"UNAUTHORIZED"})");
  EXPECT_THAT(wrong->reply->headers,
              ElementsAre(Pair("Content-Type", "application/json"), Pair("Cache-Control", "no-store")));
  EXPECT_EQ(host_.metric("sse_refused_total"), 2);
}

TEST_F(SseChannelTest, BeginsWithRetryAndSaysNoHello) {
  auto conn = openStream();
  EXPECT_EQ(conn->takeSent(), "retry: 2000\n\n");
  EXPECT_THAT(conn->hellos(), IsEmpty());
  ASSERT_THAT(conn->classes(), SizeIs(1));
  EXPECT_EQ(conn->classes()[0].flags, 0u);
}

TEST_F(SseChannelTest, NumbersOnlyEventsThatCount) {
  auto conn = openStream();
  conn->takeSent();
  FakeEvent line = FakeEvent::line("hi");
  line.payload = R"({"text":"hi"})";
  conn->deliver(line, 17, 3);
  EXPECT_EQ(conn->takeSent(), "id: 3.17\nevent: output\ndata: {\"text\":\"hi\"}\n\n");
  conn->deliver(FakeEvent::data("presence", R"({"count":2})"));
  EXPECT_EQ(conn->takeSent(), "event: presence\ndata: {\"count\":2}\n\n");
  conn->deliver(line, UINT64_MAX, UINT64_MAX);
  EXPECT_THAT(conn->takeSent(), HasSubstr("id: 18446744073709551615.18446744073709551615\n"));
}

TEST_F(SseChannelTest, EncodesOnceForAllStreams) {
  auto first = openStream(), second = openStream();
  const FakeEvent event = FakeEvent::line("hi");
  const uint64_t before = host_.encodeCalls();
  first->deliver(event, 1);
  second->deliver(event, 2);
  EXPECT_EQ(host_.encodeCalls() - before, 1u);
}

TEST_F(SseChannelTest, BeatsEveryFifteenSecondsUnlessTheOutputIsFull) {
  auto conn = openStream();
  conn->takeSent();
  host_.advance(15'000);
  EXPECT_EQ(conn->takeSent(), ":\n\n");
  conn->sendResult = GW_E_AGAIN;
  host_.advance(15'000);
  conn->takeSent();
  host_.advance(45'000);
  EXPECT_THAT(conn->takeSent(), IsEmpty());
  conn->sendResult = GW_OK;
  conn->writable();
  host_.advance(15'000);
  EXPECT_EQ(conn->takeSent(), ":\n\n");
}

TEST_F(SseChannelTest, SaysWhyItEnds) {
  auto conn = openStream();
  conn->takeSent();
  conn->closeBegin(GW_CLOSE_REPLACED, "You are here elsewhere.");
  EXPECT_EQ(conn->takeSent(), "event: closed\ndata: {\"code\":4000,\"retry\":false}\n\n");
  ASSERT_TRUE(conn->closedBy().has_value());
  EXPECT_EQ(conn->closedBy()->code, static_cast<uint32_t>(GW_CLOSE_REPLACED));
}

TEST_F(SseChannelTest, LeavesTheSessionWhenTheClientGoesAway) {
  auto conn = openStream();
  conn->eof();
  ASSERT_TRUE(conn->closedBy().has_value());
  EXPECT_EQ(conn->closedBy()->code, static_cast<uint32_t>(GW_CLOSE_LOST));
}

// --- POST /rpc

TEST_F(SseChannelTest, PassesOneFrameAndItsAnswer) {
  Headers headers = kJson;
  headers.emplace_back("authorization", "Bearer access");
  const auto request = host_.request("POST", "/rpc", "", headers, R"({"type":"req"})");
  EXPECT_EQ(request->result, GW_HTTP_DEFER);
  ASSERT_THAT(request->frames, SizeIs(1));
  EXPECT_EQ(request->frames[0].bearer, "access");
  EXPECT_EQ(request->frames[0].json, R"({"type":"req"})");
  request->answer(GW_OK, 200, R"({"type":"res"})", "cookie=never");
  ASSERT_TRUE(request->reply.has_value());
  EXPECT_EQ(request->reply->status, 200u);
  EXPECT_EQ(request->reply->body, R"({"type":"res"})");
  EXPECT_THAT(request->reply->headers,
              ElementsAre(Pair("Content-Type", "application/json"), Pair("Cache-Control", "no-store")));
  EXPECT_EQ(host_.metric("sse_calls_total"), 1);
}

TEST_F(SseChannelTest, NeverTakesACookieForACall) {
  Headers headers = kJson;
  headers.emplace_back("cookie", cookieNameFor("t") + "=secret");
  const auto request = host_.request("POST", "/rpc", "attach=t", headers, "{}");
  ASSERT_THAT(request->frames, SizeIs(1));
  EXPECT_EQ(request->frames[0].bearer, "");
  EXPECT_THAT(request->binds, IsEmpty());
}

TEST_F(SseChannelTest, TakesJsonOnly) {
  for (const char* type : {"application/json; charset=utf-8", "Application/JSON", "application/json ;x=y"}) {
    EXPECT_THAT(host_.request("POST", "/rpc", "", {{"content-type", type}}, "{}")->frames, SizeIs(1)) << type;
  }
  for (const char* type : {"text/plain", "application/jsonp", "application/x-www-form-urlencoded", "json", ""}) {
    const auto request = host_.request("POST", "/rpc", "", {{"content-type", type}}, "{}");
    ASSERT_TRUE(request->reply.has_value()) << type;
    EXPECT_EQ(request->reply->status, 415u) << type;
  }
  EXPECT_EQ(host_.request("POST", "/rpc", "", {}, "{}")->reply->status, 415u);
}

TEST_F(SseChannelTest, RefusesAnEmptyCall) { EXPECT_EQ(host_.request("POST", "/rpc", "", kJson)->reply->status, 400u); }

// The fake host always takes a request; this one answers with whatever status is set.
class RefusingHost {
 public:
  explicit RefusingHost(const FakeHost& real) : http_(*real.table().http), table_(real.table()) {
    http_.request_bind = [](gw_host_req*, uint32_t, gw_slice, uint64_t, uint64_t, uint64_t) { return status; };
    http_.request_frame = [](gw_host_req*, gw_slice, gw_slice, uint64_t) { return status; };
    table_.http = &http_;
    real.plugin().init(&table_, 0, nullptr);
  }
  static inline gw_status status = GW_OK;

 private:
  gw_host_http http_;
  gw_host table_;
};

TEST_F(SseChannelTest, AnswersForAHostThatDoesNotTakeTheRequest) {
  const RefusingHost refusing(host_);
  for (const auto& [status, http] : std::vector<std::pair<gw_status, uint32_t>>{
           {GW_E_PROTO, 400}, {GW_E_INVALID, 400}, {GW_E_LIMIT, 429}, {GW_E_AGAIN, 503}}) {
    RefusingHost::status = status;
    const auto stream = get("attach=t"), fetched = get("", {{"authorization", "Bearer b"}});
    const auto call = host_.request("POST", "/rpc", "", kJson, "{}");
    for (const FakeRequest* request : {stream.get(), fetched.get(), call.get()}) {
      ASSERT_TRUE(request->reply.has_value()) << status;
      EXPECT_EQ(request->reply->status, http);
      EXPECT_EQ(request->result, GW_HTTP_RESPONDED);
    }
  }
  RefusingHost::status = GW_E_INTERNAL;
  EXPECT_EQ(get("attach=t")->result, GW_E_INTERNAL);
}

// --- options, health, size

TEST_F(SseChannelTest, PassesItsOwnSelftest) {
  EXPECT_EQ(host_.selftest(), GW_OK) << host_.error();
  EXPECT_THAT(host_.configSchema(), HasSubstr("heartbeatInterval"));
  EXPECT_LE(sizeof(SseStream), 64u);
}

TEST(SseChannelOptions, MovesTheRoutesAndTheHeartbeat) {
  FakeHost host(sdk::pluginTable<SseChannel>(), R"({"eventsPath":"/e","rpcPath":"/r","heartbeatInterval":"1m"})");
  ASSERT_TRUE(host.ok()) << host.error();
  EXPECT_EQ(host.routes()[0].path, "/e");
  EXPECT_THAT(host.request("POST", "/r", "", kJson, "{}")->frames, SizeIs(1));
}

TEST_F(SseChannelTest, RefusesWrongOptionsByName) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"7", "JSON object"},
      {R"({"event":"/x"})", "options.event "},
      {R"({"eventsPath":"x"})", "options.eventsPath"},
      {R"({"rpcPath":[]})", "options.rpcPath"},
      {R"({"rpcPath":"/events"})", "must differ"},
      {R"({"heartbeatInterval":15})", "options.heartbeatInterval"},
      {R"({"heartbeatInterval":"1ms"})", "options.heartbeatInterval"},
      {R"({"heartbeatInterval":"600000m"})", "options.heartbeatInterval"},
      {R"({"heartbeatInterval":"1h"})", "options.heartbeatInterval"},
  };
  for (const auto& [options, expected] : cases) {
    EXPECT_NE(host_.validate(options), GW_OK) << options;
    EXPECT_THAT(host_.error(), HasSubstr(expected)) << options;
  }
  EXPECT_EQ(host_.validate("{}"), GW_OK);
}

}  // namespace
}  // namespace gw::sse
