#include "config/file_check.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "config/gateway_config.h"
#include "config/json_document.h"

namespace gw::config {
namespace {

class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  int get() const { return fd_; }

 private:
  int fd_;
};

/// A user's private group (same name, no other members): umask 002 systems make files group-writable for it.
bool isPrivateGroup(gid_t gid, uid_t uid) {
  std::array<char, 4096> userText{};
  std::array<char, 4096> groupText{};
  passwd user{};
  passwd* foundUser = nullptr;
  group members{};
  group* foundGroup = nullptr;
  if (getpwuid_r(uid, &user, userText.data(), userText.size(), &foundUser) != 0 || foundUser == nullptr) return false;
  if (getgrgid_r(gid, &members, groupText.data(), groupText.size(), &foundGroup) != 0) return false;
  if (foundGroup == nullptr || user.pw_gid != gid || std::strcmp(user.pw_name, members.gr_name) != 0) return false;
  for (char** member = members.gr_mem; *member != nullptr; ++member) {
    if (std::strcmp(*member, user.pw_name) != 0) return false;
  }
  return true;
}

void refuseForeignWriters(const struct stat& status, const std::string& what, const std::string& path) {
  if (status.st_uid != 0 && status.st_uid != geteuid()) {
    throw ConfigError(path + ": " + what + " belongs to user " + std::to_string(status.st_uid) +
                      ", who could change it; chown it to root or to the user that runs gwhost (" +
                      std::to_string(geteuid()) + ")");
  }
  const bool byGroup = (status.st_mode & S_IWGRP) != 0 && !isPrivateGroup(status.st_gid, status.st_uid);
  const bool byAll = (status.st_mode & S_IWOTH) != 0;
  if (byGroup || byAll) {
    throw ConfigError(path + ": others can write " + what + "; chmod " + (byAll ? "o-w" : "g-w") + " " + path);
  }
}

std::string folderOf(const std::string& file) {
  const size_t slash = file.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : file.substr(0, slash);
}

std::string readAll(int fd, const std::string& file) {
  std::string text;
  std::array<char, 65536> chunk{};
  for (;;) {
    const ssize_t n = ::read(fd, chunk.data(), chunk.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) throw ConfigError(file + ": cannot be read: " + std::strerror(errno));
    if (n == 0) return text;
    text.append(chunk.data(), static_cast<size_t>(n));
    if (text.size() > kMaxDocumentBytes) throw ConfigError(file + ": larger than 1 MiB");
  }
}

}  // namespace

std::string readTrustedFile(const std::string& file) {
  // NONBLOCK: opening a FIFO must not hang the start.
  const Fd fd(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (fd.get() < 0) throw ConfigError(file + ": cannot be opened: " + std::strerror(errno));
  struct stat status {};
  if (fstat(fd.get(), &status) != 0) throw ConfigError(file + ": " + std::strerror(errno));
  if (!S_ISREG(status.st_mode)) throw ConfigError(file + ": not a regular file");
  refuseForeignWriters(status, "this file", file);
  struct stat folder {};
  // In a sticky folder (/tmp) others can add files but not replace this one.
  if (stat(folderOf(file).c_str(), &folder) == 0 && (folder.st_mode & S_ISVTX) == 0) {
    refuseForeignWriters(folder, "the folder of the configuration", folderOf(file));
  }
  return readAll(fd.get(), file);
}

void refuseReadableSecret(const std::string& file, const std::string& where) {
  struct stat status {};
  if (file.empty() || stat(file.c_str(), &status) != 0) return;
  if ((status.st_mode & (S_IROTH | S_IWOTH)) == 0) return;
  throw ConfigError(where + ": everyone on this machine can read " + file + "; chmod o-rw " + file);
}

}  // namespace gw::config
