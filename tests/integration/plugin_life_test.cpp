// How a plugin's code comes and goes in the real process, besides reloads: load, drain, unload, watch, --dev.

#include <signal.h>

#include <chrono>
#include <fstream>

#include "integration/mover_fixture.h"

namespace gw::test {
namespace {

class PluginLife : public MoverTest {
 protected:
  TelnetClient enterBy(const std::string& address) {
    TelnetClient client(static_cast<uint16_t>(std::stoul(address.substr(address.rfind(':') + 1))));
    client.enterAsGuest();
    return client;
  }
  std::string addressNow() {
    return gateway().gwctlJson({"channel", "show", "mover:default"}).at("addresses").at(0).get<std::string>();
  }
  Outcome plugin(std::vector<std::string> words) {
    words.insert(words.begin(), "plugin");
    return gateway().gwctl(words);
  }
  /// How many of the private copies that run are mapped into the gateway.
  size_t mappedCopies() {
    std::ifstream maps("/proc/" + std::to_string(gateway().pid()) + "/maps");
    size_t count = 0;
    for (std::string line; std::getline(maps, line);)
      if (line.find("/generations/") != std::string::npos && line.find("r-xp") != std::string::npos) ++count;
    return count;
  }
};

TEST_F(PluginLife, ALoadedFileStartsTheAccountsThatWaitedForIt) {
  launch(withOptions(Json::object()));
  EXPECT_EQ(gateway().gwctlJson({"channel", "show", "mover:default"}).at("state"), "error");
  plugins_.write("mover.so", "this is no library", 0755);
  const Outcome text = plugin({"load", file()});
  EXPECT_EQ(text.exit, kRefused) << text.out << text.err;
  EXPECT_NE(text.err.find("is not an ELF file"), std::string::npos) << text.err;
  install("mover_crashes");
  const Outcome crashed = plugin({"load", file()});
  EXPECT_EQ(crashed.exit, kRefused) << crashed.out;
  EXPECT_NE(crashed.err.find("crashed (Aborted) while it was creating mover:default"), std::string::npos)
      << crashed.err;
  install("mover_one");
  EXPECT_EQ(plugin({"verify", file()}).exit, kDone) << "what is not known yet may be tried";
  const Outcome loaded = plugin({"load", file()});
  EXPECT_EQ(loaded.exit, kDone) << loaded.err;
  EXPECT_NE(loaded.out.find("mover: version 1.0.0 is loaded as generation"), std::string::npos) << loaded.out;
  EXPECT_NE(loaded.out.find("started: mover:default."), std::string::npos) << loaded.out;
  auto client = enterBy(addressNow());
  talk(client, "at last");
  const Outcome again = plugin({"load", file()});
  EXPECT_EQ(again.exit, kConflict) << again.out;
  EXPECT_NE(again.err.find("gwctl plugin reload mover --file"), std::string::npos) << again.err;
  EXPECT_EQ(shownPlugin().at("state"), "loaded");
}

TEST_F(PluginLife, AFileOutsideThePluginFoldersIsNotLoaded) {
  launch(withOptions(Json::object()));
  const Outcome refused = plugin({"load", testPlugin("mover_one")});
  EXPECT_EQ(refused.exit, kRefused) << refused.out;
  EXPECT_NE(refused.err.find("it lies outside the configured plugin folders"), std::string::npos) << refused.err;
}

TEST_F(PluginLife, AnOldGenerationIsDrainedAndItsClientsComeBack) {
  launchWith("mover_never_leaves");
  auto old = enter();
  talk(old, "I like it here");
  install("mover_two");
  ASSERT_EQ(reload().exit, kPartial);
  const Json shown = shownPlugin();
  ASSERT_EQ(shown.at("generations").size(), 2u) << shown;
  EXPECT_EQ(shown.at("generations").at(0).at("state"), "leaving");
  EXPECT_EQ(shown.at("generations").at(0).at("heldBy"),
            Json::array({{{"account", "mover:default"}, {"connections", 1}, {"serves", false}}}));
  EXPECT_EQ(shown.at("reloads").at("partial"), 1) << shown;
  EXPECT_EQ(shown.at("reloads").at("stayed"), 1) << shown;
  EXPECT_EQ(shown.at("vendor"), "tests");
  EXPECT_EQ(shown.at("stateVersions"),
            Json({{"id", "mover"}, {"version", 1}, {"oldestImport", 1}, {"oldestExport", 1}}))
      << shown;
  const Outcome serving = plugin({"drain", "mover@2"});
  EXPECT_EQ(serving.exit, kConflict) << serving.out;
  const Outcome drained = plugin({"drain", "mover@1", "--grace", "10s"});
  EXPECT_EQ(drained.exit, kDone) << drained.err;
  EXPECT_NE(drained.out.find("mover: generation 1 (version 1.0.0) is unloaded: its library is no longer mapped; 1 of 1 "
                             "connections left by themselves, 0 were cut off."),
            std::string::npos)
      << drained.out;
  EXPECT_NE(old.readToEnd().find("come back at once"), std::string::npos);
  EXPECT_EQ(gateway().gwctlJson({"session", "list", "--state", "disconnected"}).at("items").size(), 1u);
  auto next = enter();
  talk(next, "here as well");
  EXPECT_EQ(plugin({"drain", "mover@1"}).exit, kNotFound);
  EXPECT_EQ(generations().size(), 1u);
}

TEST_F(PluginLife, WhoDoesNotLeaveIsCutOffAtTheEndOfTheGrace) {
  install("mover_never_leaves");
  launch(withOptions({{"lingers", 1}}));
  auto old = enter();
  install("mover_two");
  ASSERT_EQ(reload().exit, kPartial);
  const Outcome drained = plugin({"drain", "mover@1", "--grace", "200ms"});
  EXPECT_EQ(drained.exit, kDone) << drained.err;
  EXPECT_NE(drained.out.find("is unloaded"), std::string::npos) << drained.out;
  old.readToEnd();
}

TEST_F(PluginLife, AStopOfTheGatewayWaitsForNoDrain) {
  grace_ = "200ms";
  install("mover_never_leaves");
  launch(withOptions({{"lingers", 1}}));
  auto old = enter();
  install("mover_two");
  ASSERT_EQ(reload().exit, kPartial);
  ASSERT_EQ(plugin({"drain", "mover@1", "--grace", "1h", "--no-wait"}).exit, kDone);
  old.expect("come back at once");
  const Outcome busy = reload();
  EXPECT_EQ(busy.exit, kConflict) << busy.out;
  EXPECT_NE(busy.err.find("another drain of mover is under way"), std::string::npos) << busy.err;
  EXPECT_EQ(gateway().stop(), 0);
  expectStopped();
}

TEST_F(PluginLife, AnUnloadedPluginIsGoneUntilItsAccountsStart) {
  launchWith("mover_one");
  enter();
  const size_t others = mappedCopies() - 1;
  const Outcome running = plugin({"unload", "mover"});
  EXPECT_EQ(running.exit, kConflict) << running.out;
  EXPECT_NE(running.err.find("mover:default"), std::string::npos) << running.err;
  ASSERT_EQ(gateway().gwctl({"channel", "stop", "mover:default"}).exit, kDone);
  const Outcome unloaded = plugin({"unload", "mover"});
  EXPECT_EQ(unloaded.exit, kDone) << unloaded.err;
  EXPECT_NE(unloaded.out.find("mover: generation 1 (version 1.0.0) is unloaded: its library is no longer mapped."),
            std::string::npos)
      << unloaded.out;
  EXPECT_EQ(mappedCopies(), others);
  EXPECT_EQ(shownPlugin().at("state"), "available");
  install("mover_two");
  ASSERT_EQ(gateway().gwctl({"channel", "start", "mover:default"}).exit, kDone);
  EXPECT_EQ(versionNow(), "2.0.0");
  auto client = enterBy(addressNow());
  talk(client, "back again");
  EXPECT_EQ(plugin({"unload", "nobody"}).exit, kNotFound);
}

TEST_F(PluginLife, AnUnloadedLibraryThatStaysInMemoryIsReported) {
  launchWith("mover_stays_mapped");
  ASSERT_EQ(gateway().gwctl({"channel", "stop", "mover:default"}).exit, kDone);
  const Outcome unloaded = plugin({"unload", "mover"});
  EXPECT_EQ(unloaded.exit, kDone) << unloaded.err;
  EXPECT_NE(unloaded.out.find("still in memory (leaked)"), std::string::npos) << unloaded.out;
  EXPECT_EQ(shownPlugin().at("leaked"), 1);
}

TEST_F(PluginLife, AWatchReloadsWhatALinkerWrote) {
  launchWith("mover_one");
  auto client = enter();
  client.socket().send("say half ");
  ChildProcess watch({GWCTL_PROGRAM, "--socket", gateway().adminSocket(), "plugin", "watch", file()}, "/");
  watch.readUntil("watching " + file() + " for mover\n");
  // Bit by bit, under the name that is watched.
  const std::string library = readFile(testPlugin("mover_two"));
  std::filesystem::remove(file());
  std::ofstream out(file(), std::ios::binary);
  ASSERT_EQ(::chmod(file().c_str(), 0755), 0);
  constexpr size_t kParts = 10;
  for (size_t i = 0; i < kParts; ++i) {
    const size_t from = library.size() * i / kParts;
    out << library.substr(from, library.size() * (i + 1) / kParts - from) << std::flush;
    ::poll(nullptr, 0, 30);  // the linker computes
  }
  out.close();
  watch.readUntil("(version 2.0.0) in place of 1 (version 1.0.0), 1 of 1 connections moved");
  client.sendLine("and half");
  client.expect("You say: half and half\n");
  // A build that went wrong changes nothing, and the next one is taken.
  install("mover_refuses");
  watch.readUntil("options.depth: expected a number");
  EXPECT_EQ(versionNow(), "2.0.0");
  install("mover_three");
  watch.readUntil("(version 3.0.0) in place of");
  talk(client, "still here");
  watch.signal(SIGINT);
  EXPECT_EQ(watch.waitExit(), 128 + SIGINT);
}

TEST_F(PluginLife, SlowCallsQuarantineAnAccountButNotUnderDev) {
  install("mover_one");
  const auto slowCalls = [this] {
    return gateway().gwctlJson({"channel", "show", "mover:default"}).at("slowCallbacks").get<int>();
  };
  launch(withOptions(Json::object()), {"--dev"});
  auto client = enter();
  waitUntil("more slow calls are counted than quarantine takes", [&] {
    client.sendLine("sleep");
    return slowCalls() >= 6;
  });
  const Json shown = gateway().gwctlJson({"channel", "show", "mover:default"});
  EXPECT_EQ(shown.at("quarantined"), false) << shown;
  auto another = enter();
  talk(another, "a debugger may take its time");
  // Nor does a canary have to be fast then.
  install("mover_two");
  const Json begun = gateway().gwctlJson({"plugin", "reload", "mover", "--canary", "2", "--no-wait"});
  waitUntil("the canary serves", [&] { return versionNow() == "2.0.0"; });
  auto canary = enter();
  canary.sendLine("sleep");
  talk(canary, "good morning");
  auto second = enter();
  waitUntil("all have moved", [&] { return generations().size() == 1; });
  EXPECT_EQ(versionNow(), "2.0.0");
  EXPECT_EQ(shownPlugin().at("reloads").at("committed"), 1);
}

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // those always run with --dev
TEST_F(PluginLife, AnAccountInQuarantineIsNamedByItsPlugin) {
  launchWith("mover_one");
  auto client = enter();
  // More than five: a call that ended while the machine was slow quarantines nobody.
  waitUntil("the account is in quarantine", [&] {
    client.sendLine("sleep");
    return !shownPlugin().at("quarantined").empty();
  });
  EXPECT_EQ(shownPlugin().at("quarantined"), Json::array({"mover:default"}));
  EXPECT_NE(plugin({"list"}).out.find("in quarantine: mover:default"), std::string::npos);
  install("mover_two");
  ASSERT_EQ(reload().exit, kDone) << "other code is a way out";
  EXPECT_TRUE(shownPlugin().at("quarantined").empty());
  auto another = enter();
  talk(another, "hello");
}

TEST_F(PluginLife, AnAccountInQuarantineCanBeStopped) {
  launchWith("mover_one");
  auto client = enter();
  waitUntil("the account is in quarantine", [&] {
    client.sendLine("sleep");
    return !shownPlugin().at("quarantined").empty();
  });
  const auto stopped = gateway().gwctl({"channel", "stop", "mover:default"});
  ASSERT_EQ(stopped.exit, kDone) << stopped.err;
  EXPECT_EQ(plugin({"unload", "mover"}).exit, kDone);
}
#endif

}  // namespace
}  // namespace gw::test
