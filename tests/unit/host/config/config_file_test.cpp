#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "config/file_check.h"
#include "config/gateway_config.h"

namespace gw::config {
namespace {

class ConfigFile : public testing::Test {
 protected:
  void SetUp() override {
    char name[] = "/tmp/gw-config-XXXXXX";
    ASSERT_NE(mkdtemp(name), nullptr);
    folder_ = name;
    write("gateway.json", "{}", 0600);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, const std::string& text, mode_t mode) {
    std::ofstream(folder_ + "/" + name) << text;
    ASSERT_EQ(chmod((folder_ + "/" + name).c_str(), mode), 0);
  }
  std::string file(const std::string& name = "gateway.json") const { return folder_ + "/" + name; }
  std::string errorOf(const std::string& path) const {
    try {
      (void)load(path);
    } catch (const ConfigError& e) {
      return e.what();
    }
    return "(accepted)";
  }

  std::string folder_;
};

TEST_F(ConfigFile, LoadsAFileThatOnlyItsOwnerWrites) {
  EXPECT_EQ(load(file()).sourceFile, file());
  ASSERT_EQ(chmod(file().c_str(), 0644), 0);
  EXPECT_EQ(errorOf(file()), "(accepted)");
}

TEST_F(ConfigFile, RefusesAFileThatOthersCanWrite) {
  ASSERT_EQ(chmod(file().c_str(), 0646), 0);
  EXPECT_EQ(errorOf(file()), file() + ": others can write this file; chmod o-w " + file());
}

TEST_F(ConfigFile, RefusesAFolderThatOthersCanWrite) {
  ASSERT_EQ(chmod(folder_.c_str(), 0777), 0);
  EXPECT_EQ(errorOf(file()), folder_ + ": others can write the folder of the configuration; chmod o-w " + folder_);
}

TEST_F(ConfigFile, RefusesAForeignGroupsWriting) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a file to another group";
  ASSERT_EQ(chown(file().c_str(), 0, 65534), 0);
  ASSERT_EQ(chmod(file().c_str(), 0664), 0);
  EXPECT_EQ(errorOf(file()), file() + ": others can write this file; chmod g-w " + file());
}

TEST_F(ConfigFile, AllowsTheOwnersPrivateGroup) {
  if (geteuid() != 0) GTEST_SKIP() << "needs a user whose group is its own: root";
  ASSERT_EQ(chmod(file().c_str(), 0664), 0);
  EXPECT_EQ(errorOf(file()), "(accepted)");
}

TEST_F(ConfigFile, RefusesAFileOfAnotherUser) {
  if (geteuid() != 0) GTEST_SKIP() << "only root can give a file away";
  ASSERT_EQ(chown(file().c_str(), 65534, 0), 0);
  EXPECT_EQ(errorOf(file()), file() +
                                 ": this file belongs to user 65534, who could change it; chown it to root or to the "
                                 "user that runs gwhost (0)");
}

TEST_F(ConfigFile, SaysWhyItCannotRead) {
  EXPECT_EQ(errorOf(file("absent.json")), file("absent.json") + ": cannot be opened: No such file or directory");
  EXPECT_EQ(errorOf(folder_), folder_ + ": not a regular file");
  ASSERT_EQ(mkfifo(file("fifo").c_str(), 0600), 0);
  EXPECT_EQ(errorOf(file("fifo")), file("fifo") + ": not a regular file");
}

TEST_F(ConfigFile, RefusesAFileOfMoreThanOneMebibyte) {
  write("large.json", std::string((1 << 20) + 1, ' '), 0600);
  EXPECT_EQ(errorOf(file("large.json")), file("large.json") + ": larger than 1 MiB");
}

TEST_F(ConfigFile, RefusesAKeyThatEveryoneCanRead) {
  write("k.pem", "key", 0644);
  write("tls.json", R"({"http": [{"name": "main", "tls": {"certificateFile": "c.pem", "keyFile": "k.pem"}}],
    "accounts": [{"channel": "telnet", "listen": {"port": 1}, "tls": {"certificateFile": "c.pem", "keyFile": "a.pem"}}]})",
        0600);
  EXPECT_EQ(errorOf(file("tls.json")), file("tls.json") + ": /http/0/tls/keyFile: everyone on this machine can read " +
                                           file("k.pem") + "; chmod o-rw " + file("k.pem"));
  ASSERT_EQ(chmod(file("k.pem").c_str(), 0640), 0);
  EXPECT_EQ(errorOf(file("tls.json")), "(accepted)");  // a.pem is absent: who opens it says so
}

}  // namespace
}  // namespace gw::config
