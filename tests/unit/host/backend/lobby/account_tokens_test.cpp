// Coming back by a token instead of a password.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "backend/lobby/accounts.h"
#include "base/crypto.h"
#include "lobby_house.h"

namespace gw::lobby {
namespace {

using session::TokenSignIn;
using testing::LobbyHouse;

constexpr uint64_t kDayMs = uint64_t{24} * 3600 * 1000;

class AccountTokens : public LobbyHouse {
 protected:
  AccountTokens() {
    const auto made = registerUser("Anna", "correct horse", "203.0.113.9");
    EXPECT_TRUE(made->ok());
    anna = (*made)->userId;
  }
  std::string issue() {
    Answer<std::string> answer;
    accounts.issueToken(anna, answer.reply());
    settle();
    EXPECT_TRUE(answer->ok());
    return answer->ok() ? **answer : std::string();
  }
  Answer<TokenSignIn> show(const std::string& token, const std::string& name = "Anna", bool wantsNext = true,
                           const std::string& address = "192.0.2.7") {
    Answer<TokenSignIn> answer;
    accounts.signInByToken({name, token, wantsNext, address, address}, answer.reply());
    settle();
    return answer;
  }
  static void expectVoid(const Answer<TokenSignIn>& answer) {
    ASSERT_FALSE(answer.isOwed());
    ASSERT_FALSE(answer->ok());
    EXPECT_EQ(answer->error().code, ErrorCode::kUnauthorized);
    EXPECT_EQ(answer->error().detail, "invalidCredentials");
  }
  void edit(void (*change)(store::UserRecord&)) {
    auto user = workers.store().findUserById(anna).value();
    change(*user);
    ASSERT_TRUE(workers.store().updateUser(*user).ok());
  }

  std::string anna;
};

TEST_F(AccountTokens, SignInTheirUserAndGiveTheNext) {
  const std::string first = issue();
  EXPECT_EQ(first.size(), 43u);
  const auto back = show(first, "ANNA");
  ASSERT_TRUE(back->ok());
  EXPECT_EQ((*back)->user.userId, anna);
  EXPECT_EQ((*back)->user.userName, "Anna");
  EXPECT_FALSE((*back)->user.isGuest);
  const std::string second = (*back)->nextToken;
  EXPECT_EQ(second.size(), 43u);
  EXPECT_NE(second, first);
  ASSERT_TRUE(show(second)->ok());
  expectVoid(show(first));
}

TEST_F(AccountTokens, OnlyHashesAreStored) {
  const std::string token = issue();
  EXPECT_TRUE(workers.store().findAccountToken(sha256Hex(token), clock.wallUs()).value().has_value());
  EXPECT_FALSE(workers.store().findAccountToken(token, clock.wallUs()).value().has_value());
}

TEST_F(AccountTokens, TheOneBeforeIsGoodWhileTheAnswerMayHaveBeenLost) {
  const std::string first = issue();
  ASSERT_TRUE(show(first)->ok());  // and the network dies
  const auto again = show(first);
  ASSERT_TRUE(again->ok());
  ASSERT_TRUE(show((*again)->nextToken)->ok());
  expectVoid(show(first));
}

TEST_F(AccountTokens, AClientThatKeepsNoneGetsNoneAndChangesNothing) {
  const std::string token = issue();
  const auto back = show(token, "Anna", false);
  ASSERT_TRUE(back->ok());
  EXPECT_EQ((*back)->nextToken, "");
  EXPECT_TRUE(show(token)->ok());
}

TEST_F(AccountTokens, ServeNobodyElse) {
  ASSERT_TRUE(registerUser("Bert", "correct horse")->ok());
  const std::string token = issue();
  expectVoid(show(token, "Bert"));
  expectVoid(show(token, "no such name!"));
  expectVoid(show(token, ""));
  EXPECT_TRUE(show(token)->ok()) << "it was not spent";
}

TEST_F(AccountTokens, DieAfterThirtyDaysWithoutUse) {
  const std::string first = issue();
  advanceMs(29 * kDayMs);
  const auto back = show(first);
  ASSERT_TRUE(back->ok());
  advanceMs(29 * kDayMs);
  EXPECT_TRUE(show((*back)->nextToken)->ok());
  const std::string other = issue();
  advanceMs(30 * kDayMs);
  expectVoid(show(other));
}

TEST_F(AccountTokens, AUserHasEightAtMost) {
  std::vector<std::string> tokens;
  for (int i = 0; i < 9; ++i) {
    tokens.push_back(issue());
    advanceMs(1000);
  }
  expectVoid(show(tokens[0]));
  for (size_t i = 1; i < tokens.size(); ++i) EXPECT_TRUE(show(tokens[i])->ok()) << i;
}

TEST_F(AccountTokens, WrongOnesAreWrongGuesses) {
  for (int i = 0; i < 5; ++i) expectVoid(show("guess" + std::to_string(i)));
  const auto password = login("Anna", "correct horse", "192.0.2.7");
  ASSERT_FALSE(password->ok());
  EXPECT_EQ(password->error().code, ErrorCode::kRateLimited) << "the same throttle";
  const auto held = show("guess");
  EXPECT_TRUE(held.isOwed()) << "the answer waits";
  advanceMs(5000);
  expectVoid(held);
  EXPECT_EQ(accounts.failedLogins(), 6u);
}

TEST_F(AccountTokens, AGoodOnePassesEveryThrottle) {
  const std::string token = issue();
  for (int i = 0; i < 30; ++i) {
    (void)show("guess" + std::to_string(i));
    advanceMs(5000);
  }
  const auto back = show(token);
  ASSERT_FALSE(back.isOwed());
  EXPECT_TRUE(back->ok());
}

TEST_F(AccountTokens, ALockedOrBannedUserStaysOutAndLosesNoToken) {
  const std::string token = issue();
  edit([](store::UserRecord& user) { user.locked = true; });
  EXPECT_EQ(show(token)->error().detail, "accountLocked");
  edit([](store::UserRecord& user) { user.locked = false; });
  ASSERT_TRUE(workers.store().addBan({"b1", "user", "ANNA", "spam", 1, 0}).ok());
  EXPECT_EQ(show(token)->error().detail, "accountLocked");
  ASSERT_TRUE(workers.store().deleteBan("b1").value());
  EXPECT_TRUE(show(token)->ok());
}

TEST_F(AccountTokens, AnOutageIsNoVerdict) {
  const std::string token = issue();
  workers.isBroken = true;
  const auto answer = show(token);
  ASSERT_FALSE(answer->ok());
  EXPECT_EQ(answer->error().code, ErrorCode::kUnavailable);
  Answer<std::string> wanted;
  accounts.issueToken(anna, wanted.reply());
  settle();
  EXPECT_FALSE(wanted->ok());
  workers.isBroken = false;
  EXPECT_TRUE(show(token)->ok());
}

TEST_F(AccountTokens, AreNotForThoseWhoAreNotStored) {
  Answer<std::string> answer;
  accounts.issueToken("guest-1", answer.reply());
  settle();
  EXPECT_FALSE(answer->ok());
}

TEST_F(AccountTokens, AreNotedAsGoodLogins) {
  ASSERT_TRUE(show(issue())->ok());
  EXPECT_TRUE(workers.store().hasRecentLogin(anna, "192.0.2.7", clock.wallUs()).value());
  EXPECT_EQ(workers.store().findUserById(anna).value()->lastLoginAt, clock.wallUs());
}

}  // namespace
}  // namespace gw::lobby
