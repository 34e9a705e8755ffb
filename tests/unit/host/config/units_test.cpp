#include "config/units.h"

#include <gtest/gtest.h>

namespace gw::config {
namespace {

TEST(Units, ReadEveryDurationUnit) {
  EXPECT_EQ(parseDuration("500ms"), 500U);
  EXPECT_EQ(parseDuration("30s"), 30'000U);
  EXPECT_EQ(parseDuration("10m"), 600'000U);
  EXPECT_EQ(parseDuration("1h"), 3'600'000U);
  EXPECT_EQ(parseDuration("7d"), 604'800'000U);
}

TEST(Units, RefuseWhatIsNotADuration) {
  for (const char* text : {"", "10", "m", "-1s", "+1s", " 1s", "1s ", "1.5s", "1S", "1min", "1h30m",
                           "99999999999999999999s", "18446744073709551615d"}) {
    EXPECT_FALSE(parseDuration(text)) << text;
  }
}

TEST(Units, ReadEverySizeUnit) {
  EXPECT_EQ(parseSize("512B"), 512U);
  EXPECT_EQ(parseSize("64KiB"), 65'536U);
  EXPECT_EQ(parseSize("1MiB"), 1'048'576U);
  EXPECT_EQ(parseSize("2GiB"), 2'147'483'648U);
}

TEST(Units, RefuseAmbiguousSizes) {
  for (const char* text : {"1MB", "1M", "1k", "1", "", "1 MiB", "1mib"}) EXPECT_FALSE(parseSize(text)) << text;
}

TEST(Units, WriteTheShortestTextThatReadsBack) {
  EXPECT_EQ(formatDuration(0), "0s");
  EXPECT_EQ(formatDuration(1500), "1500ms");
  EXPECT_EQ(formatDuration(90'000), "90s");
  EXPECT_EQ(formatDuration(86'400'000), "1d");
  EXPECT_EQ(formatSize(0), "0B");
  EXPECT_EQ(formatSize(1536), "1536B");
  EXPECT_EQ(formatSize(1 << 20), "1MiB");
  for (const uint64_t value : {1ULL, 999ULL, 1000ULL, 61'000ULL, 3'600'000ULL}) {
    EXPECT_EQ(parseDuration(formatDuration(value)), value);
    EXPECT_EQ(parseSize(formatSize(value)), value);
  }
}

}  // namespace
}  // namespace gw::config
