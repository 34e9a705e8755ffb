#include "net/forwarded_for.h"

#include <gtest/gtest.h>

#include <iostream>
#include <random>

#include "net/http_front.h"

namespace gw::net {
namespace {

const AddressBlocks kTrusted(std::vector<std::string>{"10.0.0.0/8", "::1", "2001:db8:ffff::/48"});
const PeerAddress kProxy{"10.0.0.1", 4711};

std::string behind(ForwardedHeader which, const std::vector<HttpHeader>& headers) {
  return clientBehind(kProxy, kTrusted, which, headers).toString();
}
std::string xff(const std::string& value) {
  return behind(ForwardedHeader::kXForwardedFor, {{"x-forwarded-for", value}});
}
std::string forwarded(const std::string& value) { return behind(ForwardedHeader::kForwarded, {{"forwarded", value}}); }

constexpr const char* kNobody = "10.0.0.1:4711";

TEST(ForwardedFor, IsTheRightmostAddressThatIsNotTrusted) {
  EXPECT_EQ(xff("203.0.113.9"), "203.0.113.9:0");
  EXPECT_EQ(xff("198.51.100.1, 203.0.113.9"), "203.0.113.9:0");
  EXPECT_EQ(xff("198.51.100.1,203.0.113.9 ,\t10.0.0.2, 10.3.0.3"), "203.0.113.9:0");
  EXPECT_EQ(xff("2001:db8::5, ::1"), "[2001:db8::5]:0");
}

TEST(ForwardedFor, IsTheLeftmostIfAllAreTrusted) { EXPECT_EQ(xff("10.0.0.3, 10.0.0.2"), "10.0.0.3:0"); }

TEST(ForwardedFor, IsTheProxyWithoutAHeader) {
  EXPECT_EQ(behind(ForwardedHeader::kXForwardedFor, {{"host", "x"}}), kNobody);
  EXPECT_EQ(xff(""), kNobody);
  EXPECT_EQ(xff(" , ,"), kNobody);
}

TEST(ForwardedFor, TakesAddressesInEveryUsualForm) {
  EXPECT_EQ(xff("203.0.113.9:56324"), "203.0.113.9:56324");
  EXPECT_EQ(xff("2001:DB8::5"), "[2001:db8::5]:0");
  EXPECT_EQ(xff("[2001:db8::5]"), "[2001:db8::5]:0");
  EXPECT_EQ(xff("[2001:db8::5]:443"), "[2001:db8::5]:443");
  EXPECT_EQ(xff("::ffff:203.0.113.9"), "203.0.113.9:0");
  EXPECT_EQ(xff("203.0.113.9, ::ffff:10.0.0.2"), "203.0.113.9:0") << "a trusted one, however it is written";
}

TEST(ForwardedFor, StopsAtAMalformedEntryWithTheLastGoodOne) {
  for (const char* bad : {"unknown", "_hidden", "203.0.113.9:", "203.0.113.9:x", "203.0.113.9:65536", "203.0.113",
                          "[203.0.113.9]", "[2001:db8::5", "[2001:db8::5]x", "2001:db8::5]", "fe80::1%eth0", "\"\"",
                          "203.0.113.9 203.0.113.8", "203.0.113.9;", "\"203.0.113.9\""}) {
    EXPECT_EQ(xff(bad), kNobody) << bad;
    EXPECT_EQ(xff(std::string("198.51.100.1, ") + bad + ", 10.0.0.2"), "10.0.0.2:0") << bad;
  }
}

TEST(ForwardedFor, ReadsRepeatedHeadersAsOneList) {
  EXPECT_EQ(behind(ForwardedHeader::kXForwardedFor, {{"x-forwarded-for", "198.51.100.1"},
                                                     {"x-forwarded-for", "203.0.113.9"},
                                                     {"host", "x"},
                                                     {"x-forwarded-for", "10.0.0.2"}}),
            "203.0.113.9:0");
}

TEST(ForwardedFor, LooksAtTheOneHeaderThatTheProxiesWrite) {
  const std::vector<HttpHeader> both{{"x-forwarded-for", "203.0.113.9"}, {"forwarded", "for=198.51.100.1"}};
  EXPECT_EQ(behind(ForwardedHeader::kXForwardedFor, both), "203.0.113.9:0");
  EXPECT_EQ(behind(ForwardedHeader::kForwarded, both), "198.51.100.1:0");
}

TEST(ForwardedFor, WalksSoFarAndNoFurther) {
  std::string proxies;
  for (size_t i = 0; i < kMaxForwardedEntries; ++i) proxies += ", 10.0.0.2";
  EXPECT_EQ(xff("203.0.113.9" + proxies), "10.0.0.2:0");
  EXPECT_EQ(xff("203.0.113.9" + proxies.substr(10)), "203.0.113.9:0");
  const std::string blanks(kMaxForwardedBytes, ' ');
  EXPECT_EQ(xff("203.0.113.9," + blanks + "10.0.0.2"), kNobody) << "perhaps cut: not believed";
  EXPECT_EQ(xff("203.0.113.9," + blanks + ",10.0.0.2"), "10.0.0.2:0");
  EXPECT_EQ(xff(std::string(100'000, 'x') + ", 203.0.113.9"), "203.0.113.9:0")
      << "whatever a client wrote, it cannot hide what the proxy appended";
}

TEST(Forwarded, NamesTheClientInItsForParameter) {
  EXPECT_EQ(forwarded("for=203.0.113.9"), "203.0.113.9:0");
  EXPECT_EQ(forwarded("For=\"203.0.113.9:4711\";proto=https"), "203.0.113.9:4711");
  EXPECT_EQ(forwarded("proto=http; by=10.0.0.1;FOR=\"[2001:db8::5]:80\""), "[2001:db8::5]:80");
  EXPECT_EQ(forwarded("for=198.51.100.1, for=203.0.113.9;host=\"a,b;for=1.1.1.1\", for=10.0.0.2"), "203.0.113.9:0");
}

TEST(Forwarded, StopsAtAMalformedElementWithTheLastGoodOne) {
  for (const char* bad : {"for=unknown", "for=_gazonk", "proto=https", "203.0.113.9", "for", "for=", "for=\"\"",
                          "for=203.0.113.9;for=203.0.113.8", "for=\"203.0.113.9\\\"\""}) {
    EXPECT_EQ(forwarded(bad), kNobody) << bad;
    EXPECT_EQ(forwarded(std::string("for=198.51.100.1, ") + bad + ", for=10.0.0.2"), "10.0.0.2:0") << bad;
  }
}

TEST(Forwarded, LetsNoQuoteOfTheClientsSwallowWhatTheProxyAppended) {
  for (const char* lie : {"for=\"198.51.100.1", "\"", "for=198.51.100.1;x=\"\\", "for=\"a\\\"", "\\", "\",\""}) {
    EXPECT_EQ(forwarded(std::string(lie) + ", for=203.0.113.9"), "203.0.113.9:0") << lie;
    EXPECT_EQ(forwarded(std::string(lie) + ", for=203.0.113.9;host=\"a\\\"b\", for=10.0.0.2"), "203.0.113.9:0") << lie;
  }
}

// Whatever stands on the left, the entry that a proxy appended decides.
TEST(Forwarded, RandomPrefixesChangeNothing) {
  const auto seed = static_cast<uint32_t>(std::random_device{}());
  std::cout << "seed " << seed << std::endl;
  std::mt19937 random(seed);
  constexpr std::string_view kAlphabet = "for=\"\\,;: []1.0 \txX";
  for (int round = 0; round < 20'000; ++round) {
    std::string prefix;
    for (size_t i = random() % 60; i > 0; --i) prefix += kAlphabet[random() % kAlphabet.size()];
    ASSERT_EQ(xff(prefix + ", 203.0.113.9"), "203.0.113.9:0") << prefix << " seed " << seed;
    ASSERT_EQ(forwarded(prefix + ", for=203.0.113.9"), "203.0.113.9:0") << prefix << " seed " << seed;
  }
}

}  // namespace
}  // namespace gw::net
