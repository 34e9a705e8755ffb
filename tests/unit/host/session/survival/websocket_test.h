#pragma once
// WebsocketTest: a test with the real websocket plugin, for the streams of a SmallGateway.

#include <gtest/gtest.h>

#include <memory>

#include "base/log.h"
#include "plugin/callback_guard.h"
#include "plugin/host_api.h"
#include "unit/host/plugin/plugin_files.h"

namespace gw::test {

class WebsocketTest : public ::testing::Test {
 protected:
  void SetUp() override {
    log::configure({"error", false, ""});
    plugin::setCallbackPolicy({UINT64_MAX, 0, false});  // a machine that is busy is no fault of the plugin
    auto loaded = plugin::Generation::load(folder_.place("websocket"), folder_.copies(), 1, plugin::hostTable());
    ASSERT_TRUE(loaded) << loaded.error().message;
    auto made = plugin::Instance::create(*loaded, "websocket:default", "{}");
    ASSERT_TRUE(made) << made.error().message;
    channel_ = *made;
    ASSERT_TRUE(channel_->start());
  }
  void TearDown() override {
    if (channel_) channel_->stop();
  }

  std::shared_ptr<plugin::Instance> channel_;

 private:
  PluginFolder folder_;
};

}  // namespace gw::test
