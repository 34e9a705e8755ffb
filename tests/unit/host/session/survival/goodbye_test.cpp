// A goodbye ends a session at once, whatever still waits for the store.

#include <nlohmann/json.hpp>
#include <optional>

#include "support/fake_clock.h"
#include "unit/host/session/survival/small_gateway.h"
#include "unit/host/session/survival/websocket_test.h"
#include "unit/host/session/survival/wire_client.h"

namespace gw::test {
namespace {

using Json = nlohmann::json;

void request(WireClient& client, const char* id, const char* method, Json params) {
  client.sendText(Json{{"type", "req"}, {"id", id}, {"method", method}, {"params", std::move(params)}}.dump());
}

/// The answer to a request; null if it has not come.
Json answerTo(WireClient& client, const std::string& id) {
  client.read(SIZE_MAX);
  while (const auto message = client.next()) {
    const Json parsed = Json::parse(*message);
    for (const Json& frame : parsed.is_array() ? parsed : Json::array({parsed}))
      if (frame.value("id", "") == id) return frame;
  }
  return {};
}

class Goodbye : public WebsocketTest {
 protected:
  void SetUp() override {
    WebsocketTest::SetUp();
    gateway_.emplace(SmallGatewayOptions{true, 1, {}}, clock_, std::make_shared<store::MemoryDatabase>(), channel_);
    gateway_->settle();
  }
  void TearDown() override {
    gateway_.reset();
    WebsocketTest::TearDown();
  }
  static void logIn(WireClient& client, const std::string& device) {
    request(client, "1", "connect",
            {{"auth", {{"username", "anna"}, {"password", "x"}}}, {"character", "anna"}, {"device", {{"id", device}}}});
  }
  /// All that can be done without a commit.
  void turnWithoutStore() {
    for (int i = 0; i < 10; ++i) {
      gateway_->turn(0);
      gateway_->world().workAll();
    }
  }
  static SessionId sessionIn(const Json& hello) {
    return session::SessionToken::decode(hello["payload"]["session"]["reconnectToken"].get<std::string>())->session;
  }

  FakeClock clock_;
  std::optional<SmallGateway> gateway_;
};

}  // namespace

TEST_F(Goodbye, EndsASessionWhoseRowIsStillInAStrictStore) {
  std::optional<WireClient> leaving(gateway_->connect(0));
  logIn(*leaving, "phone");
  gateway_->settle();
  const Json hello = answerTo(*leaving, "1");
  ASSERT_TRUE(hello.value("ok", false)) << hello.dump();

  // A commit is under way: what is to be written from now on waits for the next one.
  request(*leaving, "2", "command", {{"text", "hello"}, {"clientSeq", 1}});
  turnWithoutStore();
  ASSERT_FALSE(gateway_->store().isIdle());
  leaving->sendClose(1000);
  gateway_->turn(0);
  leaving.reset();
  turnWithoutStore();
  ASSERT_FALSE(gateway_->find(sessionIn(hello))) << "it has not ended";

  WireClient back(gateway_->connect(0));
  request(
      back, "1", "connect",
      {{"resume",
        {{"token", hello["payload"]["session"]["reconnectToken"]}, {"attempt", "a"}, {"epoch", 0}, {"lastSeq", 0}}}});
  gateway_->settle();
  const Json answer = answerTo(back, "1");
  ASSERT_TRUE(answer.contains("error")) << answer.dump();
  EXPECT_EQ(answer["error"].value("code", ""), "UNAUTHORIZED");
}

TEST_F(Goodbye, AnswersALoginThatWaitsForTheSessionsCommit) {
  std::optional<WireClient> leaving(gateway_->connect(0));
  logIn(*leaving, "phone");
  gateway_->settle();
  const Json hello = answerTo(*leaving, "1");
  ASSERT_TRUE(hello.value("ok", false)) << hello.dump();

  WireClient joining(gateway_->connect(0));
  logIn(joining, "desk");
  turnWithoutStore();
  session::Session* session = gateway_->find(sessionIn(hello));
  ASSERT_TRUE(session);
  ASSERT_EQ(session->lineages().size(), 2u) << "the second login has not come to the session";
  ASSERT_TRUE(answerTo(joining, "1").is_null());
  leaving->sendClose(1000);
  gateway_->turn(0);
  leaving.reset();
  turnWithoutStore();
  ASSERT_FALSE(gateway_->find(sessionIn(hello))) << "it has not ended";

  gateway_->settle();
  const Json answer = answerTo(joining, "1");
  ASSERT_TRUE(answer.contains("error")) << answer.dump();
  EXPECT_EQ(answer["error"].value("code", ""), "UNAVAILABLE");
  EXPECT_TRUE(answer["error"].value("retryable", false));
}

}  // namespace gw::test
