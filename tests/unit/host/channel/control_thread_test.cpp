#include "channel/control_thread.h"

#include <gtest/gtest.h>

#include <future>
#include <stdexcept>
#include <vector>

namespace gw::channel {
namespace {

TEST(ControlThread, RunsTasksInOrderOnItsThread) {
  ControlThread control;
  control.start();
  std::vector<int> seen;
  bool wasInThread = false;
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(control.post([&seen, i] { seen.push_back(i); }));
  EXPECT_TRUE(control.run([&] { wasInThread = control.isInThread(); }));
  EXPECT_TRUE(wasInThread);
  EXPECT_FALSE(control.isInThread());
  EXPECT_EQ(seen, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

TEST(ControlThread, RunFromInsideRunsAtOnce) {
  ControlThread control;
  control.start();
  bool ran = false;
  EXPECT_TRUE(control.run([&] { EXPECT_TRUE(control.run([&] { ran = true; })); }));
  EXPECT_TRUE(ran);
}

TEST(ControlThread, RefusesOverItsBoundButTakesWhatIsRequired) {
  ControlThread control("control", 2);
  control.start();
  std::promise<void> inside;
  std::promise<void> go;
  int ran = 0;
  ASSERT_TRUE(control.post([&] {
    inside.set_value();
    go.get_future().wait();
  }));
  inside.get_future().wait();
  EXPECT_TRUE(control.post([&] { ++ran; }));
  EXPECT_TRUE(control.post([&] { ++ran; }));
  EXPECT_FALSE(control.post([&] { ++ran; }));
  EXPECT_EQ(control.refused(), 1u);
  EXPECT_FALSE(control.postRequired([&] { ++ran; }));
  go.set_value();
  control.drain();
  EXPECT_EQ(ran, 3);
}

TEST(ControlThread, StopRunsWhatIsQueuedAndRefusesAfterwards) {
  ControlThread control;
  EXPECT_FALSE(control.post([] {}));  // not started
  control.start();
  control.start();
  int ran = 0;
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(control.post([&] { ++ran; }));
  control.stop();
  EXPECT_EQ(ran, 100);
  EXPECT_FALSE(control.post([] {}));
  EXPECT_FALSE(control.run([] {}));
  Task back = control.postRequired([&] { ++ran; });
  ASSERT_TRUE(back);
  back();
  EXPECT_EQ(ran, 101);
  control.drain();  // returns although nothing can run
}

TEST(ControlThread, SurvivesATaskThatThrows) {
  ControlThread control;
  control.start();
  ASSERT_TRUE(control.post([] { throw std::runtime_error("no"); }));
  bool ran = false;
  EXPECT_TRUE(control.run([&] { ran = true; }));
  EXPECT_TRUE(ran);
  EXPECT_THROW((void)control.run([] { throw std::runtime_error("the caller's"); }), std::runtime_error);
}

}  // namespace
}  // namespace gw::channel
