// PluginReloader without sessions: what it lets in, what it lets go, and on which thread it asks. With the real
// process: tests/integration/reload_test.cpp and plugin_life_test.cpp.

#include "channel/plugin_reload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "channel/channel_manager.h"
#include "plugin/generation_ledger.h"
#include "unit/host/channel/fake_acceptor.h"
#include "unit/host/channel/tcp_client.h"
#include "unit/host/plugin/plugin_files.h"

namespace gw::channel {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr uint64_t kPatienceMs = 30'000;

class PluginReloaderTest : public ::testing::Test {
 protected:
  PluginReloaderTest() : loop_(0) {
    control_.start();
    loop_.start();
    program_ = folder_.write("program", "#!/bin/sh\ncat >/dev/null\necho passed\n");
    ::chmod(program_.c_str(), 0700);
  }
  ~PluginReloaderTest() override {
    if (reloader_) reloader_->stop();
    if (manager_) onControl([&] { manager_->stopAll(GW_CLOSE_SHUTDOWN, 0); });
    acceptor_.dropStreams();
    control_.drain();
    loop_.stop();
    loop_.join();
    if (manager_) onControl([&] { manager_.reset(); });
    control_.stop();
  }
  void onControl(Task task) { ASSERT_TRUE(control_.run(std::move(task))); }

  AccountSpec& account(const std::string& channel, const std::string& optionsJson = "{}") {
    AccountSpec spec;
    spec.channelId = channel;
    spec.listen = net::ListenAddress{{"127.0.0.1"}, 0};
    spec.optionsJson = optionsJson;
    return options_.accounts.emplace_back(std::move(spec));
  }
  void up() {
    catalog_.emplace(plugin::CatalogOptions{{folder_.dir()}, folder_.copies()}, host_.table());
    onControl([&] {
      ASSERT_TRUE(catalog_->prepare().ok());
      manager_ = std::make_unique<ChannelManager>(std::move(options_), control_, *catalog_, acceptor_, systemClock());
      (void)manager_->bindAll();
      manager_->startAll();
      manager_->startAccepting({&loop_});
    });
    reloader_.emplace(
        PluginReloader::Parts{*manager_, *catalog_, acceptor_, control_, systemClock(), program_, [] {}, settleMs_});
    reloader_->start();
  }
  ReloadReport ended(const Result<ReloadReport>& begun) {
    if (!begun) {
      ADD_FAILURE() << begun.error().message;
      return {};
    }
    const auto report = reloader_->await(begun->id, kPatienceMs);
    EXPECT_EQ(report->step, "done") << report->verb;
    return *report;
  }
  ReloadReport reload(const std::string& channel = "good") {
    ReloadOrder order;
    order.channelId = channel;
    return ended(reloader_->begin(std::move(order)));
  }
  void awaitStep(uint64_t id, const std::string& step) {
    const uint64_t endNs = systemClock().nowNs() + kPatienceMs * 1'000'000;
    while (reloader_->await(id, 0)->step != step)
      ASSERT_LT(systemClock().nowNs(), endNs) << "waiting for the step " << step;
  }
  /// A client that is on the account's present generation, and stays on it: nothing moves here.
  std::unique_ptr<test::TcpClient> enter(const std::string& id = "good:default") {
    const std::string address = manager_->snapshot(id)->addresses.at(0);
    auto client =
        std::make_unique<test::TcpClient>(static_cast<uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
    EXPECT_TRUE(acceptor_.waitForStreams(++clients_));
    return client;
  }
  void stopAccount(const std::string& id) {
    onControl([&] { EXPECT_TRUE(manager_->stop(id, 0).ok()); });
  }
  std::string stateOf(const std::string& file) {
    for (const auto& entry : catalog_->entries())
      if (entry.file == folder_.dir() + "/" + file)
        return !entry.refusedReason.empty() ? "refused" : entry.generation > 0 ? "loaded" : "available";
    return "unknown";
  }

  test::RecordingHost host_;
  test::PluginFolder folder_;
  test::FakeAcceptor acceptor_;
  ManagerOptions options_;
  ControlThread control_;
  net::EventLoop loop_;
  std::string program_;
  size_t clients_ = 0;
  uint64_t settleMs_ = 1'000;
  std::optional<plugin::PluginCatalog> catalog_;
  std::unique_ptr<ChannelManager> manager_;
  std::optional<PluginReloader> reloader_;
};

TEST_F(PluginReloaderTest, LoadsAFileForTheAccountsThatWaitForIt) {
  account("good");
  up();
  EXPECT_EQ(manager_->snapshot("good:default")->state, AccountState::kError);
  const ReloadReport report = ended(reloader_->load(folder_.place("good")));
  EXPECT_EQ(report.outcome, "committed") << report.why;
  EXPECT_EQ(report.verb, "load");
  EXPECT_EQ(report.channelId, "good");
  EXPECT_EQ(report.toVersion, "1.2.3");
  EXPECT_EQ(report.toGeneration, 1u);
  EXPECT_THAT(report.started, ElementsAre("good:default"));
  EXPECT_TRUE(manager_->snapshot("good:default")->running);
  EXPECT_EQ(stateOf("good.so"), "loaded");
  EXPECT_EQ(folder_.copiesLeft(), 1u);
}

TEST_F(PluginReloaderTest, AFileThatNobodyWaitsForIsKnownAndNotLoaded) {
  up();
  const ReloadReport report = ended(reloader_->load(folder_.place("good")));
  EXPECT_EQ(report.outcome, "committed") << report.why;
  EXPECT_EQ(report.toGeneration, 0u);
  EXPECT_EQ(stateOf("good.so"), "available");
  EXPECT_EQ(host_.count("init"), 0);
  EXPECT_EQ(folder_.copiesLeft(), 0u);
}

TEST_F(PluginReloaderTest, ALoadTakesThePlaceOfAnotherFileOfItsChannel) {
  folder_.place("good");
  up();
  const ReloadReport report = ended(reloader_->load(folder_.place("good_twin")));
  EXPECT_EQ(report.outcome, "committed") << report.why;
  EXPECT_EQ(stateOf("good_twin.so"), "available");
  EXPECT_EQ(stateOf("good.so"), "refused");
}

TEST_F(PluginReloaderTest, ALoadSaysWhyItIsRefused) {
  account("good");
  up();
  const std::string elsewhere = folder_.root() + "/elsewhere.so";
  std::filesystem::copy_file(std::string(GW_TEST_PLUGIN_DIR) + "/good.so", elsewhere);
  const ReloadReport outside = ended(reloader_->load(elsewhere));
  EXPECT_EQ(outside.outcome, "refused");
  EXPECT_THAT(outside.why, HasSubstr("elsewhere.so\" refused: it lies outside the configured plugin folders"));
  const ReloadReport text = ended(reloader_->load(folder_.write("text.so", "no library")));
  EXPECT_EQ(text.outcome, "refused");
  EXPECT_THAT(text.why, HasSubstr("is not an ELF file"));
  std::ofstream(program_) << "#!/bin/sh\necho refused it has no cable\nexit 1\n";
  const ReloadReport probed = ended(reloader_->load(folder_.place("good")));
  EXPECT_EQ(probed.outcome, "refused");
  EXPECT_EQ(probed.why, "it has no cable");
  EXPECT_EQ(stateOf("good.so"), "unknown");
  EXPECT_EQ(folder_.copiesLeft(), 0u);
}

TEST_F(PluginReloaderTest, ALoadSaysWhichAccountsDidNotStart) {
  account("good", "fail-start");
  account("good").accountId = "second";
  up();
  const ReloadReport report = ended(reloader_->load(folder_.place("good")));
  EXPECT_EQ(report.outcome, "partial");
  EXPECT_THAT(report.started, ElementsAre("good:second"));
  EXPECT_EQ(report.figures.reasons.count("good:default: start failed: no cable"), 1u);
}

TEST_F(PluginReloaderTest, WhatIsLoadedIsReloadedAndNotLoaded) {
  account("good");
  const std::string file = folder_.place("good");
  up();
  const auto refused = reloader_->load(file);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
  EXPECT_THAT(refused.error().message, HasSubstr("gwctl plugin reload good --file " + file));
}

TEST_F(PluginReloaderTest, AReloadFromAnotherFileIsWhatTheNextOneTakes) {
  account("good");
  folder_.place("good");
  up();
  ReloadOrder order;
  order.channelId = "good";
  order.file = folder_.place("good_twin");
  EXPECT_EQ(ended(reloader_->begin(order)).outcome, "committed");
  EXPECT_EQ(stateOf("good_twin.so"), "loaded");
  EXPECT_EQ(reload().file, order.file);
  order.file.clear();
  order.toPrevious = true;
  EXPECT_EQ(ended(reloader_->begin(order)).file, folder_.dir() + "/good_twin.so") << "not the copy that was kept";
}

TEST_F(PluginReloaderTest, DrainsAnOldGenerationUntilItIsUnloaded) {
  account("good");
  folder_.place("good");
  up();
  const auto old = enter();
  EXPECT_EQ(reload().former, "serving");
  const ReloadReport drained = ended(reloader_->drain("good", 1, 1234));
  EXPECT_EQ(drained.outcome, "committed") << drained.why;
  EXPECT_EQ(drained.former, "unloaded");
  EXPECT_EQ(drained.fromVersion, "1.2.3");
  EXPECT_EQ(drained.figures.found, 1u);
  EXPECT_EQ(drained.figures.gone, 1u);
  ASSERT_EQ(acceptor_.closes.size(), 1u);
  EXPECT_EQ(acceptor_.closes[0].code, static_cast<uint32_t>(GW_CLOSE_SHUTDOWN));
  EXPECT_EQ(acceptor_.closes[0].graceMs, 1234u);
  EXPECT_EQ(catalog_->living("good").size(), 1u);
}

TEST_F(PluginReloaderTest, SaysIfSomethingStillHoldsWhatItDrained) {
  account("good");
  folder_.place("good");
  up();
  const auto old = enter();
  reload();
  acceptor_.keepStreams = true;
  acceptor_.cutOff = 1;
  const ReloadReport drained = ended(reloader_->drain("good", 1, 0));
  EXPECT_EQ(drained.outcome, "partial");
  EXPECT_EQ(drained.former, "serving");
  EXPECT_EQ(drained.cutOff, 1u);
}

TEST_F(PluginReloaderTest, DrainsNeitherWhatServesNorWhatIsNotThere) {
  account("good");
  folder_.place("good");
  up();
  const auto serving = reloader_->drain("good", 1, 0);
  ASSERT_FALSE(serving.ok());
  EXPECT_EQ(serving.error().code, ErrorCode::kConflict);
  EXPECT_THAT(serving.error().message, HasSubstr("stop good:default"));
  const auto unknown = reloader_->drain("good", 7, 0);
  ASSERT_FALSE(unknown.ok());
  EXPECT_EQ(unknown.error().code, ErrorCode::kNotFound);
  EXPECT_EQ(unknown.error().message, "good@7 is not loaded; alive: good@1");
}

TEST_F(PluginReloaderTest, AStopWaitsForNobodysGrace) {
  account("good");
  folder_.place("good");
  up();
  const auto old = enter();
  reload();
  acceptor_.waitsForTheGrace = true;
  const auto begun = reloader_->drain("good", 1, 3'600'000);
  ASSERT_TRUE(begun.ok());
  awaitStep(begun->id, "draining");
  const auto busy = reloader_->drain("good", 1, 0);
  ASSERT_FALSE(busy.ok());
  EXPECT_EQ(busy.error().message, "another drain of good is under way");
  const uint64_t startedNs = systemClock().nowNs();
  reloader_->stop();
  EXPECT_LT(systemClock().nowNs() - startedNs, uint64_t{kPatienceMs} * 1'000'000);
  EXPECT_EQ(reloader_->await(begun->id, 0)->outcome, "partial");
}

TEST_F(PluginReloaderTest, ATryClosesNobodysConnectionToMakeRoom) {
  account("good");
  folder_.place("good");
  up();
  std::vector<std::unique_ptr<test::TcpClient>> clients;
  for (size_t i = 1; i < PluginReloader::kMostGenerations; ++i) {
    clients.push_back(enter());
    reload();
  }
  clients.push_back(enter());
  ReloadOrder order;
  order.channelId = "good";
  order.isDryRun = true;
  EXPECT_EQ(ended(reloader_->begin(order)).outcome, "refused") << "no room";
  order.drainOldestMs = 1000;
  EXPECT_EQ(ended(reloader_->begin(order)).outcome, "checked");
  EXPECT_THAT(acceptor_.closes, IsEmpty());
  order.isDryRun = false;
  EXPECT_EQ(ended(reloader_->begin(order)).outcome, "committed");
  EXPECT_EQ(acceptor_.closes.size(), 1u);
}

TEST_F(PluginReloaderTest, UnloadsWhatNoAccountRuns) {
  account("good");
  folder_.place("good");
  folder_.place("other");
  up();
  const auto running = reloader_->unload("good", 1000);
  ASSERT_FALSE(running.ok());
  EXPECT_EQ(running.error().code, ErrorCode::kConflict);
  EXPECT_THAT(running.error().message, HasSubstr("good:default"));
  const auto never = reloader_->unload("other", 1000);
  ASSERT_FALSE(never.ok());
  EXPECT_EQ(never.error().message, "other is not loaded");
  const auto late = enter();
  acceptor_.keepStreams = true;
  stopAccount("good:default");
  EXPECT_EQ(ended(reloader_->unload("good", 100)).outcome, "partial") << "a stream still holds it";
  const uint64_t serial = catalog_->living("good").front()->serial();
  acceptor_.dropStreams();
  // Asked in between, when nothing lives any more and its end is not known yet, it would be called not loaded.
  ASSERT_TRUE(plugin::GenerationLedger::ofProcess().await(serial, kPatienceMs).has_value());
  const ReloadReport report = ended(reloader_->unload("good", kPatienceMs));
  EXPECT_EQ(report.outcome, "committed") << report.why;
  EXPECT_EQ(report.former, "unloaded");
  EXPECT_EQ(report.fromGeneration, 1u);
  EXPECT_FALSE(test::isMapped(folder_.copies()));
  onControl([&] { EXPECT_TRUE(manager_->start("good:default").ok()); });
  EXPECT_EQ(manager_->snapshot("good:default")->generation, 2u);
}

TEST_F(PluginReloaderTest, AsksACanaryOnTheControlThreadHowItIs) {
  account("other", "names-thread");
  folder_.place("other");
  up();
  ReloadOrder order;
  order.channelId = "other";
  order.canaryClients = 1;
  order.canaryMs = 200;
  EXPECT_EQ(ended(reloader_->begin(order)).outcome, "committed");
  const std::set<std::string> lifecycle{"init", "create", "start", "stop", "destroy", "drain", "deinit"};
  std::vector<std::string> threads;
  for (const std::string& said : host_.messages())
    if (lifecycle.count(said) == 0) threads.push_back(said);
  EXPECT_THAT(threads, Not(IsEmpty()));
  EXPECT_THAT(threads, Each("control"));
}

TEST_F(PluginReloaderTest, GoesBackFromACanaryThatSaysItHasFailed) {
  account("other", "failed");
  folder_.place("other");
  up();
  ReloadOrder order;
  order.channelId = "other";
  order.canaryClients = 1;
  const ReloadReport report = ended(reloader_->begin(order));
  EXPECT_EQ(report.outcome, "rolledBack");
  EXPECT_THAT(report.why, HasSubstr("no speed"));
  EXPECT_EQ(manager_->snapshot("other:default")->generation, 1u);
}

// A stop ends the instance that was to serve, and a start takes the code that serves now.
TEST_F(PluginReloaderTest, AnAccountThatIsStoppedAndStartedMeanwhileIsNotCalledReloaded) {
  account("good");
  folder_.place("good");
  up();
  ReloadOrder order;
  order.channelId = "good";
  order.canaryClients = 1;
  order.canaryMs = 3'000;
  const auto begun = reloader_->begin(order);
  awaitStep(begun->id, "canary");
  EXPECT_TRUE(reloader_->isReloading("good"));
  stopAccount("good:default");
  onControl([&] { EXPECT_TRUE(manager_->start("good:default").ok()); });
  const ReloadReport report = ended(begun);
  EXPECT_EQ(report.outcome, "rolledBack");
  EXPECT_THAT(report.why, HasSubstr("meanwhile"));
  EXPECT_FALSE(reloader_->isReloading("good"));
  EXPECT_EQ(manager_->snapshot("good:default")->generation, 1u);
}

// After two canaries that went back, the oldest generation is the one that serves.
TEST_F(PluginReloaderTest, RoomIsMadeByTheOldestGenerationThatServesNobody) {
  account("good");
  folder_.place("good");
  up();
  std::vector<std::unique_ptr<test::TcpClient>> clients;
  ReloadOrder order;
  order.channelId = "good";
  order.canaryClients = 2;
  order.canaryMs = kPatienceMs;
  plugin::setCallbackPolicy({.budgetNs = 0});
  for (int i = 0; i < 2; ++i) {
    const auto begun = reloader_->begin(order);
    const uint64_t endNs = systemClock().nowNs() + kPatienceMs * 1'000'000;
    while (manager_->snapshot("good:default")->generation == 1)
      ASSERT_LT(systemClock().nowNs(), endNs) << "waiting for the canary";
    clients.push_back(enter());
    // A call may take no time at all.
    while (reloader_->await(begun->id, 10)->step != "done" && systemClock().nowNs() < endNs) acceptor_.quarantineAll();
    EXPECT_EQ(ended(begun).outcome, "rolledBack");
  }
  plugin::setCallbackPolicy({});
  order.canaryClients = 0;
  order.drainOldestMs = 1'000;
  const ReloadReport report = ended(reloader_->begin(order));
  EXPECT_EQ(report.outcome, "committed") << report.why;
  for (const auto& generation : catalog_->living("good")) EXPECT_NE(generation->number(), 2u);
}

TEST_F(PluginReloaderTest, CountsHowReloadsEnded) {
  account("good");
  const std::string file = folder_.place("good");
  up();
  EXPECT_EQ(reload().outcome, "committed");
  std::filesystem::remove(file);
  folder_.write("good.so", "no library");
  EXPECT_EQ(reload().outcome, "refused");
  ReloadOrder order;
  order.channelId = "good";
  order.isDryRun = true;
  EXPECT_EQ(ended(reloader_->begin(order)).outcome, "refused");
  EXPECT_EQ(folder_.copiesLeft(), 2u) << "the one that serves and the one before";
  const ReloadTotals totals = reloader_->totals("good");
  EXPECT_EQ(totals.committed, 1u);
  EXPECT_EQ(totals.refused, 1u);
  EXPECT_EQ(reloader_->totals("other").refused, 0u);
}

TEST_F(PluginReloaderTest, TriesAFileWhoseChannelIsNotInUse) {
  up();
  ReloadOrder order;
  order.channelId = "good";
  order.file = folder_.place("good");
  order.isDryRun = true;
  const ReloadReport report = ended(reloader_->begin(order));
  EXPECT_EQ(report.outcome, "checked") << report.why;
  EXPECT_EQ(folder_.copiesLeft(), 0u);
}

}  // namespace
}  // namespace gw::channel
