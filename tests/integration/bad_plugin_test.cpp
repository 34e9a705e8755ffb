// A plugin that cannot be loaded puts its account in error, with a sentence that says why; the rest runs.

#include <sys/stat.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "integration/gateway_fixture.h"
#include "support/tcp_client.h"

namespace gw::test {
namespace {

using Json = nlohmann::json;

struct Case {
  const char* name;
  const char* plugin;  // of tests/data/plugins; "": no file
  const char* channel;
  const char* file;
  unsigned mode;
  const char* error;
};

void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

class BadPlugin : public GatewayTest, public ::testing::WithParamInterface<Case> {};

}  // namespace

TEST_P(BadPlugin, PutsItsAccountInErrorWhileTheRestRuns) {
  const Case& bad = GetParam();
  const TempFolder plugins;
  if (bad.plugin == std::string("text")) {
    plugins.write(bad.file, "this is no library", bad.mode);
  } else if (bad.plugin[0] != '\0') {
    std::filesystem::copy_file(testPlugin(bad.plugin), plugins.file(bad.file));
    ASSERT_EQ(::chmod(plugins.file(bad.file).c_str(), bad.mode), 0);
  }
  const Json patch{
      {"plugins", {{"dirs", {pluginFolder(), plugins.path()}}}},
      {"accounts",
       {{{"channel", "telnet"}, {"account", "default"}, {"listen", {{"bind", "127.0.0.1"}, {"port", 0}}}},
        {{"channel", bad.channel}, {"account", "default"}, {"listen", {{"bind", "127.0.0.1"}, {"port", 0}}}}}}};
  launch(patch.dump());
  const std::string id = std::string(bad.channel) + ":default";
  const Json shown = gateway().gwctlJson({"channel", "show", id});
  EXPECT_EQ(shown.at("state"), "error") << shown;
  EXPECT_EQ(shown.at("running"), false);
  ASSERT_TRUE(shown.at("lastError").is_string()) << shown;
  EXPECT_NE(shown.at("lastError").get<std::string>().find(bad.error), std::string::npos) << shown;

  const Outcome health = gateway().gwctl({"health"});
  EXPECT_EQ(health.exit, 11) << health.out;
  const std::string headline = health.out.substr(0, health.out.find('\n'));
  EXPECT_EQ(headline.rfind("unhealthy: ", 0), 0u) << headline;
  EXPECT_NE(headline.find(id), std::string::npos) << headline;

  TelnetClient telnet(gateway().telnetPort());
  telnet.enterAsGuest();
  telnet.sendLine("say still here");
  telnet.expect("You say: still here\n");
}

const Case kCases[] = {
    {"Missing", "", "missing", "", 0, "no plugin for channel \"missing\""},
    {"NotElf", "text", "fake", "fake.so", 0644, "is not an ELF file"},
    {"ForeignAbi", "foreign_abi", "good", "good.so", 0644, "was built for plugin ABI 99"},
    {"WorldWritable", "good", "good", "good.so", 0666, "it is writable by group or others"},
    {"Throwing", "throwing_entry", "good", "throwing.so", 0644, "entry went wrong"},
    {"ReturningNull", "null_entry", "good", "null.so", 0644, "needs a newer host"},
    {"ReturningNullSilently", "silent_entry", "good", "silent.so", 0644, "silent.so"},
    {"FailingInit", "failing_init", "good", "init.so", 0644, "no licence"},
};
INSTANTIATE_TEST_SUITE_P(Each, BadPlugin, ::testing::ValuesIn(kCases), [](const auto& p) { return p.param.name; });

}  // namespace gw::test
