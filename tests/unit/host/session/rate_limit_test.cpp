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
  EXPECT_EQ(admission.admit(peer("192.0.2.1"), 0, net::Arrival::kStream), nullptr);
  EXPECT_EQ(admission.admit(peer("192.0.2.1"), kSecond), nullptr);
}

TEST(Admission, CountsAProxyAsOneConnectionAndNotAsAnAddress) {
  AdmissionLimits limits;
  limits.perAddress = limits.unauthenticatedPerAddress = limits.burstPerAddress = 1;
  limits.connections = 4;
  Admission admission(limits);
  const auto proxy = [&] { return admission.admit(peer("10.0.0.1"), 0, net::Arrival::kProxy); };
  EXPECT_EQ(proxy(), nullptr);
  EXPECT_EQ(proxy(), nullptr);
  EXPECT_EQ(proxy(), nullptr);
  EXPECT_EQ(admission.admit(peer("10.0.0.1"), 0), nullptr) << "a client of its own, such as a health check";
  EXPECT_STREQ(proxy(), "the gateway has reached its connection limit");
  admission.released(peer("10.0.0.1"), false, net::Arrival::kProxy);
  EXPECT_EQ(proxy(), nullptr);
}

TEST(Admission, CountsRequestsThroughAProxyByTheClientsAddress) {
  AdmissionLimits limits;
  limits.unauthenticatedPerAddress = 2;
  limits.burstPerAddress = 1;
  limits.connections = 1;
  Admission admission(limits);
  admission.setBannedAddresses({"203.0.113.0/24"});
  const auto request = [&](const char* ip) { return admission.admit(peer(ip), 0, net::Arrival::kRequest); };
  EXPECT_EQ(admission.admit(peer("10.0.0.1"), 0, net::Arrival::kProxy), nullptr);
  EXPECT_EQ(request("192.0.2.1"), nullptr);
  EXPECT_EQ(request("192.0.2.1"), nullptr) << "neither a new connection nor one more of all";
  EXPECT_STREQ(request("192.0.2.1"), "too many connections from this address that have not logged in");
  EXPECT_EQ(request("192.0.2.2"), nullptr);
  EXPECT_STREQ(request("203.0.113.7"), "this address is banned");
  admission.released(peer("192.0.2.1"), false, net::Arrival::kRequest);
  EXPECT_EQ(request("192.0.2.1"), nullptr);
  admission.released(peer("10.0.0.1"), false, net::Arrival::kProxy);
  EXPECT_EQ(admission.admit(peer("192.0.2.3"), 0), nullptr);
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

}  // namespace
}  // namespace gw::session
