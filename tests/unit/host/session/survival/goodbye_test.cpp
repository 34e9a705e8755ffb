// A goodbye ends a session at once, whatever still waits for the store.

#include "unit/host/session/survival/small_gateway_test.h"

namespace gw::test {
namespace {

class Goodbye : public SmallGatewayTest {};

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
