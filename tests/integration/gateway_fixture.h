#pragma once
// GatewayTest: each test has a gateway process of its own, which must be running and end cleanly
// with exit code 0 when the test is over: a test that brings the process down fails.

#include <gtest/gtest.h>

#include <memory>

#include "support/gateway_process.h"

namespace gw::test {

class GatewayTest : public ::testing::Test {
 protected:
  /// Everything but the start.
  void prepare(const std::string& patch) { gateway_ = std::make_unique<GatewayProcess>(patch); }
  void launch(const std::string& patch = "{}", const std::vector<std::string>& arguments = {}) {
    gateway_ = std::make_unique<GatewayProcess>(patch);
    for (const std::string& argument : arguments) gateway_->addArgument(argument);
    gateway_->start();
  }
  GatewayProcess& gateway() { return *gateway_; }

  void TearDown() override {
    if (!gateway_ || isStopped_) return;
    EXPECT_TRUE(gateway_->isRunning()) << gateway_->log();
    EXPECT_EQ(gateway_->stop(), 0) << gateway_->log();
    if (HasFailure()) std::cerr << "--- gateway's log\n" << gateway_->log() << std::endl;
  }
  /// The test has ended the process itself.
  void expectStopped() { isStopped_ = true; }

 private:
  std::unique_ptr<GatewayProcess> gateway_;
  bool isStopped_ = false;
};

}  // namespace gw::test
