#include "plugin/file_gate.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "base/crypto.h"

namespace gw::plugin {
namespace {

namespace fs = std::filesystem;

class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  int get() const { return fd_; }
  bool isOpen() const { return fd_ >= 0; }

 private:
  int fd_;
};

std::string quotedPath(const std::string& path) { return "\"" + path + "\""; }

Error refuse(const std::string& path, const std::string& why) {
  return fail(ErrorCode::kForbidden, "plugin file " + quotedPath(path) + " refused: " + why);
}

Error systemError(const std::string& what, int error) {
  return fail(error == ENOENT ? ErrorCode::kNotFound : ErrorCode::kUnavailable,
              what + ": " + std::string(std::strerror(error)));
}

bool isTrustedOwner(const struct stat& status) { return status.st_uid == 0 || status.st_uid == ::geteuid(); }

/// Empty if nobody else can change the entries of this folder.
std::string folderFault(const struct stat& status) {
  if (!isTrustedOwner(status)) return "is owned by neither root nor this user";
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0 && (status.st_mode & S_ISVTX) == 0) {
    return "is writable by group or others";
  }
  return {};
}

bool isInside(const fs::path& file, const std::string& folder) {
  std::error_code error;
  const fs::path root = fs::canonical(folder, error);
  if (error) return false;
  return std::mismatch(root.begin(), root.end(), file.begin(), file.end()).first == root.end();
}

/// Opens the folder by walking down from /, checking each step on the descriptor that the next is
/// opened from.
Result<Fd> openFolder(const std::string& file, const fs::path& folder) {
  Fd at(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  fs::path walked = "/";
  for (auto part = folder.begin();;) {
    struct stat status {};
    if (!at.isOpen() || ::fstat(at.get(), &status) != 0) return systemError("plugin file " + quotedPath(file), errno);
    if (const std::string fault = folderFault(status); !fault.empty()) {
      return refuse(file, "the folder " + quotedPath(walked.string()) + " " + fault);
    }
    if (++part == folder.end()) return at;
    Fd next(::openat(at.get(), part->c_str(), O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!next.isOpen()) return systemError("plugin file " + quotedPath(file), errno);
    walked /= *part;
    at = std::move(next);
  }
}

Result<Fd> openChecked(const std::string& file, const GateOptions& options) {
  std::error_code error;
  const fs::path given(file);
  // Links on the way are resolved once and their targets checked; the last part must be no link.
  const fs::path folder = fs::canonical(given.has_parent_path() ? given.parent_path() : fs::path("."), error);
  if (error) return systemError("plugin file " + quotedPath(file), error.value());
  if (!options.pluginDirs.empty()) {
    bool found = false;
    for (const std::string& dir : options.pluginDirs) found = found || isInside(folder / given.filename(), dir);
    if (!found) return refuse(file, "it lies outside the configured plugin folders");
  }
  auto opened = openFolder(file, folder);
  if (!opened) return opened;
  // O_NONBLOCK: opening a FIFO must not hang the control thread.
  Fd fd(::openat(opened->get(), given.filename().c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd.isOpen()) {
    if (errno == ELOOP) return refuse(file, "it is a symbolic link");
    return systemError("plugin file " + quotedPath(file), errno);
  }
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) return systemError("plugin file " + quotedPath(file), errno);
  if (!S_ISREG(status.st_mode)) return refuse(file, "it is not a regular file");
  if (!isTrustedOwner(status)) return refuse(file, "it is owned by neither root nor this user");
  if ((status.st_mode & (S_IWGRP | S_IWOTH)) != 0) return refuse(file, "it is writable by group or others");
  if (static_cast<uint64_t>(status.st_size) > options.maxBytes) {
    return fail(ErrorCode::kTooLarge,
                "plugin file " + quotedPath(file) + " is larger than " + std::to_string(options.maxBytes) + " bytes");
  }
  return fd;
}

Result<std::string> readAll(int fd, uint64_t maxBytes, const std::string& file) {
  std::string bytes;
  char buffer[64 * 1024];
  for (;;) {
    const ssize_t got = ::read(fd, buffer, sizeof(buffer));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return systemError("cannot read plugin file " + quotedPath(file), errno);
    if (got == 0) return bytes;
    bytes.append(buffer, static_cast<size_t>(got));
    if (bytes.size() > maxBytes) return fail(ErrorCode::kTooLarge, "plugin file " + quotedPath(file) + " is growing");
  }
}

Result<PluginNote> inspectBytes(const std::string& file, const std::string& bytes) {
  auto found = elf::inspectElf(bytes);
  if (!found.ok()) return fail(ErrorCode::kInvalid, "plugin file " + quotedPath(file) + " " + found.refusal);
  return std::move(found.note);
}

Result<void> writeNew(const std::string& path, const std::string& bytes) {
  Fd out(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0700));
  if (!out.isOpen()) return systemError("cannot create " + quotedPath(path), errno);
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t put = ::write(out.get(), bytes.data() + done, bytes.size() - done);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) {
      const int error = errno;
      ::unlink(path.c_str());
      return systemError("cannot write " + quotedPath(path), error);
    }
    done += static_cast<size_t>(put);
  }
  return {};
}

/// The mount point under which a path lies: the longest that is a prefix of it.
std::string mountOf(const std::string& path) {
  std::ifstream mounts("/proc/self/mountinfo");
  std::string best = "/";
  for (std::string line; std::getline(mounts, line);) {
    std::istringstream fields(line);
    std::string id, parent, device, root, point;
    fields >> id >> parent >> device >> root >> point;
    const bool below =
        path.compare(0, point.size(), point) == 0 && (path.size() == point.size() || path[point.size()] == '/');
    if (below && point.size() > best.size()) best = point;
  }
  return best;
}

Result<void> checkExecutable(const std::string& dir) {
  const std::string probe = dir + "/.exec-" + hexEncode(randomBytes(8));
  if (auto written = writeNew(probe, std::string(static_cast<size_t>(::sysconf(_SC_PAGESIZE)), '\0')); !written) {
    return written;
  }
  Fd fd(::open(probe.c_str(), O_RDONLY | O_CLOEXEC));
  void* page = ::mmap(nullptr, 1, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd.get(), 0);
  const int error = errno;
  ::unlink(probe.c_str());
  if (page == MAP_FAILED) {
    return fail(ErrorCode::kForbidden, "plugins cannot be loaded from " + quotedPath(dir) + ": the mount " +
                                           quotedPath(mountOf(fs::canonical(dir).string())) +
                                           " does not allow execution (" + std::strerror(error) +
                                           "); choose another stateDir or remount it with exec");
  }
  ::munmap(page, 1);
  return {};
}

}  // namespace

Result<PluginNote> inspectPluginFile(const std::string& file, const GateOptions& options) {
  auto fd = openChecked(file, options);
  if (!fd) return fd.error();
  auto bytes = readAll(fd->get(), options.maxBytes, file);
  if (!bytes) return bytes.error();
  return inspectBytes(file, *bytes);
}

Result<VettedCopy> vetAndCopy(const std::string& file, const std::string& copiesDir, uint64_t generation,
                              const GateOptions& options) {
  auto fd = openChecked(file, options);
  if (!fd) return fd.error();
  // What is inspected and hashed is this buffer, and the copy is written from it: nobody can change the
  // file between the check and the copy.
  auto bytes = readAll(fd->get(), options.maxBytes, file);
  if (!bytes) return bytes.error();
  auto note = inspectBytes(file, *bytes);
  if (!note) return note.error();
  VettedCopy copy;
  copy.note = std::move(*note);
  copy.sha256 = sha256Hex(*bytes);
  copy.path = copiesDir + "/" + std::to_string(generation) + "-" + copy.sha256 + ".so";
  if (auto written = writeNew(copy.path, *bytes); !written) return written.error();
  return copy;
}

Result<void> prepareCopiesDir(const std::string& copiesDir) {
  std::error_code error;
  fs::create_directories(fs::path(copiesDir).parent_path(), error);
  if (::mkdir(copiesDir.c_str(), 0700) != 0 && errno != EEXIST) {
    return systemError("cannot create " + quotedPath(copiesDir), errno);
  }
  struct stat status {};
  if (::lstat(copiesDir.c_str(), &status) != 0) return systemError(quotedPath(copiesDir), errno);
  if (!S_ISDIR(status.st_mode) || status.st_uid != ::geteuid()) {
    return fail(ErrorCode::kForbidden, quotedPath(copiesDir) + " is not a folder of this user");
  }
  if (::chmod(copiesDir.c_str(), 0700) != 0) return systemError(quotedPath(copiesDir), errno);
  // Copies of an earlier run that ended without a clean stop; a library that is still mapped elsewhere
  // survives the removal of its name.
  for (const auto& entry : fs::directory_iterator(copiesDir, error)) {
    const std::string name = entry.path().filename().string();
    if (entry.path().extension() == ".so" || name.rfind(".exec-", 0) == 0) ::unlink(entry.path().c_str());
  }
  return checkExecutable(copiesDir);
}

}  // namespace gw::plugin
