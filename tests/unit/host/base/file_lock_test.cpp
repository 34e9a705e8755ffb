#include "base/file_lock.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

namespace gw {
namespace {

class FileLockTest : public testing::Test {
 protected:
  FileLockTest() {
    std::string name = (std::filesystem::temp_directory_path() / "gw-lock-XXXXXX").string();
    folder_ = mkdtemp(name.data());
  }
  ~FileLockTest() override { std::filesystem::remove_all(folder_); }
  std::string file() const { return folder_ + "/lock"; }
  std::string folder_;
};

TEST_F(FileLockTest, WhoComesSecondIsToldWhoHoldsIt) {
  const auto first = FileLock::take(file());
  ASSERT_TRUE(first.ok());
  const auto second = FileLock::take(file());
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::kConflict);
  EXPECT_EQ(second.error().message, "pid " + std::to_string(getpid()));
}

TEST_F(FileLockTest, ItIsFreeAgainOnceItsHolderIsGoneAndStaysHeldWhenMoved) {
  {
    auto first = FileLock::take(file());
    FileLock moved;
    moved = std::move(*first);
    EXPECT_FALSE(FileLock::take(file()).ok());
  }
  EXPECT_TRUE(FileLock::take(file()).ok());
}

TEST_F(FileLockTest, AFileThatCannotBeOpenedIsNamed) {
  const auto lock = FileLock::take(folder_ + "/nowhere/lock");
  ASSERT_FALSE(lock.ok());
  EXPECT_EQ(lock.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(lock.error().message.find("/nowhere/lock: cannot be opened"), std::string::npos);
}

TEST_F(FileLockTest, ALinkIsNotFollowed) {
  std::filesystem::create_symlink(folder_ + "/target", file());
  EXPECT_FALSE(FileLock::take(file()).ok());
  EXPECT_FALSE(std::filesystem::exists(folder_ + "/target"));
}

}  // namespace
}  // namespace gw
