#include "admin/socket_file.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "admin/peer.h"

namespace gw::admin {
namespace {

std::string folderOf(const std::string& path) {
  const auto parent = std::filesystem::path(path).parent_path();
  return parent.empty() ? "." : parent.string();
}

Error systemError(const std::string& what) { return fail(ErrorCode::kUnavailable, what + ": " + std::strerror(errno)); }

Result<void> makeFolder(const std::string& folder) {
  std::error_code error;
  const auto parent = std::filesystem::path(folder).parent_path();
  if (!parent.empty()) std::filesystem::create_directories(parent, error);
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return systemError("cannot make the folder " + folder);
  return {};
}

/// True if the operators' group may enter the folder.
Result<bool> checkFolder(const std::string& folder, bool tighten) {
  struct stat status {};
  if (::stat(folder.c_str(), &status) != 0) return systemError("cannot look at the folder " + folder);
  if (!S_ISDIR(status.st_mode)) return fail(ErrorCode::kForbidden, folder + " is not a folder");
  if (status.st_uid != geteuid()) {
    return fail(ErrorCode::kForbidden, "the admin socket's folder " + folder + " belongs to user " +
                                           std::to_string(status.st_uid) + "; chown it to the user that runs gwhost");
  }
  const auto operators = operatorsGroup();
  const bool isOperators = operators && *operators == status.st_gid;
  const mode_t allowed = isOperators ? 0750 : 0700;
  if ((status.st_mode & 0777 & ~allowed) != 0) {
    if (!tighten) {
      return fail(ErrorCode::kForbidden, "the admin socket's folder " + folder + " is open to others; chmod " +
                                             (isOperators ? "0750 " : "0700 ") + folder);
    }
    if (::chmod(folder.c_str(), status.st_mode & allowed) != 0) return systemError("cannot close the folder " + folder);
  }
  return isOperators && (status.st_mode & S_IXGRP) != 0;
}

}  // namespace

SocketFile::UmaskGuard::UmaskGuard() : previous_(::umask(0077)) {}
SocketFile::UmaskGuard::~UmaskGuard() { ::umask(previous_); }

Result<std::unique_ptr<SocketFile>> SocketFile::claim(const std::string& path, bool tighten) {
  constexpr size_t kLongest = sizeof(sockaddr_un{}.sun_path) - 1;
  if (path.empty() || path.size() > kLongest) {
    return fail(ErrorCode::kInvalid, "the admin socket's path must have 1.." + std::to_string(kLongest) +
                                         " bytes; set admin.socket to a shorter one: " + path);
  }
  const std::string folder = folderOf(path);
  if (auto made = makeFolder(folder); !made) return made.error();
  auto groupMayEnter = checkFolder(folder, tighten);
  if (!groupMayEnter) return groupMayEnter.error();
  std::unique_ptr<SocketFile> file(new SocketFile(path, *groupMayEnter));
  if (auto locked = file->lock(); !locked) return locked.error();
  if (auto removed = file->removeStale(); !removed) return removed.error();
  return file;
}

SocketFile::~SocketFile() {
  if (isBound_) ::unlink(path_.c_str());
}

Result<void> SocketFile::lock() {
  auto lock = FileLock::take(path_ + ".lock");
  if (!lock && lock.error().code == ErrorCode::kConflict)
    return fail(ErrorCode::kConflict, "another gwhost is running with the admin socket " + path_ +
                                          "; see it with: gwctl --socket " + path_ + " status");
  if (!lock) return lock.error();
  lock_ = std::move(*lock);
  return {};
}

Result<void> SocketFile::removeStale() {
  struct stat status {};
  if (::lstat(path_.c_str(), &status) != 0) {
    if (errno == ENOENT) return {};
    return systemError("cannot look at " + path_);
  }
  if (!S_ISSOCK(status.st_mode)) {
    return fail(ErrorCode::kConflict, path_ + " exists and is not a socket; move it away or set admin.socket");
  }
  // The lock is ours, but something that takes no lock may listen there.
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return systemError("cannot make a socket");
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path_.c_str(), path_.size());
  const int connected = ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  const bool isAnswered = connected == 0 || errno == EAGAIN || errno == EINPROGRESS;
  ::close(fd);
  if (isAnswered) return fail(ErrorCode::kConflict, "another program answers on " + path_);
  if (::unlink(path_.c_str()) != 0) return systemError("cannot remove the old socket " + path_);
  return {};
}

void SocketFile::setRights() const {
  // 0077 and not 0177 while binding: the umask is the process's, and another thread may make a folder.
  ::chmod(path_.c_str(), 0600);
  if (!groupMayEnter_) return;
  const auto operators = operatorsGroup();
  // Best effort: without it the group's members are refused, which is safe and visible.
  if (operators && ::chown(path_.c_str(), static_cast<uid_t>(-1), *operators) == 0) ::chmod(path_.c_str(), 0660);
}

}  // namespace gw::admin
