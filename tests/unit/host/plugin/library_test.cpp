// Whether a library went away: what the kernel maps, and the ledger of generations.

#include "plugin/library.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <thread>

#include "plugin/generation_ledger.h"
#include "plugin/mapped_file.h"
#include "unit/host/plugin/plugin_files.h"

namespace gw::plugin {
namespace {

class LibraryTest : public ::testing::Test {
 protected:
  test::PluginFolder folder_;
};

TEST_F(LibraryTest, IsGoneWhenItWasClosed) {
  const std::string path = folder_.place("good");
  auto library = Library::open(path);
  ASSERT_TRUE(library.ok()) << library.error().message;
  EXPECT_TRUE(isCodeMapped(path));
  EXPECT_EQ((*library)->close(), LibraryEnd::kUnloaded);
  EXPECT_EQ((*library)->close(), LibraryEnd::kUnloaded);
  EXPECT_FALSE(isCodeMapped(path));
}

TEST_F(LibraryTest, OneThatStaysIsNoticedBehindALinkToo) {
  folder_.place("nodelete");
  std::filesystem::create_directory_symlink(folder_.dir(), folder_.root() + "/link");
  const std::string path = folder_.root() + "/link/nodelete.so";
  const uint64_t before = Library::leaked();
  auto library = Library::open(path);
  ASSERT_TRUE(library.ok()) << library.error().message;
  EXPECT_EQ((*library)->close(), LibraryEnd::kLeaked);
  EXPECT_EQ(Library::leaked(), before + 1);
  EXPECT_TRUE(isCodeMapped(path));
  std::filesystem::remove(folder_.dir() + "/nodelete.so");
  EXPECT_TRUE(isCodeMapped(path)) << "its name is gone, its pages are not";
}

TEST_F(LibraryTest, AFileThatIsOnlyReadIsNoCode) {
  const std::string path = folder_.place("good");
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_GE(file, 0);
  void* const pages = ::mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE, file, 0);
  ::close(file);
  ASSERT_NE(pages, MAP_FAILED);
  EXPECT_FALSE(isCodeMapped(path));
  EXPECT_EQ(::munmap(pages, 4096), 0);
}

TEST_F(LibraryTest, AnotherFileWhoseNameBeginsAlikeIsNotThisOne) {
  const std::string longer = folder_.placeAs("good", "a.so.b.so");
  auto library = Library::open(longer);
  ASSERT_TRUE(library.ok()) << library.error().message;
  EXPECT_TRUE(isCodeMapped(longer));
  EXPECT_FALSE(isCodeMapped(folder_.dir() + "/a.so"));
  EXPECT_FALSE(isCodeMapped("/a.so.b.so"));
}

TEST(GenerationLedger, TellsWhatBecameOfEach) {
  GenerationLedger ledger;
  const uint64_t first = ledger.enter();
  const uint64_t second = ledger.enter();
  EXPECT_FALSE(ledger.await(first, 0));
  ledger.leave(first, "a", {1, "1.0", LibraryEnd::kLeaked});
  EXPECT_EQ(ledger.await(first, 0), LibraryEnd::kLeaked);
  std::thread ender([&] { ledger.leave(second, "b", {7, "2.0", LibraryEnd::kUnloaded}); });
  EXPECT_EQ(ledger.await(second, 20'000), LibraryEnd::kUnloaded);
  ender.join();
  EXPECT_EQ(ledger.leakedOf("a"), 1u);
  EXPECT_EQ(ledger.leakedOf("b"), 0u);
  EXPECT_EQ(ledger.lastEndOf("b")->number, 7u);
  EXPECT_FALSE(ledger.lastEndOf("c"));
}

TEST(GenerationLedger, ForgetsOldEndsAndKeepsItsCounts) {
  GenerationLedger ledger;
  const uint64_t first = ledger.enter();
  ledger.leave(first, "a", {1, "1.0", LibraryEnd::kLeaked});
  for (size_t i = 0; i < GenerationLedger::kMostEnds; ++i)
    ledger.leave(ledger.enter(), "a", {i + 2, "1.0", LibraryEnd::kUnloaded});
  EXPECT_EQ(ledger.await(first, 0), LibraryEnd::kUnloaded);
  EXPECT_EQ(ledger.leakedOf("a"), 1u);
}

}  // namespace
}  // namespace gw::plugin
