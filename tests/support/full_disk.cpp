// Preloaded into a program (LD_PRELOAD): while the file that GW_FULL_DISK names exists, no regular file can
// grow, as on a disk that is full. What a file has already may be overwritten.

#include <dlfcn.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace {

bool isFull() {
  static const char* const flag = std::getenv("GW_FULL_DISK");
  return flag != nullptr && access(flag, F_OK) == 0;
}

/// Sets errno.
bool isRefused(int fd, off64_t end) {
  struct stat64 found {};
  if (!isFull() || fstat64(fd, &found) != 0 || !S_ISREG(found.st_mode) || end <= found.st_size) return false;
  errno = ENOSPC;
  return true;
}

template <typename Call>
Call next(const char* name) {
  return reinterpret_cast<Call>(dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" ssize_t pwrite(int fd, const void* bytes, size_t size, off_t at) {
  if (isRefused(fd, at + static_cast<off_t>(size))) return -1;
  return next<decltype(&pwrite)>("pwrite")(fd, bytes, size, at);
}

extern "C" ssize_t pwrite64(int fd, const void* bytes, size_t size, off64_t at) {
  if (isRefused(fd, at + static_cast<off64_t>(size))) return -1;
  return next<decltype(&pwrite64)>("pwrite64")(fd, bytes, size, at);
}

extern "C" ssize_t write(int fd, const void* bytes, size_t size) {
  if (isFull() && isRefused(fd, lseek64(fd, 0, SEEK_CUR) + static_cast<off64_t>(size))) return -1;
  return next<decltype(&write)>("write")(fd, bytes, size);
}
