// A plugin's code is replaced under live connections of the real process, and what is wrong with the new code is
// found before anybody notices. Channel "mover" is made for it (tests/data/plugins/mover.cpp).

#include <chrono>
#include <fstream>

#include "integration/mover_fixture.h"

namespace gw::test {
namespace {

class Reload : public MoverTest {};

TEST_F(Reload, MovesLiveConnectionsWithWhatWasHalfTyped) {
  launchWith("mover_one");
  std::vector<TelnetClient> clients;
  for (int i = 0; i < 8; ++i) clients.push_back(enter());
  for (auto& client : clients) client.socket().send("say half ");
  install("mover_two");
  const Outcome done = reload({"-o", "json"});
  ASSERT_EQ(done.exit, kDone) << done.err;
  const Json summary = Json::parse(done.out);
  EXPECT_EQ(summary.at("outcome"), "committed") << summary;
  EXPECT_EQ(summary.at("moved"), 8) << summary;
  EXPECT_EQ(summary.at("from").at("version"), "1.0.0");
  EXPECT_EQ(summary.at("to").at("version"), "2.0.0");
  EXPECT_EQ(summary.at("former"), "unloaded") << summary;
  for (auto& client : clients) {
    client.sendLine("and half");
    client.expect("You say: half and half\n");
  }
  talk(clients[0], "still here");
  clients[7].expect("says: still here\n");
  EXPECT_EQ(generations().size(), 1u) << generations();
  EXPECT_EQ(versionNow(), "2.0.0");
  const Json shown = gateway().gwctlJson({"channel", "show", "mover:default"});
  EXPECT_EQ(shown.at("connections"), 8) << shown;
}

TEST_F(Reload, SaysInWordsWhatItDid) {
  launchWith("mover_one");
  auto client = enter();
  install("mover_two");
  const Outcome done = reload();
  EXPECT_EQ(done.exit, kDone) << done.err;
  EXPECT_NE(done.out.find("mover: generation 2 (version 2.0.0) in place of 1 (version 1.0.0), 1 of 1 connections"),
            std::string::npos)
      << done.out;
  talk(client, "hello");
}

TEST_F(Reload, CanBeDoneManyTimesAndLeavesNothingBehind) {
  launchWith("mover_one");
  auto client = enter();
  for (int round = 0; round < 12; ++round) {
    install(round % 2 == 0 ? "mover_two" : "mover_one");
    ASSERT_EQ(reload().exit, kDone) << round;
    talk(client, "round " + std::to_string(round));
  }
  EXPECT_EQ(generations().size(), 1u);
  std::ifstream maps("/proc/" + std::to_string(gateway().pid()) + "/maps");
  std::string all{std::istreambuf_iterator<char>(maps), {}};
  EXPECT_EQ(all.find("/1-"), std::string::npos) << "the first generation's library is still mapped";
}

struct Bad {
  const char* name;
  const char* build;
  int exit;
  const char* says;
  int probeSeconds = 10;
};
void PrintTo(const Bad& bad, std::ostream* out) { *out << bad.name; }

class BadReload : public Reload, public ::testing::WithParamInterface<Bad> {};

TEST_P(BadReload, LeavesTheOldGenerationServing) {
  const Bad& bad = GetParam();
  launchWith("mover_one");
  auto client = enter();
  client.socket().send("say half ");
  if (std::string(bad.build) == "text") {
    plugins_.write("mover.so", "this is no library", 0755);
  } else {
    install(bad.build);
  }
  const Outcome done = reload({"--probe-for", std::to_string(bad.probeSeconds) + "s"});
  EXPECT_EQ(done.exit, bad.exit) << done.out << done.err;
  EXPECT_NE(done.err.find(bad.says), std::string::npos) << done.err;
  client.sendLine("and half");
  client.expect("You say: half and half\n");
  EXPECT_EQ(versionNow(), "1.0.0");
  EXPECT_EQ(generations().size(), 1u) << generations();
  install("mover_two");
  EXPECT_EQ(reload().exit, kDone);
  talk(client, "after all");
}

INSTANTIATE_TEST_SUITE_P(
    All, BadReload,
    ::testing::Values(
        Bad{"NoLibrary", "text", kRefused, "mover.so"},
        Bad{"AnotherChannel", "good", kRefused, "is of channel good, not of mover"},
        Bad{"CrashesInTheProbe", "mover_crashes", kRefused, "crashed (Aborted) while it was creating mover:default"},
        Bad{"HangsInTheProbe", "mover_hangs", kRefused, "took more than 3 s while it was creating mover:default", 3},
        Bad{"RefusesTheOptions", "mover_refuses", kRefused, "options.depth: expected a number"},
        Bad{"CannotImport", "mover_cannot_import", kRolledBack, "it takes nobody over"}),
    [](const auto& made) { return made.param.name; });

TEST_F(Reload, OtherOptionsComeByAnotherInstanceBelowLiveConnections) {
  launchWith("mover_one");
  auto client = enter();
  client.socket().send("say half ");
  gateway().configure(withOptions({{"sign", "#"}}));
  const Json plan = gateway().gwctlJson({"config", "reload"});
  EXPECT_TRUE(plan.at("needRestart").empty()) << plan;
  EXPECT_EQ(plan.at("applied").at(0), "/accounts/mover:default/options/sign") << plan;
  gateway().waitForLog("outcome=\"committed\"");
  client.sendLine("and half");
  client.expect("#You say: half and half\n");
  EXPECT_EQ(generations().size(), 1u) << generations();
  // A reload of the code keeps them.
  install("mover_two");
  ASSERT_EQ(reload().exit, kDone);
  client.sendLine("say again");
  client.expect("#You say: again\n");
}

TEST_F(Reload, OptionsThatThePluginRefusesChangeNothing) {
  launchWith("mover_one");
  auto client = enter();
  gateway().configure(withOptions({{"depth", 3}}));
  const Outcome refused = gateway().gwctl({"config", "reload"});
  EXPECT_NE(refused.exit, 0);
  EXPECT_NE(refused.err.find("options.depth: there is no such option"), std::string::npos) << refused.err;
  talk(client, "as before");
}

TEST_F(Reload, ADryRunChangesNothing) {
  launchWith("mover_one");
  auto client = enter();
  install("mover_two");
  const Outcome done = reload({"--dry-run"});
  EXPECT_EQ(done.exit, kDone) << done.err;
  EXPECT_NE(done.out.find("version 2.0.0 passed the probe"), std::string::npos) << done.out;
  EXPECT_EQ(versionNow(), "1.0.0");
  talk(client, "as before");
}

TEST_F(Reload, ConnectionsThatNeverLeaveStayUntilTheyClose) {
  launchWith("mover_never_leaves");
  auto old = enter();
  install("mover_two");
  const Outcome done = reload();
  EXPECT_EQ(done.exit, kPartial) << done.err;
  EXPECT_NE(done.err.find("it likes it here"), std::string::npos) << done.err;
  talk(old, "I stay");
  auto young = enter();
  talk(young, "I am new");
  old.expect("says: I am new\n");
  EXPECT_EQ(generations().size(), 2u) << generations();
  old.sendLine("quit");
  old.readToEnd();
  waitUntil("the old generation is gone", [&] { return generations().size() == 1; });
}

TEST_F(Reload, ConnectionsThatCannotLeaveYetAreAskedAgainAndThenStay) {
  launchWith("mover_not_yet");
  auto old = enter();
  install("mover_two");
  const Outcome done = reload();
  EXPECT_EQ(done.exit, kPartial) << done.err;
  EXPECT_NE(done.err.find("it is busy"), std::string::npos) << done.err;
  talk(old, "I stay");
}

TEST_F(Reload, StatesThatNobodyElseReadsStay) {
  launchWith("mover_one");
  auto old = enter();
  install("mover_other_state");
  const Outcome done = reload();
  EXPECT_EQ(done.exit, kPartial) << done.err;
  EXPECT_NE(done.err.find("no state version in common"), std::string::npos) << done.err;
  talk(old, "I stay");
}

TEST_F(Reload, AFourthLivingGenerationIsRefusedUnlessTheOldestIsDrained) {
  launchWith("mover_never_leaves");
  auto first = enter();
  install("mover_never_leaves");
  ASSERT_EQ(reload().exit, kPartial);
  auto second = enter();
  install("mover_never_leaves");
  ASSERT_EQ(reload().exit, kPartial);
  auto third = enter();
  const Outcome full = reload();
  EXPECT_EQ(full.exit, kRefused) << full.out;
  EXPECT_NE(full.err.find("mover has 3 live generations: 1 (version 1.0.0), 2 (version 1.0.0), 3 (version 1.0.0)"),
            std::string::npos)
      << full.err;
  const Outcome drained = reload({"--drain-oldest", "1s"});
  EXPECT_EQ(drained.exit, kPartial) << drained.err;
  first.readToEnd();
  talk(second, "I stay");
  talk(third, "so do I");
}

TEST_F(Reload, FewThatCannotBeTakenOverStayAndTheOthersMove) {
  launchWith("mover_one");
  std::vector<TelnetClient> clients;
  for (int i = 0; i < 6; ++i) clients.push_back(enter());
  clients[0].socket().send("say half ");
  talk(clients[1], "wait until the half line is there");
  clients[0].expect("says: wait until the half line is there\n");
  install("mover_breaks_later");
  const Outcome done = reload();
  EXPECT_EQ(done.exit, kPartial) << done.err;
  EXPECT_NE(done.err.find("it cannot read a line"), std::string::npos) << done.err;
  clients[0].sendLine("and half");
  clients[1].expect("says: half and half\n");
  EXPECT_EQ(generations().size(), 2u);
}

TEST_F(Reload, GoesBackToTheGenerationBefore) {
  launchWith("mover_one");
  auto client = enter();
  const Outcome nothing = gateway().gwctl({"plugin", "rollback", "mover"});
  EXPECT_EQ(nothing.exit, kRefused) << nothing.out;
  EXPECT_NE(nothing.err.find("there is no generation of mover to go back to"), std::string::npos) << nothing.err;
  install("mover_two");
  ASSERT_EQ(reload().exit, kDone);
  client.socket().send("say half ");
  const Outcome back = gateway().gwctl({"plugin", "rollback", "mover"});
  EXPECT_EQ(back.exit, kDone) << back.err;
  EXPECT_EQ(versionNow(), "1.0.0");
  client.sendLine("and half");
  client.expect("You say: half and half\n");
}

TEST_F(Reload, ACanaryGetsNewClientsBeforeTheOthersMove) {
  launchWith("mover_one");
  auto old = enter();
  install("mover_two");
  const Json begun = gateway().gwctlJson({"plugin", "reload", "mover", "--canary", "2", "--no-wait"});
  const std::string step = "/canary";
  waitUntil("the canary serves", [&] { return versionNow() == "2.0.0"; });
  auto first = enter();
  EXPECT_EQ(generations().size(), 2u);
  talk(old, "not yet");
  auto second = enter();
  waitUntil("all have moved", [&] { return generations().size() == 1; });
  talk(old, "moved");
  talk(second, "canary");
}

TEST_F(Reload, ALibraryThatStaysInMemoryIsReportedAndNotFatal) {
  launchWith("mover_stays_mapped");
  auto client = enter();
  install("mover_two");
  const Outcome done = reload();
  EXPECT_EQ(done.exit, kDone) << done.err;
  EXPECT_NE(done.out.find("still in memory (leaked)"), std::string::npos) << done.out;
  talk(client, "never mind");
}

TEST_F(Reload, OneAtATime) {
  launchWith("mover_one");
  install("mover_hangs");
  ASSERT_EQ(reload({"--no-wait"}).exit, kDone);
  const Outcome second = reload();
  EXPECT_EQ(second.exit, kConflict) << second.out;
  EXPECT_NE(second.err.find("another reload of mover is under way"), std::string::npos) << second.err;
}

TEST_F(Reload, AStopDoesNotWaitForAProbeThatHangs) {
  launchWith("mover_one");
  install("mover_hangs");
  ASSERT_EQ(reload({"--no-wait"}).exit, kDone);
  const auto begun = std::chrono::steady_clock::now();
  EXPECT_EQ(gateway().stop(), 0);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(8));
  expectStopped();
}

TEST_F(Reload, AStopInTheMiddleIsClean) {
  launchWith("mover_one");
  auto client = enter();
  install("mover_two");
  ASSERT_EQ(reload({"--canary", "1000000", "--no-wait"}).exit, kDone);
  waitUntil("the canary serves", [&] { return versionNow() == "2.0.0"; });
}

}  // namespace
}  // namespace gw::test
