#include <gtest/gtest.h>

#include "gateway_places.h"
#include "unit/host/store/temp_folder.h"

namespace gw {
namespace {

namespace fs = std::filesystem;

TEST(Places, AreThoseOfTheInstallationOrOfTheBuild) {
  const store::TempFolder prefix;
  const std::string bin = prefix.path + "/bin";
  for (const char* each : {"bin", "plugins", "web"}) fs::create_directories(fs::path(prefix.path) / each);
  EXPECT_EQ(pluginsBeside(bin), bin + "/../plugins");
  EXPECT_EQ(webBeside(bin), bin + "/../web");
  fs::create_directories(fs::path(prefix.path) / "lib/gatehouse/plugins");
  fs::create_directories(fs::path(prefix.path) / "share/gatehouse/web");
  EXPECT_EQ(pluginsBeside(bin), bin + "/../lib/gatehouse/plugins");
  EXPECT_EQ(webBeside(bin), bin + "/../share/gatehouse/web") << "a stranger's PREFIX/web is not ours";
}

}  // namespace
}  // namespace gw
