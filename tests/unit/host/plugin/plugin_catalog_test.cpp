#include "plugin/plugin_catalog.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "unit/host/plugin/plugin_files.h"

namespace gw::plugin {
namespace {

using ::testing::HasSubstr;

class PluginCatalogTest : public ::testing::Test {
 protected:
  PluginCatalog& catalog() {
    if (!catalog_) {
      catalog_.emplace(CatalogOptions{{folder_.dir()}, folder_.copies(), maxFiles_}, host_.table());
      EXPECT_TRUE(catalog_->prepare().ok());
    }
    return *catalog_;
  }
  CatalogEntry entry(const std::string& file) {
    for (const CatalogEntry& one : catalog().entries()) {
      if (one.file == folder_.dir() + "/" + file) return one;
    }
    ADD_FAILURE() << file << " is not listed";
    return {};
  }
  test::RecordingHost host_;
  test::PluginFolder folder_;
  size_t maxFiles_ = 256;
  std::optional<PluginCatalog> catalog_;
};

TEST_F(PluginCatalogTest, ListsWithoutLoading) {
  folder_.place("good");
  folder_.place("other");
  EXPECT_EQ(catalog().entries().size(), 2u);
  EXPECT_EQ(entry("good.so").channelId, "good");
  EXPECT_EQ(entry("good.so").version, "1.2.3");
  EXPECT_EQ(entry("good.so").generation, 0u);
  EXPECT_EQ(host_.count("init"), 0);
  EXPECT_EQ(folder_.copiesLeft(), 0u);
}

TEST_F(PluginCatalogTest, ListsWhatItRefusedWithTheReason) {
  folder_.write("text.so", "no library");
  folder_.place("no_note");
  folder_.place("good", 0666);
  folder_.write("README", "not looked at");
  EXPECT_EQ(catalog().entries().size(), 3u);
  EXPECT_THAT(entry("text.so").refusedReason, HasSubstr("not an ELF file"));
  EXPECT_THAT(entry("no_note.so").refusedReason, HasSubstr("no .note.gw note"));
  EXPECT_THAT(entry("good.so").refusedReason, HasSubstr("writable by group or others"));
  const auto loaded = catalog().generation("good");
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(loaded.error().message, HasSubstr("writable by group or others"));
}

TEST_F(PluginCatalogTest, TheFirstFileOfAChannelServesIt) {
  folder_.placeAs("good", "a.so");
  folder_.placeAs("good_twin", "b.so");
  EXPECT_TRUE(entry("a.so").refusedReason.empty());
  EXPECT_THAT(entry("b.so").refusedReason, HasSubstr("channel good is already served by " + folder_.dir() + "/a.so"));
  EXPECT_EQ((*catalog().generation("good"))->file(), folder_.dir() + "/a.so");
}

TEST_F(PluginCatalogTest, AccountsShareOneGenerationUntilTheLastIsGone) {
  folder_.place("good");
  auto first = catalog().generation("good");
  auto second = catalog().generation("good");
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_EQ(first->get(), second->get());
  EXPECT_EQ(entry("good.so").generation, 1u);
  EXPECT_EQ(entry("good.so").sha256, (*first)->sha256());
  *first = nullptr;
  EXPECT_EQ(host_.count("deinit"), 0);
  *second = nullptr;
  EXPECT_EQ(host_.count("deinit"), 1);
  EXPECT_EQ(entry("good.so").generation, 0u);
  EXPECT_EQ((*catalog().generation("good"))->number(), 2u);
}

TEST_F(PluginCatalogTest, DescribesWhatIsLoaded) {
  folder_.place("other");
  EXPECT_TRUE(entry("other.so").extensions.empty());
  const auto loaded = catalog().generation("other");
  const CatalogEntry now = entry("other.so");
  EXPECT_EQ(now.name, "Test channel");
  EXPECT_EQ(now.vendor, "tests");
  EXPECT_EQ(now.license, "Apache-2.0");
  EXPECT_GT(now.loadedAtUs, 0);
  EXPECT_EQ(now.extensions.size(), 5u);
}

TEST_F(PluginCatalogTest, AFailedLoadUsesUpItsNumber) {
  folder_.placeAs("failing_init", "good.so");
  EXPECT_FALSE(catalog().generation("good").ok());
  std::filesystem::remove(folder_.dir() + "/good.so");
  folder_.place("good");
  catalog().scan();
  EXPECT_EQ((*catalog().generation("good"))->number(), 2u);
}

TEST_F(PluginCatalogTest, NoticesThatAFileChangedItsChannel) {
  folder_.place("good");
  catalog();
  std::filesystem::remove(folder_.dir() + "/good.so");
  folder_.placeAs("other", "good.so");
  const auto loaded = catalog().generation("good");
  ASSERT_FALSE(loaded.ok());
  EXPECT_EQ(loaded.error().code, ErrorCode::kConflict);
}

TEST_F(PluginCatalogTest, SaysWhereItLookedForAnUnknownChannel) {
  const auto loaded = catalog().generation("gopher");
  ASSERT_FALSE(loaded.ok());
  EXPECT_THAT(loaded.error().message, HasSubstr("no plugin for channel \"gopher\" in " + folder_.dir()));
}

TEST_F(PluginCatalogTest, LooksAtABoundedNumberOfFiles) {
  maxFiles_ = 2;
  for (const char* name : {"a.so", "b.so", "c.so"}) folder_.write(name, "x");
  EXPECT_EQ(catalog().entries().size(), 2u);
}

TEST_F(PluginCatalogTest, AMissingFolderIsNoFault) {
  PluginCatalog lonely({{folder_.root() + "/none"}, folder_.copies()}, host_.table());
  EXPECT_TRUE(lonely.prepare().ok());
  EXPECT_TRUE(lonely.entries().empty());
}

TEST_F(PluginCatalogTest, UnusableCopiesFolderIsFatalAtStart) {
  std::ofstream(folder_.root() + "/file") << "x";
  PluginCatalog bad({{folder_.dir()}, folder_.root() + "/file"}, host_.table());
  EXPECT_FALSE(bad.prepare().ok());
}

}  // namespace
}  // namespace gw::plugin
