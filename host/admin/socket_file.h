#pragma once
// SocketFile: the admin socket's place in the file system: its folder, the lock that says which gwhost
// owns it, and the file itself. Not thread-safe; start and stop only.

#include <memory>
#include <string>

#include "base/file_lock.h"
#include "base/result.h"

namespace gw::admin {

class SocketFile {
 public:
  /// Prepares the folder (made with 0700 if absent), takes the lock and removes a dead host's socket.
  /// Fails kConflict if another gwhost runs there, kForbidden if the folder is open to others (and
  /// tighten is off), kInvalid if the path is too long for a Unix socket, kUnavailable otherwise.
  static Result<std::unique_ptr<SocketFile>> claim(const std::string& path, bool tighten);
  /// Removes the socket's file and gives up the lock.
  ~SocketFile();
  SocketFile(const SocketFile&) = delete;
  SocketFile& operator=(const SocketFile&) = delete;

  const std::string& path() const { return path_; }
  /// Calls bind between setting and restoring the process's umask, so that the file is never open to
  /// others, not even for a moment; then lets the operators' group in, if the folder is theirs.
  template <typename Bind>
  void bindWith(Bind bind) {
    const UmaskGuard guard;
    bind(path_);
    isBound_ = true;
    setRights();
  }

 private:
  class UmaskGuard {
   public:
    UmaskGuard();
    ~UmaskGuard();
    UmaskGuard(const UmaskGuard&) = delete;
    UmaskGuard& operator=(const UmaskGuard&) = delete;

   private:
    unsigned previous_;
  };
  SocketFile(std::string path, bool groupMayEnter) : path_(std::move(path)), groupMayEnter_(groupMayEnter) {}
  Result<void> lock();
  Result<void> removeStale();
  void setRights() const;

  std::string path_;
  bool groupMayEnter_;
  FileLock lock_;
  bool isBound_ = false;
};

}  // namespace gw::admin
