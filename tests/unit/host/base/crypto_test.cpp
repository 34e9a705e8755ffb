#include "base/crypto.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace gw {
namespace {

TEST(Crypto, Sha256MatchesTheStandardsVector) {
  EXPECT_EQ(sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

TEST(Crypto, Base64MatchesRfc4648) {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, encoded] : vectors) {
    EXPECT_EQ(base64Encode(plain), encoded);
    EXPECT_EQ(base64Decode(encoded), plain);
    std::string unpadded = encoded;
    unpadded.erase(unpadded.find_last_not_of('=') + 1);
    EXPECT_EQ(base64urlEncode(plain), unpadded);
    EXPECT_EQ(base64urlDecode(unpadded), plain);
  }
  EXPECT_EQ(base64urlEncode("\xfb\xff\xfe"), "-__-");
}

TEST(Crypto, Base64urlRoundTripsEveryByte) {
  std::string all;
  for (int i = 0; i < 256; ++i) all.push_back(static_cast<char>(i));
  for (size_t n = 0; n <= all.size(); ++n)
    EXPECT_EQ(base64urlDecode(base64urlEncode(all.substr(0, n))), all.substr(0, n));
}

TEST(Crypto, Base64urlRefusesWhatHasAnotherSpelling) {
  EXPECT_FALSE(base64urlDecode("Zh"));    // left-over bits
  EXPECT_FALSE(base64urlDecode("Zg=="));  // padding
  for (const char* wrong : {"Zg", "Zg=", "Zg===", "Z===", "====", "Zm9v=", "Zh==", "-__-", "Zm 9", "Zg==Zg=="})
    EXPECT_FALSE(base64Decode(wrong)) << wrong;
  EXPECT_EQ(base64Decode("+//+"), "\xfb\xff\xfe");
  EXPECT_FALSE(base64urlDecode("Zm9v+"));
  EXPECT_FALSE(base64urlDecode("Zm9/"));
  EXPECT_FALSE(base64urlDecode("Zm 9"));
  EXPECT_FALSE(base64urlDecode("Z"));
}

TEST(Crypto, TokensUseTheirAlphabetAndNeverRepeat) {
  std::set<std::string> seen;
  for (int i = 0; i < 500; ++i) {
    const std::string token = randomToken(32);
    ASSERT_EQ(token.size(), 32u);
    ASSERT_EQ(token.find_first_not_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"), token.npos);
    seen.insert(token);
  }
  EXPECT_EQ(seen.size(), 500u);
  EXPECT_EQ(randomBytes(0).size(), 0u);
  EXPECT_NE(randomBytes(32), randomBytes(32));
}

TEST(Crypto, ComparesWholeStrings) {
  EXPECT_TRUE(constantTimeEqual("secret", "secret"));
  EXPECT_TRUE(constantTimeEqual("", ""));
  EXPECT_FALSE(constantTimeEqual("secret", "secreT"));
  EXPECT_FALSE(constantTimeEqual("secret", "secre"));
}

TEST(Crypto, HexKeepsLeadingZeros) { EXPECT_EQ(hexEncode(std::string("\0\x0f\xff", 3)), "000fff"); }

}  // namespace
}  // namespace gw
