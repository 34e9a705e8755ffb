// The contract world as a process that is killed, on a fake gateway.

#include <gtest/gtest.h>
#include <signal.h>

#include "fake_gateway.h"
#include "support/child_process.h"

namespace gw::test {
namespace {

using Json = nlohmann::json;
using Texts = std::vector<std::string>;

class ContractWorld : public ::testing::Test {
 protected:
  ContractWorld() { token_ = folder_.write("token", "secret"); }

  void start() {
    process_ =
        std::make_unique<ChildProcess>(std::vector<std::string>{GW_CONTRACT_WORLD, "--url", gateway_.url(),
                                                                "--token-file", token_, "--db", folder_.file("w.db")},
                                       folder_.path(), folder_.file("err"));
    gateway_.waitForLinks(++links_);
  }
  // The gateway tells all that it has, as it does behind hello.
  void startAgain(int64_t n) {
    EXPECT_EQ(process_->waitExit(), 128 + SIGKILL);
    start();
    gateway_.reconnect("s", n);
  }

  TempFolder folder_;
  std::string token_;
  FakeGateway gateway_;
  std::unique_ptr<ChildProcess> process_;
  int links_ = 0;
};

TEST_F(ContractWorld, CarriesOutACommandAgainThatWasNotCommitted) {
  start();
  gateway_.enter("s");
  gateway_.command("s", 1, "add 5");
  gateway_.waitForAck("s", 1);
  gateway_.command("s", 2, "crash before");
  startAgain(2);
  gateway_.command("s", 2, "crash before");
  gateway_.command("s", 3, "add 0");
  EXPECT_EQ(gateway_.texts("s", 4), (Texts{"room.join", "total 5", "before 6", "total 6"}));
}

TEST_F(ContractWorld, SendsFromTheOutboxWhatWasCommitted) {
  start();
  gateway_.enter("s");
  gateway_.waitForEvent("room.join");  // that it was taken is told below
  gateway_.command("s", 1, "crash after");
  startAgain(1);
  gateway_.command("s", 1, "crash after");
  gateway_.waitForAck("s", 1);
  gateway_.command("s", 2, "add 0");
  EXPECT_EQ(gateway_.texts("s", 3), (Texts{"room.join", "after 1", "total 1"}));
}

TEST_F(ContractWorld, LosesAndRepeatsNothingOverManyKills) {
  start();
  gateway_.enter("s");
  constexpr int64_t kCommands = 300;
  int64_t acked = 0;
  for (int round = 0; round < 4; ++round) {
    for (int64_t seq = acked + 1; seq <= kCommands; ++seq) gateway_.command("s", seq, "add 1");
    // Killed in the middle of whatever it does.
    if (round == 3) break;
    acked = gateway_.waitForAck("s", acked + 1)["payload"]["seq"].get<int64_t>();
    process_->signal(SIGKILL);
    process_->waitExit();
    start();
    gateway_.reconnect("s", static_cast<int64_t>(gateway_.taken("s", 1).size()));
  }
  const Texts texts = gateway_.texts("s", kCommands + 1);
  for (int64_t i = 1; i <= kCommands; ++i) EXPECT_EQ(texts.at(static_cast<size_t>(i)), "total " + std::to_string(i));
}

TEST_F(ContractWorld, ShowsEachFormAndEndsCleanly) {
  start();
  gateway_.event("link.ready", {{"sessions", 0}});
  EXPECT_EQ(process_->readLine(), "{\"event\":\"ready\",\"sessions\":0,\"reconnects\":0}\n");
  gateway_.enter("s");
  int64_t seq = 0;
  for (const char* text :
       {"room", "fight", "data", "color", "system", "stats", "hidden", "kick", "burst x", "all hi"}) {
    gateway_.command("s", ++seq, text);
  }
  gateway_.waitForAck("s", seq);
  Texts kinds;
  for (const auto& frame : gateway_.taken("s", 10)) {
    const Json& payload = frame["payload"];
    kinds.push_back(payload.contains("output") ? payload["output"]["type"].get<std::string>()
                                               : frame["event"].get<std::string>());
  }
  EXPECT_EQ(kinds, (Texts{"room.join", "roomDescription", "combat", "structured", "formattedText", "system",
                          "entity.changed", "session.prompt", "session.disconnect", "text"}));
  EXPECT_EQ(gateway_.taken("", 1).at(0)["payload"]["room"], "hall");
  process_->signal(SIGTERM);
  EXPECT_EQ(process_->waitExit(), 0);
}

}  // namespace
}  // namespace gw::test
