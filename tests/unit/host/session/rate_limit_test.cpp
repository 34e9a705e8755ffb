#include "session/rate_limit.h"

#include <gtest/gtest.h>

namespace gw::session {
namespace {

constexpr uint64_t kSecond = 1'000'000'000;

net::PeerAddress peer(const std::string& ip) { return {ip, 1000}; }

TEST(TokenBucket, GivesItsBurstThenItsRate) {
  TokenBucket bucket(3, 0);
  EXPECT_TRUE(bucket.take(1, 2, 3, 0));
  EXPECT_TRUE(bucket.take(1, 2, 3, 0));
  EXPECT_TRUE(bucket.take(1, 2, 3, 0));
  EXPECT_FALSE(bucket.take(1, 2, 3, 0));
  EXPECT_EQ(bucket.waitMs(2), 500u);
  EXPECT_TRUE(bucket.take(1, 2, 3, kSecond / 2));
  EXPECT_FALSE(bucket.take(1, 2, 3, kSecond / 2));
}

TEST(TokenBucket, NeverHoldsMoreThanItsBurst) {
  TokenBucket bucket(2, 0);
  EXPECT_TRUE(bucket.take(2, 10, 2, 100 * kSecond));
  EXPECT_FALSE(bucket.take(1, 10, 2, 100 * kSecond));
}

TEST(Admission, RefusesTheAddressThatHasTooMany) {
  AdmissionLimits limits;
  limits.perAddress = 2;
  Admission admission(limits);
  EXPECT_EQ(admission.admit(peer("192.0.2.1"), 0), nullptr);
  EXPECT_EQ(admission.admit(peer("192.0.2.1"), 0), nullptr);
  EXPECT_STREQ(admission.admit(peer("192.0.2.1"), 0), "too many connections from this address");
  EXPECT_EQ(admission.admit(peer("192.0.2.2"), 0), nullptr);
  admission.released(peer("192.0.2.1"), false);
  EXPECT_EQ(admission.admit(peer("192.0.2.1"), 0), nullptr);
  EXPECT_EQ(admission.refusals().perAddress, 1u);
}

TEST(Admission, CountsStrangersApart) {
  AdmissionLimits limits;
  limits.unauthenticatedPerAddress = 1;
  Admission admission(limits);
  EXPECT_EQ(admission.admit(peer("192.0.2.1"), 0), nullptr);
  EXPECT_NE(admission.admit(peer("192.0.2.1"), 0), nullptr);
  admission.authenticated(peer("192.0.2.1"));
  EXPECT_EQ(admission.admit(peer("192.0.2.1"), 0), nullptr);
}

TEST(Admission, LimitsTheRateOfNewSocketsOnly) {
  AdmissionLimits limits;
  limits.burstPerAddress = 2;
  limits.ratePerAddress = 1;
  Admission admission(limits);
  EXPECT_EQ(admission.admit(peer("192.0.2.1"), 0), nullptr);
  EXPECT_EQ(admission.admit(peer("192.0.2.1"), 0), nullptr);
  EXPECT_STREQ(admission.admit(peer("192.0.2.1"), 0), "too many new connections from this address");
  EXPECT_EQ(admission.admit(peer("192.0.2.1"), 0, false), nullptr);
  EXPECT_EQ(admission.admit(peer("192.0.2.1"), kSecond), nullptr);
}

TEST(Admission, ExemptsWhomItIsTold) {
  AdmissionLimits limits;
  limits.perAddress = 1;
  limits.exemptAddresses = {"192.0.2.0/24"};
  Admission admission(limits);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(admission.admit(peer("192.0.2.9"), 0), nullptr);
}

TEST(Admission, RefusesTheBannedTheOverflowAndEveryoneDuringAStop) {
  AdmissionLimits limits;
  limits.connections = 1;
  Admission admission(limits);
  admission.setBannedAddresses({"203.0.113.0/24"});
  EXPECT_STREQ(admission.admit(peer("203.0.113.7"), 0), "this address is banned");
  EXPECT_EQ(admission.admit(peer("192.0.2.1"), 0), nullptr);
  EXPECT_STREQ(admission.admit(peer("192.0.2.2"), 0), "the gateway has reached its connection limit");
  admission.setAccepting(false);
  EXPECT_STREQ(admission.admit(peer("192.0.2.2"), 0), "the gateway is stopping");
}

TEST(AddressBlocks, MatchByPrefix) {
  EXPECT_TRUE(addressInBlock("203.0.113.9", "203.0.113.0/24"));
  EXPECT_TRUE(addressInBlock("203.0.113.9", "203.0.113.9"));
  EXPECT_FALSE(addressInBlock("203.0.114.9", "203.0.113.0/24"));
  EXPECT_TRUE(addressInBlock("203.0.113.129", "203.0.113.128/25"));
  EXPECT_FALSE(addressInBlock("203.0.113.127", "203.0.113.128/25"));
  EXPECT_TRUE(addressInBlock("2001:db8::5", "2001:db8::/64"));
  EXPECT_FALSE(addressInBlock("2001:db9::5", "2001:db8::/64"));
  EXPECT_FALSE(addressInBlock("203.0.113.9", "2001:db8::/64"));
  EXPECT_FALSE(addressInBlock("rubbish", "203.0.113.0/24"));
  EXPECT_FALSE(addressInBlock("203.0.113.9", "203.0.113.0/99"));
}

}  // namespace
}  // namespace gw::session
