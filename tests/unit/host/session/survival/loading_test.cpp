// Sessions on their way into memory and out of it, when two want the same one.

#include "unit/host/session/survival/small_gateway_test.h"

namespace gw::test {
namespace {

using session::Session;

class Loading : public SmallGatewayTest {
 protected:
  void SetUp() override {
    SmallGatewayTest::SetUp();
    std::optional<WireClient> phone(gateway_->connect(0));
    logIn(*phone, "phone");
    gateway_->settle();
    const Json hello = answerTo(*phone, "1");
    ASSERT_TRUE(hello.value("ok", false)) << hello.dump();
    id_ = sessionIn(hello);
  }
  /// As housekeeping puts away who has no connection.
  void putAway() {
    passSeconds(kInMemorySeconds);
    gateway_->settle();
    ASSERT_FALSE(gateway_->find(id_));
  }

  static constexpr int kInMemorySeconds = 62;
  SessionId id_;
};

class RelaxedLoading : public Loading {
 protected:
  bool isStrict() const override { return false; }
};

}  // namespace

TEST_F(Loading, ALoginLearnsThatTheSessionItWaitedForWasEndedByAnother) {
  putAway();
  WireClient desk(gateway_->connect(0));
  logIn(desk, "desk");
  turnWithoutStore();
  gateway_->store().commitAll();  // it was found in the store, and is loaded next
  session::SessionManager& manager = gateway_->manager(0);
  bool isLoaded = false;
  manager.load(id_, [&](Result<Session*> loaded) {
    isLoaded = loaded && *loaded;
    if (isLoaded) manager.close(**loaded, GW_CLOSE_POLICY, "Out.");
  });
  gateway_->settle();
  EXPECT_TRUE(isLoaded);
  const Json answer = answerTo(desk, "1");
  ASSERT_TRUE(answer.contains("error")) << answer.dump();
  EXPECT_EQ(answer["error"].value("code", ""), "UNAVAILABLE");
  EXPECT_FALSE(gateway_->find(id_));
}

TEST_F(Loading, WhoIsLookedAtWhileLeavingMemoryLeavesItLater) {
  passSeconds(kInMemorySeconds);
  ASSERT_TRUE(gateway_->find(id_));
  ASSERT_TRUE(gateway_->find(id_)->unloading) << "it has not begun to leave";
  gateway_->manager(0).load(id_, [](Result<Session*>) {});
  gateway_->settle();
  ASSERT_TRUE(gateway_->find(id_));
  putAway();
}

// A crash would bring back what the row says: that session, at the position where it was let go.
TEST_F(RelaxedLoading, NobodyIsGivenASessionThatIsLetGoOnDisk) {
  passSeconds(kInMemorySeconds);
  ASSERT_TRUE(gateway_->find(id_));
  ASSERT_TRUE(gateway_->find(id_)->unloading) << "it has not begun to leave";
  Session* given = nullptr;
  gateway_->manager(0).load(id_, [&](Result<Session*> loaded) { given = *loaded; });
  turnWithoutStore();
  EXPECT_FALSE(given);
  gateway_->settle();
  EXPECT_TRUE(given);
}

}  // namespace gw::test
