#include "bench/soak/mix.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace gw::bench {
namespace {

TEST(SoakMix, SharesOutAllClients) {
  const SoakMix mix = mixOf("telnet:1,sse:1,terminal:1", 100);
  EXPECT_EQ(mix.all(), 100u);
  EXPECT_NEAR(mix.on(Wire::kTelnet), 33, 1);
  EXPECT_NEAR(mix.on(Wire::kTerminal), 33, 1);
  EXPECT_EQ(mix.on(Wire::kWebSocket), 0u);
}

TEST(SoakMix, RefusesWhatItDoesNotKnow) {
  for (const char* wrong : {"", "telnet", "telnet:", "telnet:x", "telnet:1x", "telnet:0", "carrier-pigeon:1"})
    EXPECT_THROW(mixOf(wrong, 100), std::invalid_argument) << wrong;
}

}  // namespace
}  // namespace gw::bench
