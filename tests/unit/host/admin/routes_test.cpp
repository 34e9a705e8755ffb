#include <gmock/gmock.h>

#include "unit/host/admin/admin_fixture.h"

namespace gw::admin {
namespace {

using testing::ElementsAre;

class AdminRoutes : public AdminFixture {
 protected:
  void SetUp() override {
    AdminFixture::SetUp();
    start();
  }
};

TEST_F(AdminRoutes, TellTheStatus) {
  port_.statusNow.health.level = HealthLevel::kDegraded;
  port_.statusNow.health.problems = {
      {HealthLevel::kDegraded, "the store is down", FakeGatewayPort::kNow, "gwctl health"}};
  const auto answer = get("/v1/status");
  ASSERT_EQ(answer.status, 200);
  const auto json = answer.json();
  EXPECT_EQ(json["gatewayId"], "gw-test");
  EXPECT_EQ(json["startedAt"], "2026-03-01T12:00:00.000Z");
  EXPECT_EQ(json["sessions"]["playing"], 3);
  EXPECT_EQ(json["shutdown"]["pending"], false);
  EXPECT_EQ(json["health"]["status"], "degraded");
  EXPECT_EQ(json["health"]["problems"][0]["summary"], "the store is down");
  EXPECT_EQ(json["health"]["problems"][0]["nextCommand"], "gwctl health");
  EXPECT_EQ(json["health"]["accounts"][0]["id"], "telnet:default");
}

TEST_F(AdminRoutes, TellTheHealthWithEveryAccount) {
  const auto json = get("/v1/health").json();
  EXPECT_EQ(json["status"], "healthy");
  EXPECT_EQ(json["uptimeMs"], 61'000);
  EXPECT_EQ(json["timestampAt"], "2026-03-01T12:00:00.000Z");
  EXPECT_EQ(json["accounts"][0]["health"], "connected");
  EXPECT_EQ(json["loops"][0]["lagMs"], 0.5);
  EXPECT_EQ(json["store"]["up"], true);
}

TEST_F(AdminRoutes, TellTheVersion) {
  const auto json = get("/v1/version").json();
  EXPECT_EQ(json["version"], "0.1.0");
  EXPECT_EQ(json["apiVersion"], 1);
}

TEST_F(AdminRoutes, PlanAndCancelAShutdown) {
  const auto answer = post("/v1/shutdown", R"({"inMs": 300000, "message": "patch"})");
  EXPECT_EQ(answer.status, 202);
  EXPECT_EQ(answer.json()["startsAt"], "2026-03-01T12:05:00.000Z");
  EXPECT_EQ(post("/v1/shutdown").status, 202);
  EXPECT_EQ(del("/v1/shutdown").status, 200);
  EXPECT_THAT(port_.notes(), ElementsAre("shutdown 300000 patch", "shutdown 0 ", "cancelShutdown"));
}

TEST_F(AdminRoutes, ShowAChannelAccount) {
  port_.channelList[0].work = {9, 3, 2, 1, 1, 4, 2, 1};
  const auto json = get("/v1/channels/telnet:default").json();
  EXPECT_EQ(json["channelId"], "telnet");
  EXPECT_EQ(json["accountId"], "default");
  EXPECT_EQ(json["running"], true);
  EXPECT_EQ(json["lastStartAt"], "2026-03-01T12:00:00.000Z");
  EXPECT_TRUE(json["lastStopAt"].is_null());
  EXPECT_TRUE(json["lastError"].is_null());
  EXPECT_EQ(json["lastActivityAt"], "2026-03-01T12:00:01.500Z");
  EXPECT_EQ(json["generation"], 1);
  EXPECT_EQ(json["work"], nlohmann::json::parse(R"({"started": 9, "answered": 3, "overdue": 2, "failed": 1,
      "dropped": 1, "refused": 4, "pending": 2, "stuck": 1})"));
  EXPECT_EQ(get("/v1/channels").json()["items"].size(), 1U);
  EXPECT_EQ(get("/v1/channels/telnet%3Adefault").status, 200);
  EXPECT_EQ(get("/v1/channels/none:default").status, 404);
}

TEST_F(AdminRoutes, AnswerALifecycleVerbWithAnOperation) {
  const auto answer = post("/v1/channels/telnet:default/stop");
  EXPECT_EQ(answer.status, 202);
  EXPECT_EQ(answer.json()["id"], "op-1");
  EXPECT_EQ(answer.json()["state"], "running");
  EXPECT_EQ(get("/v1/operations/op-1?waitMs=100").json()["state"], "done");
  EXPECT_EQ(post("/v1/channels/telnet:default/start").json()["verb"], "channel.start");
  EXPECT_EQ(get("/v1/operations").json()["items"].size(), 2U);
  EXPECT_EQ(get("/v1/operations/op-9").status, 404);
  EXPECT_EQ(get("/v1/operations/op-1?waitMs=x").status, 400);
}

TEST_F(AdminRoutes, NeverWaitLongerThanTheLongestWait) {
  post("/v1/channels/telnet:default/stop");
  get("/v1/operations/op-1?waitMs=600000");
  EXPECT_TRUE(port_.wasTold("operation op-1 2000"));
}

TEST_F(AdminRoutes, ShowPlugins) {
  EXPECT_EQ(get("/v1/plugins").json()["items"][0]["id"], "telnet");
  const auto telnet = get("/v1/plugins/telnet").json();
  EXPECT_EQ(telnet["state"], "loaded");
  EXPECT_EQ(telnet["stateVersions"]["oldestImport"], 2);
  EXPECT_EQ(telnet["generations"][0]["heldBy"][0]["account"], "telnet:default");
  EXPECT_EQ(telnet["leaked"], 2);
  EXPECT_EQ(telnet["reloads"]["rolledBack"], 1);
  EXPECT_EQ(telnet["quarantined"][0], "telnet:default");
  EXPECT_EQ(get("/v1/plugins/none").code(), "NOT_FOUND");
}

TEST_F(AdminRoutes, ReloadAPluginAndSayHowFarItIs) {
  port_.reloadNow.id = port_.reloadLater.id = 4;
  port_.reloadNow.step = "checking";
  port_.reloadLater.step = "done";
  port_.reloadLater.outcome = "partial";
  port_.reloadLater.stayed = 2;
  port_.reloadLater.reasons = {{"it is busy", 2}};
  const auto begun =
      post("/v1/plugins/telnet/reload",
           R"({"file":"/p/telnet.so","canary":5,"canaryMs":700,"drainOldestMs":80,"dryRun":1,"probeMs":900})");
  EXPECT_EQ(begun.status, 202);
  EXPECT_TRUE(begun.json()["outcome"].is_null());
  EXPECT_TRUE(port_.wasTold("reload telnet|/p/telnet.so|0|5|700|80|1|900"));
  const auto later = get("/v1/reloads/4?waitMs=100").json();
  EXPECT_EQ(later["outcome"], "partial");
  EXPECT_EQ(later["reasons"]["it is busy"], 2);
  EXPECT_EQ(get("/v1/reloads/5").status, 404);
  EXPECT_EQ(get("/v1/reloads/x").status, 404);
  EXPECT_EQ(post("/v1/plugins/telnet/rollback").status, 202);
  EXPECT_TRUE(port_.wasTold("reload telnet||1|0|30000|0|0|10000"));
  EXPECT_EQ(post("/v1/plugins/telnet/rollback", R"({"file":"/p/x.so"})").status, 400);
  EXPECT_EQ(post("/v1/plugins/telnet/reload", R"({"canary":-1})").status, 400);
  EXPECT_EQ(post("/v1/plugins/telnet/reload", R"({"probeMs":60001})").status, 400);
}

TEST_F(AdminRoutes, LoadDrainAndUnloadCode) {
  port_.reloadNow.verb = "load";
  port_.reloadNow.started = {"telnet:default"};
  const auto loaded = post("/v1/plugins", R"({"file":"/p/gopher.so"})");
  EXPECT_EQ(loaded.status, 202);
  EXPECT_EQ(loaded.json()["verb"], "load");
  EXPECT_TRUE(loaded.json()["plugin"].is_null());
  EXPECT_EQ(loaded.json()["started"][0], "telnet:default");
  EXPECT_TRUE(port_.wasTold("load /p/gopher.so"));
  EXPECT_EQ(post("/v1/plugins").status, 400);
  EXPECT_EQ(post("/v1/plugins/telnet/generations/3/drain", R"({"graceMs":500})").status, 202);
  EXPECT_TRUE(port_.wasTold("drain telnet|3|500"));
  EXPECT_EQ(post("/v1/plugins/telnet/generations/3/drain").status, 202);
  EXPECT_TRUE(port_.wasTold("drain telnet|3|30000"));
  EXPECT_EQ(post("/v1/plugins/telnet/generations/x/drain").status, 404);
  EXPECT_EQ(post("/v1/plugins/telnet/generations/3/drain", R"({"graceMs":3600001})").status, 400);
  EXPECT_EQ(post("/v1/plugins/telnet/unload", R"({"timeoutMs":700})").status, 202);
  EXPECT_TRUE(port_.wasTold("unload telnet|700"));
}

TEST_F(AdminRoutes, InspectALibrary) {
  EXPECT_EQ(post("/v1/plugin-files", R"({"file":"/p/telnet.so"})").json()["version"], "1.2.3");
  EXPECT_EQ(post("/v1/plugin-files").status, 400);
}

TEST_F(AdminRoutes, ListGenerations) {
  port_.generationList = {{"telnet", 2, "0.2.0", "abc", "/p/telnet.so", "serving", FakeGatewayPort::kNow, 7, 5, {}}};
  const auto json = get("/v1/generations").json();
  EXPECT_EQ(json["items"][0]["generation"], 2);
  EXPECT_EQ(json["items"][0]["state"], "serving");
  EXPECT_EQ(json["items"][0]["connections"], 7);
  EXPECT_EQ(json["items"][0]["work"], 5);
}

TEST_F(AdminRoutes, FilterSessionsAndSayWhatIsMissing) {
  port_.sessionList.partial = {1};
  port_.sessionList.truncated = true;
  const auto json = get("/v1/sessions?state=playing&user=Ann%20B&protocol=telnet&limit=5").json();
  EXPECT_EQ(json["items"][0]["id"], "sess-1");
  EXPECT_EQ(json["partial"], nlohmann::json::array({1}));
  EXPECT_EQ(json["truncated"], true);
  EXPECT_TRUE(port_.wasTold("sessions playing|Ann B|telnet|5"));
  for (const char* query : {"limit=0", "limit=x", "limit=10001", "state=gone"}) {
    EXPECT_EQ(get(std::string("/v1/sessions?") + query).status, 400) << query;
  }
}

TEST_F(AdminRoutes, ShowASessionWithItsConnectionsAndRooms) {
  const auto json = get("/v1/sessions/sess-1").json();
  EXPECT_EQ(json["connections"][0]["id"], "c-1");
  EXPECT_EQ(json["rooms"], nlohmann::json::array({"lobby"}));
  EXPECT_EQ(json["loop"], 0);
  EXPECT_TRUE(json["expiresAt"].is_null());
}

TEST_F(AdminRoutes, ActOnASession) {
  EXPECT_EQ(post("/v1/sessions/sess-1/send", R"({"text": "hello"})").status, 200);
  EXPECT_EQ(post("/v1/sessions/sess-1/disconnect").status, 200);
  EXPECT_EQ(post("/v1/sessions/sess-1/close", R"({"reason": "rude"})").status, 200);
  EXPECT_THAT(port_.notes(), ElementsAre("send sess-1 hello", "disconnect sess-1 ", "close sess-1 rude"));
}

TEST_F(AdminRoutes, ActOnAConnection) {
  EXPECT_EQ(get("/v1/connections?account=telnet:default&session=sess-1").json()["items"].size(), 1U);
  EXPECT_TRUE(port_.wasTold("connections telnet:default|sess-1|1000"));
  EXPECT_EQ(get("/v1/connections?limit=-1").status, 400);
  EXPECT_EQ(get("/v1/connections/c-1").json()["peer"], "127.0.0.1:5555");
  EXPECT_EQ(post("/v1/connections/c-1/close", R"({"reason": "bye"})").status, 200);
  EXPECT_TRUE(port_.wasTold("closeConnection c-1 bye"));
}

TEST_F(AdminRoutes, ListLockAndUnlockUsers) {
  EXPECT_EQ(get("/v1/users").json()["items"][0]["locked"], true);
  EXPECT_EQ(get("/v1/users?limit=99999").status, 400);
  EXPECT_EQ(post("/v1/users/Ann/lock", R"({"reason": "rude"})").json()["locked"], true);
  EXPECT_TRUE(port_.wasTold("lock Ann rude"));
  EXPECT_EQ(post("/v1/users/Bob/lock").status, 404);
  EXPECT_EQ(post("/v1/users/Ann/unlock").json()["locked"], false);
  EXPECT_EQ(post("/v1/users/Bob/unlock").status, 404);
}

TEST_F(AdminRoutes, MuteAndUnmuteUsers) {
  const auto forAWhile = post("/v1/users/Ann/mute", R"({"durationMs": 600000})").json();
  EXPECT_EQ(forAWhile["muted"], true);
  EXPECT_FALSE(forAWhile["mutedUntilAt"].is_null());
  const auto forGood = post("/v1/users/Ann/mute").json();
  EXPECT_EQ(forGood["muted"], true);
  EXPECT_TRUE(forGood["mutedUntilAt"].is_null());
  EXPECT_EQ(post("/v1/users/Ann/unmute").json()["muted"], false);
  EXPECT_THAT(port_.notes(), ElementsAre("mute Ann for a while", "mute Ann for good", "mute Ann ends"));
  EXPECT_EQ(post("/v1/users/Bob/mute").status, 404);
  EXPECT_EQ(post("/v1/users/Ann/mute", R"({"durationMs": -1})").status, 400);
}

TEST_F(AdminRoutes, AddListAndRemoveBans) {
  const auto added =
      post("/v1/bans", R"({"kind": "address", "value": "192.0.2.0/24", "reason": "spam", "durationMs": 1000})");
  EXPECT_EQ(added.status, 201);
  EXPECT_EQ(added.json()["id"], "ban-1");
  EXPECT_FALSE(added.json()["expiresAt"].is_null());
  EXPECT_TRUE(port_.wasTold("ban address 192.0.2.0/24 spam expires"));
  EXPECT_TRUE(post("/v1/bans", R"({"kind": "user", "value": "Bob"})").json()["expiresAt"].is_null());
  EXPECT_EQ(get("/v1/bans").json()["items"].size(), 2U);
  EXPECT_EQ(del("/v1/bans/ban-1").status, 200);
  EXPECT_EQ(post("/v1/bans", R"({"kind": "planet", "value": "Mars"})").status, 400);
}

TEST_F(AdminRoutes, Broadcast) {
  const auto answer = post("/v1/broadcast", R"({"text": "hi", "room": "lobby"})");
  EXPECT_EQ(answer.status, 202);
  EXPECT_EQ(answer.json()["stateVersion"], 7);
  EXPECT_TRUE(port_.wasTold("broadcast hi|lobby"));
}

TEST_F(AdminRoutes, ShowATokenOnceAndNeverItsHash) {
  const auto created = post("/v1/tokens", R"({"name": "ops", "role": "operate"})");
  EXPECT_EQ(created.status, 201);
  const std::string secret = created.json()["token"];
  EXPECT_TRUE(secret.starts_with("gwt_"));
  ASSERT_EQ(port_.tokenList.size(), 1U);
  EXPECT_NE(port_.tokenList[0].hash, secret);
  const auto listed = get("/v1/tokens");
  EXPECT_EQ(listed.json()["items"][0]["name"], "ops");
  EXPECT_EQ(listed.body.find(secret), std::string::npos);
  EXPECT_EQ(listed.body.find(port_.tokenList[0].hash), std::string::npos);
  EXPECT_EQ(post("/v1/tokens", R"({"name": "ops", "role": "view"})").status, 409);
  EXPECT_EQ(post("/v1/tokens", R"({"name": "x", "role": "king"})").status, 400);
  EXPECT_EQ(post("/v1/tokens", R"({"name": "a b", "role": "view"})").status, 400);
  EXPECT_EQ(del("/v1/tokens/ops").status, 200);
  EXPECT_TRUE(port_.tokenList.empty());
  EXPECT_EQ(del("/v1/tokens/ops").status, 404);
}

TEST_F(AdminRoutes, ServeTheConfiguration) {
  EXPECT_EQ(get("/v1/config").json()["loops"], 1);
  EXPECT_EQ(post("/v1/config/validate", R"({"text": "{}", "name": "x.json"})").json()["valid"], true);
  EXPECT_TRUE(port_.wasTold("validate x.json {}"));
  const auto reloaded = post("/v1/config/reload").json();
  EXPECT_EQ(reloaded["applied"][0], "/limits/commandBurst");
  EXPECT_EQ(reloaded["needRestart"][0], "/loops");
  port_.failWith(fail(ErrorCode::kInvalid, "x.json: /loops: expected 0..256, got 999"));
  const auto wrong = post("/v1/config/reload");
  EXPECT_EQ(wrong.status, 422);
  EXPECT_EQ(wrong.code(), "INVALID_CONFIG");
  EXPECT_EQ(wrong.json()["error"]["message"], "x.json: /loops: expected 0..256, got 999");
  port_.failWith(fail(ErrorCode::kUnavailable, "stopping"));
  EXPECT_EQ(post("/v1/config/reload").status, 503);
  port_.config = "{broken";
  EXPECT_EQ(get("/v1/config").status, 500);
}

struct Mapping {
  ErrorCode code;
  int status;
};
class AdminErrors : public AdminFixture, public testing::WithParamInterface<Mapping> {};

TEST_P(AdminErrors, HaveTheStatusThatFits) {
  start();
  Error error = fail(GetParam().code, "no", "why");
  error.retryAfterMs = 1500;
  port_.failWith(error);
  const auto answer = post("/v1/sessions/sess-1/send", R"({"text": "x"})");
  EXPECT_EQ(answer.status, GetParam().status);
  const auto json = answer.json()["error"];
  EXPECT_EQ(json["code"], toString(GetParam().code));
  EXPECT_EQ(json["message"], "no");
  EXPECT_EQ(json["details"]["reason"], "why");
  EXPECT_EQ(json["retryAfterMs"], 1500);
  EXPECT_NE(answer.head.find("Retry-After: 2"), std::string::npos);
}

const Mapping kMappings[] = {
    {ErrorCode::kInvalid, 400},       {ErrorCode::kUnauthorized, 401}, {ErrorCode::kForbidden, 403},
    {ErrorCode::kNotFound, 404},      {ErrorCode::kConflict, 409},     {ErrorCode::kTooLarge, 413},
    {ErrorCode::kRateLimited, 429},   {ErrorCode::kInternal, 500},     {ErrorCode::kUnavailable, 503},
    {ErrorCode::kBusy, 503},          {ErrorCode::kTimeout, 504},      {ErrorCode::kNotConnected, 409},
    {ErrorCode::kMethodNotFound, 404}};
INSTANTIATE_TEST_SUITE_P(All, AdminErrors, testing::ValuesIn(kMappings));

TEST_F(AdminRoutes, PassTheGatewaysErrorsOn) {
  port_.failWith(fail(ErrorCode::kTimeout, "no loop answered"));
  for (const char* path : {"/v1/sessions", "/v1/connections", "/v1/users", "/v1/bans", "/v1/tokens"}) {
    EXPECT_EQ(get(path).status, 504) << path;
  }
  EXPECT_EQ(post("/v1/broadcast", R"({"text": "x"})").status, 504);
  EXPECT_EQ(post("/v1/tokens", R"({"name": "a", "role": "view"})").status, 504);
  EXPECT_EQ(del("/v1/tokens/a").status, 504);
}

TEST_F(AdminRoutes, ShowTheBackendWithItsConnectionsAndTimes) {
  BackendSnapshot world{"world", true, {}};
  world.link.state = link::LinkState::kDegraded;
  world.link.connects = 3;
  world.link.latency[0] = 7;
  world.link.connections.push_back({});
  world.link.connections[0].id = "b3";
  port_.backendList = {world};
  EXPECT_EQ(get("/v1/backends").json()["items"][0]["state"], "degraded");
  const auto json = get("/v1/backends/world").json();
  EXPECT_EQ(json["reconnects"], 2);
  EXPECT_EQ(json["latency"][0]["upToMs"], 1);
  EXPECT_EQ(json["latency"][0]["calls"], 7);
  EXPECT_TRUE(json["latency"].back()["upToMs"].is_null());
  EXPECT_EQ(json["connections"][0]["id"], "b3");
  EXPECT_EQ(get("/v1/backends/nobody").status, 404);
}

TEST_F(AdminRoutes, GiveMetricsAsText) {
  const auto answer = get("/v1/metrics");
  EXPECT_EQ(answer.status, 200);
  EXPECT_NE(answer.head.find("Content-Type: text/plain; version=0.0.4\r\n"), std::string::npos) << answer.head;
  EXPECT_NE(answer.body.find("gatehouse_sessions_playing "), std::string::npos) << answer.body;
}

TEST_F(AdminRoutes, OperateABackend) {
  EXPECT_EQ(post("/v1/backends/world/disconnect").status, 200);
  EXPECT_EQ(post("/v1/backends/world/drain", R"({"connection": "b1", "graceMs": 5})").status, 200);
  EXPECT_EQ(post("/v1/backends/world/drain").status, 400) << "which one?";
  EXPECT_EQ(get("/v1/backends/world/trace?after=41").json()["items"][0]["number"], 42);
  EXPECT_EQ(get("/v1/backends/world/trace?after=x").status, 400);
  EXPECT_EQ(post("/v1/backends/world/simulation", "{\"players\": 3, \"lines\": \"look\\n\\nnorth\"}").status, 202);
  EXPECT_EQ(get("/v1/backends/world/simulation").json()["running"], false);
  const auto made = post("/v1/backend-tokens", R"({"name": "world", "broadcast": 1, "rawTerminal": 1})");
  EXPECT_EQ(made.status, 201);
  EXPECT_EQ(made.json()["token"], "gwb_secret");
  EXPECT_EQ(get("/v1/backend-tokens").json()["items"][0].contains("hash"), false);
  EXPECT_EQ(del("/v1/backend-tokens/world").status, 200);
  EXPECT_THAT(port_.notes(), ElementsAre("disconnectBackend world ", "drainBackend world b1 5", "traceBackend world 41",
                                         "simulate world 3 2", "createBackendToken world broadcast rawTerminal",
                                         "revokeBackendToken world"));
}

}  // namespace
}  // namespace gw::admin
