#include <gtest/gtest.h>

#include "admin/peer.h"
#include "admin/role.h"
#include "admin/token_gate.h"
#include "unit/host/admin/admin_fixture.h"

namespace gw::admin {
namespace {

class FakeClock final : public Clock {
 public:
  uint64_t nowNs() const override { return ns; }
  int64_t wallUs() const override { return static_cast<int64_t>(ns / 1000); }
  uint64_t ns = 1'000'000'000'000;
};

TEST(Role, ReadsWhatItWrites) {
  for (const Role role : {Role::kView, Role::kOperate, Role::kAdmin}) EXPECT_EQ(parseRole(toString(role)), role);
  EXPECT_FALSE(parseRole("none"));
  EXPECT_FALSE(parseRole("Admin"));
  EXPECT_STREQ(toString(Role::kNone), "none");
}

TEST(Peer, IsAdminAsRootOrAsTheHostsUser) {
  EXPECT_EQ(roleOf({0, 1, {0}}, 1000, std::nullopt), Role::kAdmin);
  EXPECT_EQ(roleOf({1000, 1, {}}, 1000, std::nullopt), Role::kAdmin);
  EXPECT_EQ(roleOf({1001, 1, {1000}}, 1000, std::nullopt), Role::kNone);
}

TEST(Peer, MayOperateInTheOperatorsGroup) {
  EXPECT_EQ(roleOf({1001, 1, {100, 500}}, 1000, gid_t{500}), Role::kOperate);
  EXPECT_EQ(roleOf({1001, 1, {100}}, 1000, gid_t{500}), Role::kNone);
  EXPECT_EQ(roleOf({1001, 1, {500}}, 1000, std::nullopt), Role::kNone);
}

TEST(Peer, IsToldByTheKernel) {
  int pair[2];
  ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  const auto peer = peerOf(pair[0]);
  ASSERT_TRUE(peer);
  EXPECT_EQ(peer->uid, geteuid());
  EXPECT_EQ(peer->pid, getpid());
  EXPECT_NE(std::find(peer->groups.begin(), peer->groups.end(), getegid()), peer->groups.end());
  ::close(pair[0]);
  ::close(pair[1]);
  EXPECT_FALSE(peerOf(-1));
}

class TokenGateTest : public testing::Test {
 protected:
  std::string make(const std::string& name, Role role) {
    const auto created = gate_.create(name, role);
    EXPECT_TRUE(created.ok());
    return created.ok() ? created->secret : "";
  }
  Result<TokenGate::Holder> check(const std::string& token, const std::string& address = "127.0.0.1") {
    return gate_.check("Bearer " + token, address);
  }

  FakeGatewayPort port_;
  FakeClock clock_;
  TokenGate gate_{port_, clock_};
};

TEST_F(TokenGateTest, KnowsAHolderAndItsRole) {
  const std::string secret = make("ops", Role::kOperate);
  const auto holder = check(secret);
  ASSERT_TRUE(holder.ok());
  EXPECT_EQ(holder->role, Role::kOperate);
  EXPECT_EQ(holder->name, "ops");
  EXPECT_GE(secret.size(), 47U);
}

TEST_F(TokenGateTest, RefusesWrongMissingAndForeignCredentials) {
  make("ops", Role::kView);
  EXPECT_EQ(check("gwt_wrong").error().code, ErrorCode::kUnauthorized);
  EXPECT_EQ(gate_.check("", "127.0.0.1").error().code, ErrorCode::kUnauthorized);
  EXPECT_EQ(gate_.check("Basic abc", "127.0.0.1").error().code, ErrorCode::kUnauthorized);
}

TEST_F(TokenGateTest, SlowsGuessingPerAddressForAMinute) {
  const std::string secret = make("ops", Role::kView);
  for (int i = 0; i < 5; ++i) EXPECT_EQ(check("wrong").error().code, ErrorCode::kUnauthorized);
  clock_.ns += 20'000'000'000;
  const auto sixth = check("wrong");
  EXPECT_EQ(sixth.error().code, ErrorCode::kRateLimited);
  EXPECT_EQ(sixth.error().retryAfterMs, 40'000);
  EXPECT_EQ(check("wrong", "127.0.0.2").error().code, ErrorCode::kUnauthorized);
  EXPECT_TRUE(check(secret).ok());  // nobody can lock a holder out
  clock_.ns += 40'000'000'000;
  EXPECT_EQ(check("wrong").error().code, ErrorCode::kUnauthorized);
}

TEST_F(TokenGateTest, ForgetsTheOldestOfVeryManyAddresses) {
  for (int i = 0; i < 1200; ++i) {
    clock_.ns += 1000;
    EXPECT_EQ(check("wrong", "127.0." + std::to_string(i / 256) + "." + std::to_string(i % 256)).error().code,
              ErrorCode::kUnauthorized);
  }
  clock_.ns += 120'000'000'000;
  for (int i = 0; i < 1200; ++i)
    EXPECT_EQ(check("wrong", "a" + std::to_string(i)).error().code, ErrorCode::kUnauthorized);
}

TEST_F(TokenGateTest, RevokesAtOnce) {
  const std::string secret = make("ops", Role::kAdmin);
  ASSERT_TRUE(check(secret).ok());
  ASSERT_TRUE(gate_.revoke("ops").ok());
  EXPECT_FALSE(check(secret).ok());
}

TEST_F(TokenGateTest, LooksAgainForTokensThatOthersMade) {
  const std::string secret = make("ops", Role::kAdmin);
  ASSERT_TRUE(check(secret).ok());
  port_.tokenList.clear();
  EXPECT_TRUE(check(secret).ok());  // for some seconds
  clock_.ns += 6'000'000'000;
  EXPECT_FALSE(check(secret).ok());
}

TEST_F(TokenGateTest, RemembersWhenATokenWasUsed) {
  const std::string secret = make("ops", Role::kAdmin);
  EXPECT_EQ(gate_.list()->at(0).lastUsedAt, 0);
  clock_.ns += 1'000'000'000;
  ASSERT_TRUE(check(secret).ok());
  EXPECT_EQ(gate_.list()->at(0).lastUsedAt, clock_.wallUs());
}

TEST_F(TokenGateTest, RefusesMoreThan256Tokens) {
  for (int i = 0; i < 256; ++i) make("t" + std::to_string(i), Role::kView);
  EXPECT_EQ(gate_.create("one-more", Role::kView).error().code, ErrorCode::kConflict);
}

using AdminTcp = AdminFixture;

TEST_F(AdminTcp, WantsATokenAndItsRole) {
  startWithTcp();
  ASSERT_NE(server_->tcpPort(), 0);
  EXPECT_EQ(tcp("/v1/status", "").status, 401);
  const std::string view = post("/v1/tokens", R"({"name": "eyes", "role": "view"})").json()["token"];
  const std::string admin = post("/v1/tokens", R"({"name": "boss", "role": "admin"})").json()["token"];
  EXPECT_EQ(tcp("/v1/status", view).status, 200);
  const auto refused = tcp("/v1/tokens", view);
  EXPECT_EQ(refused.status, 403);
  EXPECT_EQ(refused.json()["error"]["message"], "this needs the role admin; yours is view");
  EXPECT_EQ(tcp("/v1/tokens", admin).status, 200);
  EXPECT_NE(tcp("/v1/status", "wrong").head.find("WWW-Authenticate: Bearer"), std::string::npos);
}

TEST_F(AdminTcp, NeverLoadsCode) {
  startWithTcp();
  const std::string admin = post("/v1/tokens", R"({"name": "boss", "role": "admin"})").json()["token"];
  for (const char* path :
       {"/v1/plugins/telnet/reload", "/v1/plugins/telnet/rollback", "/v1/plugins", "/v1/plugin-files"}) {
    const auto refused = tcp(path, admin, "POST");
    EXPECT_EQ(refused.status, 403) << path;
    EXPECT_NE(refused.json()["error"]["message"].get<std::string>().find("not over TCP"), std::string::npos) << path;
  }
}

TEST_F(AdminTcp, SaysWhenToTryAgain) {
  startWithTcp();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(tcp("/v1/status", "wrong").status, 401);
  const auto answer = tcp("/v1/status", "wrong");
  EXPECT_EQ(answer.status, 429);
  EXPECT_GT(answer.json()["error"]["retryAfterMs"], 0);
}

}  // namespace
}  // namespace gw::admin
