// The host's side of the probe, with small programs in the place of gwhost.

#include "plugin/probe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <thread>

#include "unit/host/plugin/plugin_files.h"

namespace gw::plugin {
namespace {

using ::testing::HasSubstr;

class ProbeTest : public ::testing::Test {
 protected:
  /// What the program `text` (a shell's) makes of a probe.
  Result<void> probe(const std::string& text) {
    order_.program = folder_.write("program", "#!/bin/sh\n" + text + "\n");
    ::chmod(order_.program.c_str(), 0700);
    order_.library = "/p/x.so";
    return probePlugin(order_);
  }
  pid_t written(const std::string& file) const { return std::stoi(test::readFile(folder_.dir() + "/" + file)); }

  test::PluginFolder folder_;
  ProbeOrder order_;
};

TEST_F(ProbeTest, PassesWhatSaysSo) { EXPECT_TRUE(probe("cat >/dev/null; echo step loading; echo passed").ok()); }

TEST_F(ProbeTest, NamesTheStepOfACrash) {
  const auto failed = probe("echo step loading; echo step creating; kill -SEGV $$");
  ASSERT_FALSE(failed.ok());
  EXPECT_THAT(failed.error().message, HasSubstr("crashed (Segmentation fault) while it was creating"));
}

TEST_F(ProbeTest, TalkingALotHidesNeitherStepNorVerdict) {
  EXPECT_TRUE(
      probe("i=0; while [ $i -lt 2000 ]; do echo 0123456789012345678901234567890; i=$((i+1)); done; echo passed").ok());
}

TEST_F(ProbeTest, OneThatClosesItsOutputAndLivesOnIsEnded) {
  order_.timeoutMs = 1000;
  const auto failed = probe("echo $$ > " + folder_.dir() + "/pid; exec >&-; exec sleep 600");
  ASSERT_FALSE(failed.ok());
  EXPECT_THAT(failed.error().message, HasSubstr("took more than 1 s"));
  EXPECT_EQ(::kill(written("pid"), 0), -1);
}

TEST_F(ProbeTest, AChildThatKeepsTheOutputOpenIsNotWaitedForAndEnds) {
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_TRUE(probe("sleep 600 & echo $! > " + folder_.dir() + "/pid; echo passed").ok());
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::milliseconds(order_.timeoutMs));
  const pid_t child = written("pid");
  const auto isGone = [child] {
    // Killed, and perhaps not yet collected by whoever inherited it.
    const std::string stat = test::readFile("/proc/" + std::to_string(child) + "/stat");
    return stat.empty() || stat.find(") Z") != std::string::npos || stat.find(") X") != std::string::npos;
  };
  const auto until = begun + std::chrono::seconds(30);
  while (!isGone() && std::chrono::steady_clock::now() < until) std::this_thread::yield();
  EXPECT_TRUE(isGone());
}

TEST_F(ProbeTest, IsGivenUpWhenTheGatewayStops) {
  std::atomic<bool> isStopping{false};
  order_.isCancelled = &isStopping;
  std::thread stopper([&] {
    std::error_code ignored;
    while (!std::filesystem::exists(folder_.dir() + "/began", ignored)) std::this_thread::yield();
    isStopping = true;
  });
  const auto failed = probe("echo > " + folder_.dir() + "/began; exec sleep 600");
  stopper.join();
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().code, ErrorCode::kUnavailable);
}

}  // namespace
}  // namespace gw::plugin
