#include "session/reconnect_token.h"

#include <gtest/gtest.h>

namespace gw::session {
namespace {

constexpr int64_t kNow = 1'000'000;
constexpr int64_t kLater = 100'000'000;

class TokenChainTest : public ::testing::Test {
 protected:
  TokenChainTest() { chain_.start(hashOf("first"), kLater); }
  TokenChain::Use use(const char* token, const char* attempt, const char* next, int64_t now = kNow) {
    return chain_.use(hashOf(token), hashOf(attempt), hashOf(next), now, kLater);
  }
  TokenChain chain_;
};

TEST_F(TokenChainTest, IssuesASuccessorOnFirstUse) {
  EXPECT_EQ(use("first", "a", "second"), TokenChain::Use::kIssued);
  EXPECT_TRUE(chain_.knows(hashOf("second")));
}

TEST_F(TokenChainTest, LetsTheSameAttemptTryAgainAndVoidsTheEarlierSuccessor) {
  EXPECT_EQ(use("first", "a", "second"), TokenChain::Use::kIssued);
  EXPECT_EQ(use("first", "a", "third"), TokenChain::Use::kIssuedAgain);
  EXPECT_EQ(use("second", "a", "x"), TokenChain::Use::kWrong);
  EXPECT_EQ(use("third", "b", "fourth"), TokenChain::Use::kIssued);
}

TEST_F(TokenChainTest, RefusesAnotherAttempt) {
  EXPECT_EQ(use("first", "a", "second"), TokenChain::Use::kIssued);
  EXPECT_EQ(use("first", "b", "evil"), TokenChain::Use::kOtherAttempt);
  EXPECT_EQ(use("first", "a", "third"), TokenChain::Use::kIssuedAgain);
}

TEST_F(TokenChainTest, SeesATokenThatIsUsedAfterItsSuccessorWasConfirmed) {
  EXPECT_EQ(use("first", "a", "second"), TokenChain::Use::kIssued);
  chain_.confirm();
  EXPECT_EQ(use("first", "a", "evil"), TokenChain::Use::kStolen);
}

TEST_F(TokenChainTest, ConfirmsTheSuccessorByItsOwnUse) {
  EXPECT_EQ(use("first", "a", "second"), TokenChain::Use::kIssued);
  EXPECT_EQ(use("second", "b", "third"), TokenChain::Use::kIssued);
  EXPECT_EQ(use("first", "a", "evil"), TokenChain::Use::kStolen);
}

TEST_F(TokenChainTest, RefusesAfterItsExpiry) {
  EXPECT_EQ(use("first", "a", "second", kLater), TokenChain::Use::kExpired);
}

TEST_F(TokenChainTest, CountsItsWindowFromTheMomentItWasExtended) {
  chain_.extend(kLater + 10);
  EXPECT_EQ(chain_.use(hashOf("first"), hashOf("a"), hashOf("b"), kLater, kLater + 10), TokenChain::Use::kIssued);
}

TEST_F(TokenChainTest, KnowsNothingOnceRevoked) {
  chain_.revoke();
  EXPECT_EQ(use("first", "a", "second"), TokenChain::Use::kWrong);
}

TEST_F(TokenChainTest, GoesOnAfterBeingRestored) {
  use("first", "a", "second");
  TokenChain restored;
  restored.restore(chain_.current(), chain_.attempt(), chain_.successor(), chain_.retired(), chain_.expiresAtUs());
  chain_ = std::move(restored);
  EXPECT_EQ(use("first", "b", "evil"), TokenChain::Use::kOtherAttempt);
  EXPECT_EQ(use("first", "a", "third"), TokenChain::Use::kIssuedAgain);
}

TEST(TokenChainRace, OfTenAttemptsExactlyOneWins) {
  TokenChain chain;
  chain.start(hashOf("token"), kLater);
  int winners = 0;
  for (int i = 0; i < 10; ++i) {
    const auto use = chain.use(hashOf("token"), hashOf("attempt" + std::to_string(i)),
                               hashOf("next" + std::to_string(i)), kNow, kLater);
    winners += use == TokenChain::Use::kIssued;
  }
  EXPECT_EQ(winners, 1);
}

TEST(SessionToken, NamesItsSessionAndKeepsItsSecret) {
  const SessionToken token = SessionToken::make(SessionId::random());
  const auto back = SessionToken::decode(token.encode());
  ASSERT_TRUE(back);
  EXPECT_EQ(back->session, token.session);
  EXPECT_EQ(back->secret, token.secret);
  EXPECT_EQ(token.secret.size(), 32u);
}

TEST(SessionToken, RefusesAnythingElse) {
  const std::string good = SessionToken::make(SessionId::random()).encode();
  EXPECT_FALSE(SessionToken::decode(""));
  EXPECT_FALSE(SessionToken::decode(good.substr(1)));
  EXPECT_FALSE(SessionToken::decode(good + "A"));
  EXPECT_FALSE(SessionToken::decode(std::string(200, 'A')));
  EXPECT_FALSE(SessionToken::decode("!" + good.substr(1)));
}

TEST(TypedCode, IsReadAsPeopleTypeIt) {
  const std::string code = makeTypedCode();
  EXPECT_EQ(code.size(), 10u);
  EXPECT_EQ(normaliseTypedCode(code), code);
  EXPECT_EQ(normaliseTypedCode("abcde-fghjk"), "ABCDEFGHJK");
  EXPECT_EQ(normaliseTypedCode("o0il1 abcde"), "00111ABCDE");
  EXPECT_EQ(normaliseTypedCode("short"), "");
  EXPECT_EQ(normaliseTypedCode("ABCDEFGHJ!"), "");
}

TEST(Hashes, SurviveHex) {
  const Hash hash = hashOf("x");
  EXPECT_EQ(hashFromHex(toHex(hash)), hash);
  EXPECT_FALSE(hashFromHex("abc"));
  EXPECT_FALSE(hashFromHex(std::string(64, 'g')));
  EXPECT_EQ(toHex(Hash{}), "");
}

}  // namespace
}  // namespace gw::session
