#include "backend/link/outbound.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "backend/link/options.h"

namespace gw::link {
namespace {

TEST(LinkOutbound, FramesThatWaitBecomeOneArray) {
  Outbound outbound(10, 1 << 20);
  EXPECT_TRUE(outbound.add("{\"a\":1}"));
  EXPECT_TRUE(outbound.add("{\"b\":2}"));
  EXPECT_EQ(outbound.frames(), 2u);
  std::string message;
  ASSERT_TRUE(outbound.take(message));
  EXPECT_EQ(message, "[{\"a\":1},{\"b\":2}]");
  EXPECT_FALSE(outbound.take(message));
  EXPECT_EQ(outbound.bytes(), 0u);
}

TEST(LinkOutbound, AMessageIsNeverLargerThanTheLinkAllows) {
  Outbound outbound(10'000, 8 << 20);
  const std::string frame = "\"" + std::string(998, 'x') + "\"";
  for (int i = 0; i < 200; ++i) ASSERT_TRUE(outbound.add(frame));
  ASSERT_TRUE(outbound.add("\"" + std::string(kMaxMessageBytes - 4, 'y') + "\""));
  EXPECT_FALSE(outbound.add("\"" + std::string(kMaxMessageBytes - 3, 'y') + "\"")) << "no message could hold it";
  size_t frames = 0;
  for (std::string message; outbound.take(message);) {
    EXPECT_LE(message.size(), kMaxMessageBytes);
    frames += nlohmann::json::parse(message).size();
  }
  EXPECT_EQ(frames, 201u);
}

TEST(LinkOutbound, OverTheBoundCommandsAreNotTakenAndRoomIsToldOnce) {
  Outbound outbound(4, 1 << 20);
  for (int i = 0; i < 4; ++i) {
    EXPECT_TRUE(outbound.admitsCommand());
    outbound.add("{}");
  }
  EXPECT_FALSE(outbound.admitsCommand());
  EXPECT_TRUE(outbound.add("{}")) << "other frames still are";
  EXPECT_FALSE(outbound.roomAgain());
  std::string message;
  outbound.take(message);
  EXPECT_TRUE(outbound.roomAgain());
  EXPECT_FALSE(outbound.roomAgain());
}

TEST(LinkOutbound, OverTheBoundOfBytesNothingIs) {
  Outbound outbound(100, 100);
  EXPECT_TRUE(outbound.add(std::string(90, ' ')));
  EXPECT_FALSE(outbound.add(std::string(20, ' ')));
  outbound.close();
  EXPECT_TRUE(outbound.add(std::string(20, ' '))) << "nobody waits for it";
  std::string message;
  EXPECT_FALSE(outbound.take(message));
}

}  // namespace
}  // namespace gw::link
