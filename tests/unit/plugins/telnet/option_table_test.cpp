#include "option_table.h"

#include <gtest/gtest.h>

namespace gw::telnet {
namespace {

std::string receive(OptionTable& table, uint8_t verb, uint8_t option) {
  std::string out;
  table.receive(verb, option, out);
  return out;
}

std::string request(OptionTable& table, Side side, uint8_t option, bool on) {
  std::string out;
  table.request(side, option, on, out);
  return out;
}

// RFC 1143's states, for an option that we ask the client to perform.
TEST(OptionTable, RequestIsOnWhenAccepted) {
  OptionTable table;
  EXPECT_TRUE(table.isSettled(Side::kClient, kOptNaws));
  EXPECT_EQ(request(table, Side::kClient, kOptNaws, true), "\xff\xfd\x1f");
  EXPECT_FALSE(table.isSettled(Side::kClient, kOptNaws));
  EXPECT_FALSE(table.isOn(Side::kClient, kOptNaws));
  EXPECT_EQ(receive(table, kWill, kOptNaws), "");
  EXPECT_TRUE(table.isOn(Side::kClient, kOptNaws));
  EXPECT_EQ(receive(table, kWill, kOptNaws), "") << "no change, no answer";
  EXPECT_EQ(receive(table, kWont, kOptNaws), "\xff\xfe\x1f");
  EXPECT_FALSE(table.isOn(Side::kClient, kOptNaws));
}

TEST(OptionTable, RefusedRequestIsOff) {
  OptionTable table;
  request(table, Side::kClient, kOptNaws, true);
  EXPECT_EQ(receive(table, kWont, kOptNaws), "");
  EXPECT_TRUE(table.isSettled(Side::kClient, kOptNaws));
  EXPECT_FALSE(table.isOn(Side::kClient, kOptNaws));
}

TEST(OptionTable, ChangeOfMindWaitsForTheAnswer) {
  OptionTable table;
  request(table, Side::kUs, kOptEcho, true);
  EXPECT_EQ(request(table, Side::kUs, kOptEcho, false), "");
  EXPECT_EQ(request(table, Side::kUs, kOptEcho, true), "") << "and back again, still nothing to say";
  EXPECT_EQ(receive(table, kDo, kOptEcho), "");
  EXPECT_TRUE(table.isOn(Side::kUs, kOptEcho));

  EXPECT_EQ(request(table, Side::kUs, kOptEcho, false), "\xff\xfc\x01");
  EXPECT_EQ(request(table, Side::kUs, kOptEcho, true), "");
  EXPECT_EQ(receive(table, kDont, kOptEcho), "\xff\xfb\x01") << "WantNo, opposite: asks again";
  EXPECT_EQ(receive(table, kDo, kOptEcho), "");
  EXPECT_TRUE(table.isOn(Side::kUs, kOptEcho));
}

TEST(OptionTable, OppositeOfWantYesTurnsOffAfterTheAnswer) {
  OptionTable table;
  request(table, Side::kUs, kOptEcho, true);
  request(table, Side::kUs, kOptEcho, false);
  EXPECT_EQ(receive(table, kDont, kOptEcho), "") << "refused: it is off, as wanted";
  EXPECT_TRUE(table.isSettled(Side::kUs, kOptEcho));
}

TEST(OptionTable, OffAnsweredByOnIsTakenAsOff) {
  OptionTable table;
  request(table, Side::kUs, kOptEcho, true);
  receive(table, kDo, kOptEcho);
  request(table, Side::kUs, kOptEcho, false);
  EXPECT_EQ(receive(table, kDo, kOptEcho), "");
  EXPECT_FALSE(table.isOn(Side::kUs, kOptEcho));
}

TEST(OptionTable, WantNoOppositeAcceptsAStrayOn) {
  OptionTable table;
  request(table, Side::kUs, kOptEcho, true);
  receive(table, kDo, kOptEcho);
  request(table, Side::kUs, kOptEcho, false);
  request(table, Side::kUs, kOptEcho, true);
  EXPECT_EQ(receive(table, kDo, kOptEcho), "");
  EXPECT_TRUE(table.isOn(Side::kUs, kOptEcho));
}

TEST(OptionTable, RequestsForWhatIsSoAreSilent) {
  OptionTable table;
  EXPECT_EQ(request(table, Side::kUs, kOptEcho, false), "");
  EXPECT_EQ(request(table, Side::kUs, 200, true), "") << "not an option of ours";
  request(table, Side::kUs, kOptEcho, true);
  receive(table, kDo, kOptEcho);
  EXPECT_EQ(request(table, Side::kUs, kOptEcho, true), "");
}

TEST(OptionTable, RefusesUnknownOptionOnce) {
  OptionTable table;
  for (int option = 43; option < 256; ++option) {
    const auto code = static_cast<uint8_t>(option);
    const std::string wont = {'\xff', '\xfc', static_cast<char>(code)};
    EXPECT_EQ(receive(table, kDo, code), wont);
    EXPECT_EQ(receive(table, kDo, code), "");
    EXPECT_FALSE(table.isOn(Side::kUs, code));
  }
}

TEST(OptionTable, SidesAreIndependent) {
  OptionTable table;
  receive(table, kDo, kOptBinary);
  EXPECT_TRUE(table.isOn(Side::kUs, kOptBinary));
  EXPECT_FALSE(table.isOn(Side::kClient, kOptBinary));
}

}  // namespace
}  // namespace gw::telnet
