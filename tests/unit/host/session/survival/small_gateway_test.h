#pragma once
// SmallGatewayTest: one gateway, strict and of one loop unless told otherwise, whose store commits when the test says
// so, and what a client of gateway.v1 says to it.

#include <nlohmann/json.hpp>
#include <optional>

#include "support/fake_clock.h"
#include "unit/host/session/survival/small_gateway.h"
#include "unit/host/session/survival/websocket_test.h"
#include "unit/host/session/survival/wire_client.h"

namespace gw::test {

class SmallGatewayTest : public WebsocketTest {
 protected:
  using Json = nlohmann::json;

  void SetUp() override {
    WebsocketTest::SetUp();
    gateway_.emplace(SmallGatewayOptions{isStrict(), loops(), {}}, clock_, std::make_shared<store::MemoryDatabase>(),
                     channel_);
    gateway_->settle();
  }
  void TearDown() override {
    gateway_.reset();
    WebsocketTest::TearDown();
  }

  virtual bool isStrict() const { return true; }
  virtual size_t loops() const { return 1; }

  static void request(WireClient& client, const char* id, const char* method, Json params) {
    client.sendText(Json{{"type", "req"}, {"id", id}, {"method", method}, {"params", std::move(params)}}.dump());
  }
  static void logIn(WireClient& client, const std::string& device) {
    request(client, "1", "connect",
            {{"auth", {{"username", "anna"}, {"password", "x"}}}, {"character", "anna"}, {"device", {{"id", device}}}});
  }
  /// The answer to a request; null if it has not come.
  static Json answerTo(WireClient& client, const std::string& id) {
    client.read(SIZE_MAX);
    while (const auto message = client.next()) {
      const Json parsed = Json::parse(*message);
      for (const Json& frame : parsed.is_array() ? parsed : Json::array({parsed}))
        if (frame.value("id", "") == id) return frame;
    }
    return {};
  }
  static SessionId sessionIn(const Json& hello) {
    return session::SessionToken::decode(hello["payload"]["session"]["reconnectToken"].get<std::string>())->session;
  }

  /// All that can be done without a commit.
  void turnWithoutStore() {
    for (int i = 0; i < 10; ++i) {
      for (size_t loop = 0; loop < loops(); ++loop) gateway_->turn(loop);
      gateway_->world().workAll();
    }
  }
  /// In steps of a second, as housekeeping is used to.
  void passSeconds(int seconds) {
    for (int i = 0; i < seconds; ++i) {
      clock_.advance(std::chrono::seconds(1));
      turnWithoutStore();
    }
  }

  FakeClock clock_;
  std::optional<SmallGateway> gateway_;
};

}  // namespace gw::test
