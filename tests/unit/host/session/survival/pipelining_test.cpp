// A client need not wait for one answer before it asks for the next thing.

#include "unit/host/session/survival/small_gateway_test.h"

namespace gw::test {
namespace {

class Pipelining : public SmallGatewayTest {
 protected:
  size_t loops() const override { return 2; }
  static Json account() { return {{"username", "anna"}, {"password", "x"}}; }
  /// The ids of what was answered, in order, each with + or -.
  static std::string answersTo(WireClient& client) {
    std::string answered;
    client.read(SIZE_MAX);
    while (const auto message = client.next()) {
      const Json parsed = Json::parse(*message);
      for (const Json& frame : parsed.is_array() ? parsed : Json::array({parsed}))
        if (frame.value("type", "") == "res")
          answered += frame.value("id", "") + (frame.value("ok", false) ? "+" : "-");
    }
    return answered;
  }
};

}  // namespace

// Whoever takes a session over moves to its loop: its requests may not be answered on the one that it has left.
TEST_F(Pipelining, EverythingIsAnsweredInOrderByWhoeverTakesItsSessionOver) {
  WireClient first(gateway_->connect(0));
  logIn(first, "desk");
  gateway_->settle();
  ASSERT_TRUE(answerTo(first, "1").value("ok", false));
  for (size_t loop = 0; loop < loops(); ++loop) {
    WireClient client(gateway_->connect(loop));
    request(client, "1", "connect", {{"device", {{"id", "phone-" + std::to_string(loop)}}}});
    request(client, "2", "authenticate", account());
    request(client, "3", "characters.list", Json::object());
    request(client, "4", "characters.create", {{"name", "anna"}});
    request(client, "5", "characters.select", {{"name", "anna"}});
    request(client, "6", "command", {{"text", "hello"}, {"clientSeq", 1}});
    gateway_->settle();
    EXPECT_EQ(answersTo(client), "1+2+3+4-5+6+") << "from loop " << loop;  // 4: that character is there
  }
}

TEST_F(Pipelining, OneMessageHoldsOneStepOfTheLogin) {
  WireClient client(gateway_->connect(0));
  Json frames = Json::array();
  const auto add = [&](const char* id, const char* method, Json params) {
    frames.push_back({{"type", "req"}, {"id", id}, {"method", method}, {"params", std::move(params)}});
  };
  add("1", "connect", {{"device", {{"id", "phone"}}}});
  add("2", "authenticate", account());
  add("3", "ping", Json::object());
  add("4", "characters.list", Json::object());
  client.sendText(frames.dump());
  request(client, "5", "characters.list", Json::object());
  gateway_->settle();
  EXPECT_EQ(answersTo(client), "1+3+4-2+5+");
}

}  // namespace gw::test
