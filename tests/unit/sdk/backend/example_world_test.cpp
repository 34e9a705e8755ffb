// The example world as a process on a fake gateway.

#include <gtest/gtest.h>

#include "fake_gateway.h"
#include "support/child_process.h"

namespace gw::test {
namespace {

using Json = nlohmann::json;
using Texts = std::vector<std::string>;

class ExampleWorld : public ::testing::Test {
 protected:
  ExampleWorld() { token_ = folder_.write("token", "secret"); }
  void start() {
    process_ =
        std::make_unique<ChildProcess>(std::vector<std::string>{GW_EXAMPLE_WORLD, "--url", gateway_.url(),
                                                                "--token-file", token_, "--db", folder_.file("w.db")},
                                       folder_.path(), folder_.file("err"));
    gateway_.waitForLinks(++links_);
  }
  Json ask(const std::string& method, const std::string& name, const std::string& password) {
    const std::string id = "g" + std::to_string(++requests_);
    gateway_.send({{"type", "req"},
                   {"id", id},
                   {"method", method},
                   {"params", {{"session", "s"}, {"username", name}, {"password", password}, {"address", "::1"}}}});
    return gateway_.waitForResponse(id);
  }
  // What the command brings, of the session's own frames.
  Texts say(const std::string& text, size_t frames) {
    const size_t before = gateway_.taken("s", 0).size();
    gateway_.command("s", ++seq_, text);
    const Texts all = gateway_.texts("s", before + frames);
    return {all.begin() + static_cast<std::ptrdiff_t>(before), all.end()};
  }

  TempFolder folder_;
  std::string token_;
  FakeGateway gateway_;
  std::unique_ptr<ChildProcess> process_;
  int links_ = 0;
  int requests_ = 0;
  int64_t seq_ = 0;
};

TEST_F(ExampleWorld, KnowsPeopleByTheirPassword) {
  start();
  EXPECT_EQ(ask("authenticate", "Anna", "right")["error"]["details"]["reason"], "invalidCredentials");
  EXPECT_EQ(ask("register", "Anna", "right")["payload"]["user"]["id"], "u-anna");
  EXPECT_EQ(ask("register", "anna", "other")["error"]["details"]["reason"], "nameTaken");
  EXPECT_EQ(ask("authenticate", "anna", "right")["payload"]["user"]["name"], "Anna");
  EXPECT_EQ(ask("authenticate", "anna", "wrong")["error"]["details"]["reason"], "invalidCredentials");
}

TEST_F(ExampleWorld, IsPlayedAndLosesNothingWhenItIsKilled) {
  start();
  gateway_.enter("s");
  gateway_.taken("s", 2);  // room.join and what is seen
  EXPECT_EQ(say("take lamp", 2), (Texts{"You take the lamp.", "entity.changed"}));
  EXPECT_EQ(say("take lamp", 1), Texts{"There is no lamp."});
  gateway_.waitForAck("s", 2);
  process_->signal(SIGKILL);
  process_->waitExit();
  start();
  gateway_.reconnect("s", static_cast<int64_t>(gateway_.taken("s", 5).size()));
  EXPECT_EQ(say("inventory", 1), Texts{"You have: lamp"});
  EXPECT_EQ(say("down", 3), (Texts{"room.leave", "room.join", ""}));
  EXPECT_EQ(gateway_.taken("s", 9).back()["payload"]["output"]["entities"], Json::array({"a rat"}));
  EXPECT_EQ(say("attack", 1), Texts{"You go for the rat."});
  gateway_.waitFor("a blow", [](const Json& frame) {
    return frame.value("event", "") == "room.output" && frame["payload"]["output"]["type"] == "combat";
  });
}

}  // namespace
}  // namespace gw::test
