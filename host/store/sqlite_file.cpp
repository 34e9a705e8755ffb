#include "store/sqlite_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <mutex>

namespace gw::store {
namespace {

Result<void> checkFolder(const std::string& folder) {
  struct stat found {};
  if (stat(folder.c_str(), &found) != 0 || !S_ISDIR(found.st_mode)) {
    return fail(ErrorCode::kInvalid,
                "store folder " + folder + " does not exist; make it with: install -d -m 700 " + folder);
  }
  if ((found.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return fail(ErrorCode::kInvalid,
                "store folder " + folder + " can be written by others; set it right with: chmod 700 " + folder);
  }
  return {};
}

Result<void> checkFile(const std::string& file) {
  struct stat found {};
  if (lstat(file.c_str(), &found) != 0) {
    return fail(ErrorCode::kUnavailable, "store " + file + " cannot be read: " + std::strerror(errno));
  }
  if (S_ISLNK(found.st_mode)) return fail(ErrorCode::kInvalid, "store " + file + " is a symbolic link");
  if (!S_ISREG(found.st_mode)) return fail(ErrorCode::kInvalid, "store " + file + " is not a regular file");
  if (found.st_uid != geteuid()) return fail(ErrorCode::kInvalid, "store " + file + " belongs to another user");
  if ((found.st_mode & 077) != 0 && chmod(file.c_str(), 0600) != 0) {
    return fail(ErrorCode::kInvalid, "store " + file + " is open to others and its mode cannot be changed");
  }
  return {};
}

}  // namespace

Result<void> prepareFile(const std::string& file) {
  const std::string parent = std::filesystem::path(file).parent_path().string();
  if (auto folder = checkFolder(parent.empty() ? "." : parent); !folder.ok()) return folder;
  // Closing any descriptor of a file drops all POSIX locks this process has on it, SQLite's too. So the
  // file is opened here only while it is being made, and the mutex keeps a second opener out meanwhile.
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  // Made here and not by SQLite, so that no moment passes with the umask's rights; -wal and -shm take
  // over the file's mode.
  const int fd = open(file.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd >= 0) {
    close(fd);
  } else if (errno != EEXIST) {
    return fail(ErrorCode::kUnavailable, "store " + file + " cannot be made: " + std::strerror(errno));
  }
  return checkFile(file);
}

}  // namespace gw::store
