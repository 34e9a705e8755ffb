#include "base/file_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace gw {
namespace {

std::string holderOf(int fd) {
  char digits[32] = {};
  const ssize_t got = pread(fd, digits, sizeof digits - 1, 0);
  std::string pid(digits, got > 0 ? static_cast<size_t>(got) : 0);
  while (!pid.empty() && pid.back() == '\n') pid.pop_back();
  return pid.empty() ? pid : "pid " + pid;
}

}  // namespace

Result<FileLock> FileLock::take(const std::string& file) {
  const int fd = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0)
    return fail(ErrorCode::kUnavailable, file + ": cannot be opened: " + std::generic_category().message(errno));
  FileLock lock(fd);
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) return fail(ErrorCode::kConflict, holderOf(fd));
  const std::string pid = std::to_string(getpid()) + "\n";
  // For people to read; the lock holds without it.
  if (ftruncate(fd, 0) == 0) static_cast<void>(pwrite(fd, pid.data(), pid.size(), 0) < 0);
  return lock;
}

FileLock::FileLock(FileLock&& from) noexcept : fd_(std::exchange(from.fd_, -1)) {}

FileLock& FileLock::operator=(FileLock&& from) noexcept {
  std::swap(fd_, from.fd_);
  return *this;
}

FileLock::~FileLock() {
  if (fd_ >= 0) close(fd_);
}

}  // namespace gw
