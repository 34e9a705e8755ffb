// The plugin as it is shipped: loaded from its file, used once, and gone afterwards.
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "testing/fake_host.h"

namespace {

bool isMapped(const std::string& path) {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (line.ends_with(path)) return true;
  }
  return false;
}

TEST(WebsocketPluginFile, LoadsPassesItsSelftestAndUnloads) {
  const std::string path = GW_PLUGIN_FILE;
  {
    gw::testing::PluginFile file(path);
    ASSERT_NE(file.plugin(), nullptr) << file.error();
    EXPECT_TRUE(isMapped(path));
    gw::testing::FakeHost host(*file.plugin());
    ASSERT_TRUE(host.ok()) << host.error();
    EXPECT_EQ(host.selftest(), GW_OK) << host.error();
    EXPECT_FALSE(host.routes().empty());
  }
  EXPECT_FALSE(isMapped(path));
}

}  // namespace
