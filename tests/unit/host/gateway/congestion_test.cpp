#include <gtest/gtest.h>

#include "gateway_congestion.h"

namespace gw {
namespace {

class WhenUncongested : public ::testing::Test {
 protected:
  WhenUncongested() {
    for (int i = 0; i < 2; ++i) {
      loops_.push_back(std::make_unique<net::EventLoop>(i));
      loops_.back()->setInboxLimit(1000);
    }
  }
  void fill(size_t loop) {
    loops_[loop]->post([] {}, 2000);
  }
  void ask() {
    whenUncongested(loops_, [this] { ++woken_; });
  }
  void turn(size_t loop) { loops_[loop]->runOnce(0); }

  std::vector<std::unique_ptr<net::EventLoop>> loops_;
  int woken_ = 0;
};

TEST_F(WhenUncongested, CallsAtOnceIfNoLoopIsBehind) {
  ask();
  EXPECT_EQ(woken_, 1);
}

TEST_F(WhenUncongested, CallsWhenTheLastOfTheLoopsHasCaughtUp) {
  fill(0);
  fill(1);
  ask();
  EXPECT_EQ(woken_, 0);
  turn(0);
  EXPECT_EQ(woken_, 0) << "the other is still behind";
  turn(1);
  EXPECT_EQ(woken_, 1);
  turn(0);
  turn(1);
  EXPECT_EQ(woken_, 1) << "once";
}

TEST_F(WhenUncongested, WaitsOnWhileOthersKeepTheLoopBehind) {
  fill(0);
  ask();
  fill(0);  // behind the one that waits
  turn(0);
  EXPECT_EQ(woken_, 0);
  EXPECT_EQ(loops_[0]->figures().inboxTasks, 1u) << "one task waits, whatever comes";
  turn(0);
  EXPECT_EQ(woken_, 1);
}

}  // namespace
}  // namespace gw
