#include "base/address_block.h"

#include <gtest/gtest.h>

#include "base/log_interval.h"

namespace gw {
namespace {

bool contains(const char* block, const char* address) {
  const auto parsed = AddressBlock::parse(block);
  EXPECT_TRUE(parsed) << block;
  return parsed && parsed->contains(address);
}

TEST(AddressBlock, MatchesByPrefix) {
  EXPECT_TRUE(contains("203.0.113.0/24", "203.0.113.9"));
  EXPECT_FALSE(contains("203.0.113.0/24", "203.0.114.9"));
  EXPECT_TRUE(contains("203.0.113.128/25", "203.0.113.129"));
  EXPECT_FALSE(contains("203.0.113.128/25", "203.0.113.127"));
  EXPECT_TRUE(contains("2001:db8::/61", "2001:db8:0:7::5"));
  EXPECT_FALSE(contains("2001:db8::/61", "2001:db8:0:8::5"));
  EXPECT_TRUE(contains("0.0.0.0/0", "198.51.100.1"));
}

TEST(AddressBlock, IsOneAddressWithoutAPrefix) {
  EXPECT_TRUE(contains("::1", "::1"));
  EXPECT_TRUE(contains("::1", "0:0::1"));
  EXPECT_FALSE(contains("::1", "::2"));
  EXPECT_FALSE(contains("192.0.2.1", "192.0.2.2"));
}

TEST(AddressBlock, KeepsTheFamiliesApart) {
  EXPECT_FALSE(contains("0.0.0.0/0", "2001:db8::1"));
  EXPECT_FALSE(contains("::/0", "192.0.2.1"));
}

TEST(AddressBlock, ContainsNothingThatIsNoAddress) {
  EXPECT_FALSE(contains("0.0.0.0/0", ""));
  EXPECT_FALSE(contains("0.0.0.0/0", "rubbish"));
  EXPECT_FALSE(contains("0.0.0.0/0", "192.0.2.1:80"));
  EXPECT_FALSE(contains("::/0", "fe80::1%eth0"));
}

TEST(AddressBlock, RefusesWhatIsNotOneToTheLetter) {
  for (const char* text : {"", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/8x", "10.0.0.0/x", "10.0.0/8",
                           "010.0.0.0/8", "10.0.0.0/ 8", " 10.0.0.0", "::/129", "[::1]", "localhost", "10.0.0.0/8/8"}) {
    EXPECT_FALSE(AddressBlock::parse(text)) << text;
  }
  EXPECT_FALSE(AddressBlock::parse(std::string_view("::1\0", 4)));
  EXPECT_FALSE(AddressBlock::parse(std::string(1000, '1')));
}

TEST(AddressBlocks, MatchIfOneDoes) {
  const AddressBlocks blocks(std::vector<std::string>{"10.0.0.0/8", "::1"});
  EXPECT_FALSE(blocks.isEmpty());
  EXPECT_TRUE(blocks.contains("10.200.3.4"));
  EXPECT_TRUE(blocks.contains("::1"));
  EXPECT_FALSE(blocks.contains("11.0.0.1"));
  EXPECT_TRUE(AddressBlocks().isEmpty());
  EXPECT_FALSE(AddressBlocks().contains("10.0.0.1"));
}

TEST(LogInterval, PassesOneAnIntervalAndTellsHowManyItHeldBack) {
  LogInterval lines(100);
  EXPECT_EQ(lines.pass(1000), 0u);
  EXPECT_EQ(lines.pass(1001), std::nullopt);
  EXPECT_EQ(lines.pass(1099), std::nullopt);
  EXPECT_EQ(lines.pass(1100), 2u);
  EXPECT_EQ(lines.pass(5000), 0u);
}

}  // namespace
}  // namespace gw
