#include "credentials.h"

#include <gtest/gtest.h>

#include "sha256.h"

namespace gw::sse {
namespace {

std::string hex(const std::array<uint8_t, 32>& digest) {
  std::string out;
  for (const uint8_t byte : digest) {
    out.push_back("0123456789abcdef"[byte >> 4]);
    out.push_back("0123456789abcdef"[byte & 15]);
  }
  return out;
}

TEST(Sha256, GivesThePublishedDigests) {
  EXPECT_EQ(hex(sha256("")), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex(sha256("abc")), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex(sha256("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(hex(sha256(std::string(1'000'000, 'a'))),
            "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

TEST(BearerToken, ReadsTheSchemeInAnyCase) {
  EXPECT_EQ(bearerToken("Bearer abc"), "abc");
  EXPECT_EQ(bearerToken("bEARER   abc  "), "abc");
}

TEST(BearerToken, FindsNoneElsewhere) {
  for (const char* text : {"", "Bearer", "Bearer ", "Bearer   ", "Basic abc", "Bearerabc", "abc"}) {
    EXPECT_EQ(bearerToken(text), "") << text;
  }
}

TEST(QueryValue, FindsTheFirstOfAName) {
  EXPECT_EQ(queryValue("attach=t0", "attach"), "t0");
  EXPECT_EQ(queryValue("a=1&attach=t1&attach=t2", "attach"), "t1");
  EXPECT_EQ(queryValue("attach=a%2Bb%2f%3D", "attach"), "a+b/=");
  EXPECT_EQ(queryValue("attach", "attach"), "");
  EXPECT_EQ(queryValue("attach=x=y", "attach"), "x=y");
}

TEST(QueryValue, FindsNothingWhereThereIsNothingUsable) {
  EXPECT_EQ(queryValue("", "attach"), std::nullopt);
  EXPECT_EQ(queryValue("noattach=1&attachment=2&&", "attach"), std::nullopt);
  for (const char* query : {"attach=%", "attach=%4", "attach=%4g", "attach=%g4"}) {
    EXPECT_EQ(queryValue(query, "attach"), std::nullopt) << query;
  }
}

TEST(Cookie, IsNamedAfterTheAttachToken) {
  EXPECT_EQ(cookieNameFor("abc"), "gw_ba7816bf8f01cfea");
  EXPECT_NE(cookieNameFor("abd"), cookieNameFor("abc"));
}

TEST(Cookie, IsFoundByItsWholeNameOnly) {
  EXPECT_EQ(cookiePair("a=1; gw_x=secret;b=2", "gw_x"), "gw_x=secret");
  EXPECT_EQ(cookiePair("gw_x=a=b", "gw_x"), "gw_x=a=b");
  EXPECT_EQ(cookiePair("gw_xy=1; agw_x=2; gw_x; gw_x=", "gw_x"), "");
  EXPECT_EQ(cookiePair("", "gw_x"), "");
}

}  // namespace
}  // namespace gw::sse
