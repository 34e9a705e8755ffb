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

class Goodbye : public WebsocketTest {};

}  // namespace

TEST_F(Goodbye, EndsASessionWhoseRowIsStillInAStrictStore) {
  FakeClock clock;
  SmallGateway gateway({true, 1, {}}, clock, std::make_shared<store::MemoryDatabase>(), channel_);
  gateway.settle();

  std::optional<WireClient> leaving(gateway.connect(0));
  request(*leaving, "1", "connect",
          {{"auth", {{"username", "anna"}, {"password", "x"}}}, {"character", "anna"}, {"device", {{"id", "phone"}}}});
  gateway.settle();
  const Json hello = answerTo(*leaving, "1");
  ASSERT_TRUE(hello.value("ok", false)) << hello.dump();

  // A commit is under way: what is to be written from now on waits for the next one.
  request(*leaving, "2", "command", {{"text", "hello"}, {"clientSeq", 1}});
  for (int i = 0; i < 4; ++i) gateway.turn(0);
  ASSERT_FALSE(gateway.store().isIdle());
  const auto id = session::SessionToken::decode(hello["payload"]["session"]["reconnectToken"].get<std::string>());
  leaving->sendClose(1000);
  gateway.turn(0);
  leaving.reset();
  for (int i = 0; i < 4; ++i) gateway.turn(0);
  ASSERT_TRUE(id && !gateway.find(id->session)) << "it has not ended";

  WireClient back(gateway.connect(0));
  request(
      back, "1", "connect",
      {{"resume",
        {{"token", hello["payload"]["session"]["reconnectToken"]}, {"attempt", "a"}, {"epoch", 0}, {"lastSeq", 0}}}});
  gateway.settle();
  const Json answer = answerTo(back, "1");
  ASSERT_TRUE(answer.contains("error")) << answer.dump();
  EXPECT_EQ(answer["error"].value("code", ""), "UNAUTHORIZED");
}

}  // namespace gw::test
