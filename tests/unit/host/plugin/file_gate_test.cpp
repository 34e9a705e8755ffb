#include "plugin/file_gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/crypto.h"
#include "unit/host/plugin/plugin_files.h"

namespace gw::plugin {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class FileGate : public ::testing::Test {
 protected:
  Result<VettedCopy> copy(const std::string& file, uint64_t generation = 1) {
    return vetAndCopy(file, folder_.copies(), generation, options_);
  }
  test::PluginFolder folder_;
  GateOptions options_;
};

TEST_F(FileGate, CopiesAGoodPluginUnderItsHash) {
  const std::string file = folder_.place("good");
  const auto made = copy(file, 7);
  ASSERT_TRUE(made.ok()) << made.error().message;
  EXPECT_EQ(made->note.id, "good");
  EXPECT_EQ(made->sha256, sha256Hex(test::readFile(file)));
  EXPECT_EQ(made->path, folder_.copies() + "/7-" + made->sha256 + ".so");
  EXPECT_EQ(test::readFile(made->path), test::readFile(file));
  struct stat status {};
  ASSERT_EQ(::stat(made->path.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0700u);
}

TEST_F(FileGate, NeverReusesACopy) {
  const std::string file = folder_.place("good");
  ASSERT_TRUE(copy(file).ok());
  const auto again = copy(file);
  ASSERT_FALSE(again.ok());
  EXPECT_EQ(again.error().code, ErrorCode::kUnavailable);
}

TEST_F(FileGate, RefusesAFileThatOthersCanWrite) {
  for (const mode_t mode : {0666, 0664, 0646}) {
    const auto made = copy(folder_.placeAs("good", "w" + std::to_string(mode) + ".so", mode));
    ASSERT_FALSE(made.ok());
    EXPECT_EQ(made.error().code, ErrorCode::kForbidden);
    EXPECT_THAT(made.error().message, HasSubstr("writable by group or others"));
  }
  EXPECT_EQ(folder_.copiesLeft(), 0u);
}

TEST_F(FileGate, RefusesAFolderThatOthersCanWrite) {
  const std::string file = folder_.place("good");
  ::chmod(folder_.root().c_str(), 0777);
  const auto made = copy(file);
  ASSERT_FALSE(made.ok());
  EXPECT_THAT(made.error().message, HasSubstr("the folder \"" + folder_.root() + "\" is writable"));
  ::chmod(folder_.root().c_str(), 01777);  // sticky, like /tmp: only owners can replace what lies there
  EXPECT_TRUE(copy(file).ok());
}

TEST_F(FileGate, RefusesASymbolicLink) {
  const std::string link = folder_.dir() + "/link.so";
  ASSERT_EQ(::symlink(folder_.place("good").c_str(), link.c_str()), 0);
  const auto made = copy(link);
  ASSERT_FALSE(made.ok());
  EXPECT_THAT(made.error().message, HasSubstr("symbolic link"));
}

TEST_F(FileGate, FollowsALinkedFolderToItsRealPlace) {
  const std::string file = folder_.place("good");
  ASSERT_EQ(::symlink(folder_.dir().c_str(), (folder_.root() + "/linked").c_str()), 0);
  options_.pluginDirs = {folder_.root() + "/linked"};
  EXPECT_TRUE(copy(folder_.root() + "/linked/good.so").ok());
}

TEST_F(FileGate, RefusesAFileOutsideTheConfiguredFolders) {
  const std::string file = folder_.place("good");
  ::mkdir((folder_.root() + "/elsewhere").c_str(), 0755);
  options_.pluginDirs = {folder_.root() + "/elsewhere", folder_.root() + "/missing"};
  const auto made = copy(file);
  ASSERT_FALSE(made.ok());
  EXPECT_THAT(made.error().message, HasSubstr("outside the configured plugin folders"));
  EXPECT_THAT(copy(folder_.root() + "/elsewhere/../plugins/good.so").error().message, HasSubstr("outside"));
  options_.pluginDirs.push_back(folder_.dir());
  EXPECT_TRUE(copy(file).ok());
}

TEST_F(FileGate, RefusesWhatIsNoRegularFile) {
  const std::string pipe = folder_.dir() + "/pipe.so";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_THAT(copy(pipe).error().message, HasSubstr("not a regular file"));
  const std::string directory = folder_.dir() + "/dir.so";
  ::mkdir(directory.c_str(), 0755);
  EXPECT_THAT(copy(directory).error().message, HasSubstr("not a regular file"));
}

TEST_F(FileGate, RefusesAFileOfAnotherUser) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  const std::string file = folder_.place("good");
  ASSERT_EQ(::chown(file.c_str(), 12345, 12345), 0);
  EXPECT_THAT(copy(file).error().message, HasSubstr("it is owned by neither root nor this user"));
  ASSERT_EQ(::chown(file.c_str(), 0, 0), 0);
  ASSERT_EQ(::chown(folder_.dir().c_str(), 12345, 12345), 0);
  EXPECT_THAT(copy(file).error().message, HasSubstr("plugins\" is owned by neither root nor this user"));
}

TEST_F(FileGate, SaysThatAFileIsMissing) {
  EXPECT_EQ(copy(folder_.dir() + "/none.so").error().code, ErrorCode::kNotFound);
  EXPECT_EQ(copy(folder_.root() + "/no/such/dir/none.so").error().code, ErrorCode::kNotFound);
}

TEST_F(FileGate, RefusesTextAndHugeFiles) {
  const auto text = copy(folder_.write("text.so", "This is not a library.\n"));
  ASSERT_FALSE(text.ok());
  EXPECT_THAT(text.error().message, HasSubstr("text.so\" is not an ELF file"));
  options_.maxBytes = 100;
  EXPECT_EQ(copy(folder_.place("good")).error().code, ErrorCode::kTooLarge);
  EXPECT_EQ(folder_.copiesLeft(), 0u);
}

TEST_F(FileGate, InspectsWithoutCopying) {
  const auto note = inspectPluginFile(folder_.place("good"), options_);
  ASSERT_TRUE(note.ok());
  EXPECT_EQ(note->id, "good");
  EXPECT_EQ(folder_.copiesLeft(), 0u);
}

TEST_F(FileGate, SaysThatTheCopiesFolderIsMissing) {
  const auto made = vetAndCopy(folder_.place("good"), folder_.root() + "/nowhere", 1, options_);
  ASSERT_FALSE(made.ok());
  EXPECT_THAT(made.error().message, StartsWith("cannot create"));
}

TEST_F(FileGate, PreparesTheCopiesFolderAndClearsWhatWasLeft) {
  const std::string copies = folder_.root() + "/state/generations";
  ASSERT_TRUE(prepareCopiesDir(copies).ok());
  struct stat status {};
  ASSERT_EQ(::stat(copies.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0700u);
  std::ofstream(copies + "/1-old.so") << "x";
  ::chmod(copies.c_str(), 0755);
  ASSERT_TRUE(prepareCopiesDir(copies).ok());
  EXPECT_TRUE(std::filesystem::is_empty(copies));
  ASSERT_EQ(::stat(copies.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 0700u);
}

TEST_F(FileGate, RefusesACopiesFolderThatIsNone) {
  std::ofstream(folder_.root() + "/file") << "x";
  EXPECT_EQ(prepareCopiesDir(folder_.root() + "/file").error().code, ErrorCode::kForbidden);
  EXPECT_FALSE(prepareCopiesDir(folder_.root() + "/file/below").ok());
}

/// Runs in a child with a mount namespace of its own; empty if this machine allows none.
std::string faultOnNoexecMount(const std::string& point, const std::string& copies) {
  int ends[2];
  if (::pipe(ends) != 0) return {};
  const pid_t child = ::fork();
  if (child == 0) {
    std::string said;
    const bool isAlone = ::unshare(CLONE_NEWNS) == 0 || ::unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0;
    if (isAlone && ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
        ::mount("tmpfs", point.c_str(), "tmpfs", MS_NOEXEC, "size=1m") == 0) {
      const auto prepared = prepareCopiesDir(copies);
      said = prepared ? "prepared" : prepared.error().message;
    }
    const ssize_t written = ::write(ends[1], said.data(), said.size());
    ::_exit(written < 0 ? 1 : 0);
  }
  ::close(ends[1]);
  std::string said(4096, '\0');
  const ssize_t got = ::read(ends[0], said.data(), said.size());
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  said.resize(got > 0 ? static_cast<size_t>(got) : 0);
  return said;
}

TEST_F(FileGate, NamesTheMountThatAllowsNoExecution) {
  const std::string point = folder_.root() + "/mounted";
  ::mkdir(point.c_str(), 0755);
  const std::string said = faultOnNoexecMount(point, point + "/generations");
  if (said.empty()) GTEST_SKIP() << "no mount namespace for a noexec folder here";
  EXPECT_THAT(said, HasSubstr("the mount \"" + point + "\" does not allow execution"));
}

}  // namespace
}  // namespace gw::plugin
