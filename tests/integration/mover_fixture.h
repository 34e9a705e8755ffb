#pragma once
// MoverTest: a gateway whose channel "mover" (tests/data/plugins/mover.cpp) has one account, with a plugin folder in
// which a test puts one build of it after another.

#include <sys/stat.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "integration/gateway_fixture.h"
#include "support/tcp_client.h"

namespace gw::test {

using Json = nlohmann::json;

/// Of gwctl.
enum Exit { kDone = 0, kUsage = 2, kNotFound = 5, kConflict = 6, kRefused = 8, kRolledBack = 9, kPartial = 10 };

class MoverTest : public GatewayTest {
 protected:
  /// `mover` of this build, on loops of its own number.
  void launchWith(const std::string& first, int loops = 2) {
    install(first);
    loops_ = loops;
    launch(withOptions(Json::object()));
  }
  std::string withOptions(const Json& options) const {
    const Json mover{{"channel", "mover"},
                     {"account", "default"},
                     {"listen", {{"bind", "127.0.0.1"}, {"port", 0}}},
                     {"options", options}};
    return Json{{"loops", loops_},
                {"plugins", {{"dirs", {pluginFolder(), plugins_.path()}}}},
                {"accounts", {mover}},
                {"lobby", {{"guests", true}}},
                {"shutdown", {{"grace", grace_}}}}
        .dump();
  }
  std::string file() const { return plugins_.file("mover.so"); }
  /// As an editor does: a new file under the old name. By `cp` the old one's pages change under whoever runs it.
  void install(const std::string& build) {
    const std::string made = plugins_.file("made.so");
    std::filesystem::copy_file(testPlugin(build), made, std::filesystem::copy_options::overwrite_existing);
    ASSERT_EQ(::chmod(made.c_str(), 0755), 0);
    std::filesystem::rename(made, plugins_.file("mover.so"));
  }
  Outcome reload(std::vector<std::string> more = {}) {
    std::vector<std::string> words{"plugin", "reload", "mover", "--timeout", "30s"};
    words.insert(words.end(), more.begin(), more.end());
    return gateway().gwctl(words);
  }
  Json generations() { return gateway().gwctlJson({"plugin", "generations"}).at("items"); }
  Json shownPlugin() { return gateway().gwctlJson({"plugin", "show", "mover"}); }
  std::string versionNow() {
    return gateway().gwctlJson({"channel", "show", "mover:default"}).at("pluginVersion").get<std::string>();
  }

  TelnetClient enter() {
    TelnetClient client(gateway().portOf("mover:default"));
    client.enterAsGuest();
    return client;
  }
  static void talk(TelnetClient& client, const std::string& text) {
    client.sendLine("say " + text);
    client.expect("You say: " + text + "\n");
  }

  TempFolder plugins_;
  int loops_ = 2;
  std::string grace_ = "5s";
};

}  // namespace gw::test
