#include "plugin/generation.h"

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "plugin/file_gate.h"
#include "plugin/instance.h"
#include "plugin/library.h"
#include "plugin/reaper.h"
#include "unit/host/plugin/plugin_files.h"

namespace gw::plugin {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class GenerationTest : public ::testing::Test {
 protected:
  Result<std::shared_ptr<Generation>> load(const std::string& name, uint64_t number = 1) {
    const std::string file = folder_.dir() + "/" + name + ".so";
    if (!std::filesystem::exists(file)) folder_.place(name);
    return Generation::load(file, folder_.copies(), number, host_.table());
  }
  std::shared_ptr<Generation> good(uint64_t number = 1) {
    auto loaded = load("good", number);
    if (!loaded) ADD_FAILURE() << loaded.error().message;
    return loaded ? *loaded : nullptr;
  }
  Result<std::shared_ptr<Instance>> instance(const std::string& options) {
    return Instance::create(good(), "good:default", options);
  }
  test::RecordingHost host_;
  test::PluginFolder folder_;
};

TEST_F(GenerationTest, LoadsAndUnloadsWithoutATrace) {
  const uint64_t leaked = Library::leaked();
  {
    const auto generation = good(3);
    ASSERT_TRUE(generation);
    EXPECT_EQ(generation->number(), 3u);
    EXPECT_EQ(generation->channelId(), "good");
    EXPECT_EQ(generation->version(), "1.2.3");
    EXPECT_EQ(generation->file(), folder_.dir() + "/good.so");
    EXPECT_EQ(generation->sha256().size(), 64u);
    EXPECT_NE(generation->http(), nullptr);
    EXPECT_EQ(generation->health(), nullptr);
    EXPECT_EQ(generation->config(), nullptr);
    EXPECT_TRUE(test::isMapped(folder_.copies()));
    EXPECT_FALSE(test::isMapped(folder_.dir()));  // the original may be overwritten at any time
  }
  EXPECT_FALSE(test::isMapped(folder_.copies()));
  EXPECT_EQ(folder_.copiesLeft(), 0u);
  EXPECT_EQ(Library::leaked(), leaked);
  EXPECT_THAT(host_.messages(), ElementsAre("init", "deinit"));
}

TEST_F(GenerationTest, TwoGenerationsShareNothing) {
  const auto first = good(1);
  const auto second = good(2);
  ASSERT_TRUE(first && second);
  EXPECT_NE(&first->plugin(), &second->plugin());
  EXPECT_EQ(host_.count("init"), 2);
}

struct Refusal {
  const char* plugin;
  const char* reason;
};
class GenerationRefusal : public GenerationTest, public ::testing::WithParamInterface<Refusal> {};

TEST_P(GenerationRefusal, NamesFileAndReasonAndLeavesNothing) {
  const auto loaded = load(GetParam().plugin);
  ASSERT_FALSE(loaded.ok());
  EXPECT_THAT(loaded.error().message, HasSubstr(GetParam().reason));
  EXPECT_THAT(loaded.error().message, HasSubstr(std::string("/") + GetParam().plugin + ".so"));
  EXPECT_FALSE(test::isMapped(folder_.copies()));
  EXPECT_EQ(folder_.copiesLeft(), 0u);
  EXPECT_EQ(host_.count("deinit"), 0);  // init never succeeded
  EXPECT_TRUE(good(2));                 // and the next one loads
}

INSTANTIATE_TEST_SUITE_P(
    Plugins, GenerationRefusal,
    ::testing::Values(
        Refusal{"throwing_entry", "gw_plugin_entry threw an exception: entry went wrong"},
        Refusal{"null_entry", "gw_plugin_entry returned null: needs a newer host"},
        Refusal{"silent_entry", "returned null: no reason was given"}, Refusal{"chosen_abi", "chose plugin ABI 7"},
        Refusal{"throwing_init", "init threw an exception: init went wrong"},
        Refusal{"failing_init", "init failed: no licence"}, Refusal{"foreign_abi", "plugin ABI 99"},
        Refusal{"other_id", "its note \"somebody-else\""},
        Refusal{"no_stream", "lacks the required extension gw.stream/1"},
        Refusal{"no_encode", "lacks the required extension gw.encode/1"},
        Refusal{"small_table", "gw_plugin table is smaller"}, Refusal{"no_ops", "gw_instance_ops table has a hole"},
        Refusal{"holey_stream", "gw.stream/1 table has a hole"}, Refusal{"holey_login", "gw.login/1 table has a hole"},
        Refusal{"holey_work", "gw.work/1 table has a hole"}, Refusal{"short_encode", "gw.encode/1 table is smaller"},
        Refusal{"unresolved", "nobody_has_this"}),
    [](const auto& test) { return std::string(test.param.plugin); });

TEST_F(GenerationTest, SaysThatTheFileIsMissing) {
  const auto loaded = Generation::load(folder_.dir() + "/none.so", folder_.copies(), 1, host_.table());
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.error().code, ErrorCode::kNotFound);
}

TEST_F(GenerationTest, KeepsAPluginThatAsksForIt) {
  const uint64_t leaked = Library::leaked();
  ASSERT_TRUE(load("stays").ok());
  EXPECT_TRUE(test::isMapped(folder_.copies()));
  EXPECT_EQ(Library::leaked(), leaked);
}

TEST_F(GenerationTest, CountsALibraryThatStaysMapped) {
  const uint64_t leaked = Library::leaked();
  void* held = nullptr;
  {
    const auto generation = good();
    ASSERT_TRUE(generation);
    const std::string copy = folder_.copies() + "/1-" + generation->sha256() + ".so";
    held = ::dlopen(copy.c_str(), RTLD_NOW | RTLD_NOLOAD);  // as a plugin does that pins itself
    ASSERT_NE(held, nullptr);
  }
  EXPECT_EQ(Library::leaked(), leaked + 1);
  ::dlclose(held);
}

TEST_F(GenerationTest, RefusesToLoadTheSamePathTwice) {
  const std::string path = folder_.place("good");
  auto first = Library::open(path);
  ASSERT_TRUE(first.ok());
  EXPECT_NE((*first)->symbol("gw_plugin_entry"), nullptr);
  EXPECT_EQ((*first)->symbol("nothing_like_it"), nullptr);
  const auto second = Library::open(path);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
}

TEST_F(GenerationTest, InstanceGoesThroughItsLife) {
  auto made = instance("{}");
  ASSERT_TRUE(made.ok()) << made.error().message;
  Instance& account = **made;
  EXPECT_EQ(account.accountId(), "good:default");
  EXPECT_EQ(&Instance::from(account.asHostInst()), &account);
  ASSERT_TRUE(account.start().ok());
  ASSERT_TRUE(account.start().ok());  // a second start does nothing
  account.drain(100);
  account.stop();
  account.stop();
  *made = nullptr;
  EXPECT_THAT(host_.messages(), ElementsAre("init", "create", "start", "drain", "stop", "destroy", "deinit"));
}

TEST_F(GenerationTest, DestroysARunningInstanceInOrder) {
  {
    auto made = instance("{}");
    ASSERT_TRUE((*made)->start().ok());
  }
  EXPECT_THAT(host_.messages(), ElementsAre("init", "create", "start", "stop", "destroy", "deinit"));
}

TEST_F(GenerationTest, InstanceFailuresAreSentencesWithTheAccount) {
  EXPECT_EQ(instance("fail-validate").error().message,
            "good:default: validate_config failed: options.x: expected a number");
  EXPECT_EQ(instance("fail-validate").error().code, ErrorCode::kInvalid);
  EXPECT_EQ(instance("throw-create").error().message, "good:default: create threw an exception: create went wrong");
  EXPECT_EQ(instance("fail-create").error().message, "good:default: create failed: status -3 without a reason");
  EXPECT_EQ(instance("null-create").error().message, "good:default: create returned no instance");
  EXPECT_EQ((*instance("fail-start"))->start().error().message, "good:default: start failed: no cable");
  EXPECT_EQ((*instance("throw-start"))->start().error().message, "good:default: start threw an exception");
}

TEST_F(GenerationTest, AsksThePluginHowItIs) {
  const auto other = [this](const std::string& options) {
    auto made = Instance::create(*load("other"), "other:default", options);
    return *made;
  };
  EXPECT_NE(other("")->generation().config(), nullptr);
  EXPECT_TRUE(other("")->selfTest().ok());
  EXPECT_EQ(other("fail-selftest")->selfTest().error().message, "other:default: selftest failed: the codec is broken");
  EXPECT_EQ(other("")->health().level, static_cast<uint32_t>(GW_HEALTH_OK));
  EXPECT_EQ(other("")->health().text, "still fine");
  EXPECT_EQ(other("degraded")->health().level, static_cast<uint32_t>(GW_HEALTH_DEGRADED));
  EXPECT_EQ(other("degraded failed")->health().text, "no speed");
  EXPECT_EQ(other("future")->health().level, static_cast<uint32_t>(GW_HEALTH_DEGRADED));
  EXPECT_EQ(other("throw-report")->health().level, static_cast<uint32_t>(GW_HEALTH_FAILED));
  EXPECT_TRUE((*instance("{}"))->selfTest().ok());  // has no gw.health/1
  EXPECT_EQ((*instance("{}"))->health().level, static_cast<uint32_t>(GW_HEALTH_OK));
}

TEST_F(GenerationTest, AThrowingStopStillLeadsToDestroy) {
  {
    auto made = instance("throw-stop");
    ASSERT_TRUE((*made)->start().ok());
  }
  EXPECT_EQ(host_.count("destroy"), 1);
  EXPECT_EQ(host_.count("deinit"), 1);
}

TEST_F(GenerationTest, LastReferenceOnAnotherThreadEndsWhereTheReaperSays) {
  auto made = instance("{}");
  std::vector<Task> posted;
  installReaper([&](Task task) -> Task {
    posted.push_back(std::move(task));
    return nullptr;
  });
  std::thread([last = std::move(*made)]() mutable { last = nullptr; }).join();
  EXPECT_EQ(host_.count("destroy"), 0);
  ASSERT_EQ(posted.size(), 1u);
  installReaper(nullptr);
  posted[0]();
  EXPECT_EQ(host_.count("destroy"), 1);
  EXPECT_EQ(host_.count("deinit"), 1);
}

TEST_F(GenerationTest, AReaperThatHasEndedLetsTheCallerDoIt) {
  auto made = instance("{}");
  installReaper([](Task task) { return task; });
  *made = nullptr;
  installReaper(nullptr);
  EXPECT_EQ(host_.count("deinit"), 1);
}

}  // namespace
}  // namespace gw::plugin
