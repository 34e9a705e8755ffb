#include "token_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace gw::backend {
namespace {

class File {
 public:
  explicit File(const std::string& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~File() {
    if (fd_ >= 0) ::close(fd_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

}  // namespace

std::string readTokenFile(const std::string& path) {
  const File file(path);
  struct stat status {};
  if (file.fd() < 0 || ::fstat(file.fd(), &status) != 0)
    throw std::runtime_error("token file " + path + ": " + std::strerror(errno));
  // Of the opened file, so that nobody can exchange it in between.
  if ((status.st_mode & 077U) != 0)
    throw std::runtime_error("token file " + path + ": others can read it; chmod 600 " + path);
  std::array<char, 4096> bytes{};
  const ssize_t count = ::read(file.fd(), bytes.data(), bytes.size());
  if (count < 0) throw std::runtime_error("token file " + path + ": " + std::strerror(errno));
  const std::string text(bytes.data(), static_cast<size_t>(count));
  const auto first = text.find_first_not_of(" \t\r\n");
  if (first == std::string::npos) throw std::runtime_error("token file " + path + ": it is empty");
  return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

}  // namespace gw::backend
