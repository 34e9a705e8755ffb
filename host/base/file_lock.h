#pragma once
// FileLock: a file that one process at a time holds, with that process's id in it. Whoever dies lets go
// (flock), so no stale lock is ever left; the file itself stays: removing it would let two processes lock
// two files of the same name.

#include <string>

#include "base/result.h"

namespace gw {

class FileLock {
 public:
  /// Makes the file if need be (0600). Fails kConflict if another process holds it, its id as the message
  /// ("pid 4711"; empty if it has none in it yet); kUnavailable, naming the file, if it cannot be opened.
  static Result<FileLock> take(const std::string& file);

  FileLock() = default;  // holds nothing
  FileLock(FileLock&& from) noexcept;
  FileLock& operator=(FileLock&& from) noexcept;
  ~FileLock();

 private:
  explicit FileLock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace gw
