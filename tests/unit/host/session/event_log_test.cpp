#include "session/event_log.h"

#include <gtest/gtest.h>

namespace gw::session {
namespace {

plugin::LoopEventPtr text(const std::string& words) {
  plugin::Event event;
  event.text = words;
  return plugin::makeLoopEvent(std::move(event));
}

class EventLogTest : public ::testing::Test {
 protected:
  void fill(uint64_t first, uint64_t last, uint64_t epoch = 1) {
    for (uint64_t seq = first; seq <= last; ++seq)
      log_.append({epoch, seq}, text("line " + std::to_string(seq)), bounds_);
  }
  EventLog::Bounds bounds_{100, 1 << 20};
  EventLog log_;
};

TEST_F(EventLogTest, FindsTheFirstEntryAboveAPosition) {
  fill(1, 10);
  EXPECT_EQ(log_.firstAbove({1, 0}), 0u);
  EXPECT_EQ(log_.at(log_.firstAbove({1, 4})).at.seq, 5u);
  EXPECT_EQ(log_.firstAbove({1, 10}), log_.size());
}

TEST_F(EventLogTest, OrdersByEpochBeforeSeq) {
  fill(8, 9, 1);
  fill(10, 11, 2);
  EXPECT_EQ(log_.at(log_.firstAbove({1, 99})).at.seq, 10u);
}

TEST_F(EventLogTest, ForgetsWhatIsAcknowledgedAndNothingMore) {
  fill(1, 10);
  log_.acknowledge({1, 4});
  ASSERT_EQ(log_.size(), 6u);
  EXPECT_EQ(log_.at(0).at.seq, 5u);
  EXPECT_EQ(log_.lostTo(), Position{});
}

TEST_F(EventLogTest, RemembersWhatABoundPushedOut) {
  fill(1, 150);
  EXPECT_EQ(log_.size(), 100u);
  EXPECT_EQ(log_.lostTo(), (Position{1, 50}));
}

TEST_F(EventLogTest, AnOlderLossHidesNoLaterOne) {
  fill(1, 99);
  log_.noteLost({1, 100});
  fill(101, 120);  // pushes out what is far below
  EXPECT_EQ(log_.lostTo(), (Position{1, 100}));
}

TEST_F(EventLogTest, KeepsWithinItsBytes) {
  bounds_.bytes = 10'000;
  for (uint64_t seq = 1; seq <= 50; ++seq) log_.append({1, seq}, text(std::string(1000, 'x')), bounds_);
  EXPECT_LE(log_.bytes(), bounds_.bytes);
  EXPECT_LT(log_.size(), 10u);
  EXPECT_EQ(log_.at(log_.size() - 1).at.seq, 50u);
}

TEST_F(EventLogTest, CountsNoBytesWhenItIsEmptyAgain) {
  for (int round = 0; round < 20; ++round) {
    fill(static_cast<uint64_t>(round) * 90 + 1, static_cast<uint64_t>(round) * 90 + 90);
    log_.acknowledge({1, static_cast<uint64_t>(round) * 90 + 90});
    EXPECT_EQ(log_.size(), 0u);
    EXPECT_EQ(log_.bytes(), 0u);
  }
}

TEST(EventPacking, RoundTripsEveryField) {
  plugin::Event event;
  event.kind = plugin::EventKind::kText;
  event.flags = GW_EVENT_REPLAY;
  event.stateVersion = 77;
  event.name = "output";
  event.text = "Grüße, 世界\n\tzweite Zeile";
  event.dataJson = "\"from\":\"Anna\"";
  event.spans = {{0, 5, GW_COLOR_PALETTE(3), GW_COLOR_RGB(0x123456), GW_SPAN_BOLD, 1}};
  event.links = {"https://example.org/"};
  event.terminal = std::string("\x1b[2J\0\xff", 6);
  plugin::Event back;
  ASSERT_TRUE(unpackEvent(packEvent(event), back));
  EXPECT_EQ(back.text, event.text);
  EXPECT_EQ(back.name, event.name);
  EXPECT_EQ(back.dataJson, event.dataJson);
  EXPECT_EQ(back.flags, event.flags);
  EXPECT_EQ(back.stateVersion, event.stateVersion);
  EXPECT_EQ(back.spans, event.spans);
  EXPECT_EQ(back.links, event.links);
  EXPECT_EQ(back.terminal, event.terminal);
}

TEST(EventPacking, RefusesEveryTruncation) {
  plugin::Event event;
  event.text = "some text";
  event.spans = {{0, 4, 1, 2, 3, 1}};
  event.links = {"http://x/"};
  const std::string packed = packEvent(event);
  for (size_t size = 0; size < packed.size(); ++size) {
    plugin::Event back;
    EXPECT_FALSE(unpackEvent(std::string_view(packed).substr(0, size), back)) << size;
  }
  plugin::Event back;
  EXPECT_FALSE(unpackEvent("\x02" + packed.substr(1), back));
}

}  // namespace
}  // namespace gw::session
