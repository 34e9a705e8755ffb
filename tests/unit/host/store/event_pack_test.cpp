#include "store/event_pack.h"

#include <gtest/gtest.h>

namespace gw::store {
namespace {

TEST(EventPack, RoundTripsNumbersAndBytes) {
  const std::vector<LoggedEvent> events = {
      {1, 1, "hello"}, {UINT64_MAX, UINT64_MAX, ""}, {2, 0x0102030405060708, std::string("\0\xff", 2)}};
  std::vector<LoggedEvent> back;
  ASSERT_TRUE(unpackEvents(packEvents(events), back).ok());
  ASSERT_EQ(back.size(), 3u);
  for (size_t i = 0; i < 3; ++i) {
    EXPECT_EQ(back[i].epoch, events[i].epoch);
    EXPECT_EQ(back[i].seq, events[i].seq);
    EXPECT_EQ(back[i].body, events[i].body);
  }
}

TEST(EventPack, KeepsItsFormatOnDisk) {
  // A golden pair: what is stored today must be read by every later version.
  const std::string golden("\x01\x02\0\0\0\0\0\0\0\x03\0\0\0\0\0\0\0\x02\0\0\0hi", 23);
  EXPECT_EQ(packEvents({{2, 3, "hi"}}), golden);
}

TEST(EventPack, RefusesEveryTruncation) {
  const std::string whole = packEvents({{1, 1, "hello"}, {1, 2, "world"}});
  const size_t firstEnds = 1 + 20 + 5;
  for (size_t n = 0; n < whole.size(); ++n) {
    std::vector<LoggedEvent> out;
    const bool isWholeRun = n == 1 || n == firstEnds;
    EXPECT_EQ(unpackEvents(std::string_view(whole).substr(0, n), out).ok(), isWholeRun) << n;
  }
}

TEST(EventPack, RefusesALengthBeyondTheBlobAndAnotherVersion) {
  std::string huge = packEvents({{1, 1, "x"}});
  huge[17] = huge[18] = huge[19] = huge[20] = '\xff';
  std::vector<LoggedEvent> out;
  EXPECT_EQ(unpackEvents(huge, out).error().code, ErrorCode::kInternal);
  std::string newer = packEvents({{1, 1, "x"}});
  newer[0] = 2;
  EXPECT_FALSE(unpackEvents(newer, out).ok());
  EXPECT_TRUE(out.empty());
}

}  // namespace
}  // namespace gw::store
