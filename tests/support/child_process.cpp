#include "support/child_process.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace gw::test {
namespace {

[[noreturn]] void failed(const std::string& what) { throw std::runtime_error(what + ": " + std::strerror(errno)); }

std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> out;
  for (std::string& text : texts) out.push_back(text.data());
  out.push_back(nullptr);
  return out;
}

int codeOf(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

}  // namespace

TempFolder::TempFolder() : TempFolder(std::filesystem::temp_directory_path().string()) {}

TempFolder::TempFolder(const std::string& parent) {
  std::string pattern = parent + "/gatehouse-test-XXXXXX";
  if (::mkdtemp(pattern.data()) == nullptr) failed("mkdtemp");
  path_ = pattern;
}

TempFolder::~TempFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TempFolder::write(const std::string& name, std::string_view text, unsigned mode) const {
  const std::string path = file(name);
  std::ofstream(path, std::ios::binary) << text;
  if (::chmod(path.c_str(), mode) != 0) failed("chmod " + path);
  return path;
}

std::string readFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

ChildProcess::ChildProcess(std::vector<std::string> argv, const std::string& folder, const std::string& errFile,
                           std::vector<std::string> environment)
    : name_(argv.at(0)) {
  std::array<int, 2> in{}, out{};
  if (::pipe2(in.data(), O_CLOEXEC) != 0 || ::pipe2(out.data(), O_CLOEXEC) != 0) failed("pipe");
  for (char** variable = environ; *variable != nullptr; ++variable) environment.emplace_back(*variable);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addchdir_np(&actions, folder.c_str());
  posix_spawn_file_actions_adddup2(&actions, in[0], 0);
  posix_spawn_file_actions_adddup2(&actions, out[1], 1);
  if (errFile.empty()) {
    posix_spawn_file_actions_adddup2(&actions, out[1], 2);
  } else {
    posix_spawn_file_actions_addopen(&actions, 2, errFile.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  }
  auto arguments = pointers(argv);
  auto variables = pointers(environment);
  const int problem = posix_spawnp(&pid_, arguments[0], &actions, nullptr, arguments.data(), variables.data());
  posix_spawn_file_actions_destroy(&actions);
  ::close(in[0]);
  ::close(out[1]);
  input_ = in[1];
  output_ = out[0];
  if (problem != 0) throw std::runtime_error("cannot start " + name_ + ": " + std::strerror(problem));
}

ChildProcess::~ChildProcess() {
  if (isRunning()) {
    ::kill(pid_, SIGKILL);
    int status = 0;
    ::waitpid(pid_, &status, 0);
  }
  closeInput();
  if (output_ >= 0) ::close(output_);
}

bool ChildProcess::isRunning() {
  if (pid_ < 0 || exit_ >= 0) return false;
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) != pid_) return true;
  exit_ = codeOf(status);
  return false;
}

void ChildProcess::signal(int number) const {
  if (exit_ < 0) ::kill(pid_, number);
}

void ChildProcess::write(std::string_view text) const {
  while (!text.empty()) {
    const ssize_t n = ::write(input_, text.data(), text.size());
    if (n <= 0) failed("write to " + name_);
    text.remove_prefix(static_cast<size_t>(n));
  }
}

void ChildProcess::closeInput() {
  if (input_ >= 0) ::close(input_);
  input_ = -1;
}

bool ChildProcess::readMore(const Deadline& deadline) {
  if (!waitReadable(output_, deadline))
    throw std::runtime_error("timed out reading from " + name_ + "; so far: \"" + buffer_ + "\"");
  std::array<char, 16384> bytes{};
  const ssize_t n = ::read(output_, bytes.data(), bytes.size());
  if (n > 0) buffer_.append(bytes.data(), static_cast<size_t>(n));
  return n > 0;
}

std::string ChildProcess::readUntil(std::string_view text, Ms limit) {
  const Deadline deadline(limit);
  size_t at = 0;
  while ((at = buffer_.find(text)) == std::string::npos) {
    if (!readMore(deadline))
      throw std::runtime_error(name_ + " ended before \"" + std::string(text) + "\"; it said: \"" + buffer_ + "\"");
  }
  std::string taken = buffer_.substr(0, at + text.size());
  buffer_.erase(0, taken.size());
  return taken;
}

std::string ChildProcess::readToEnd(Ms limit) {
  const Deadline deadline(limit);
  while (readMore(deadline)) {
  }
  return std::move(buffer_);
}

int ChildProcess::waitExit(Ms limit) {
  if (exit_ >= 0) return exit_;
  const int handle = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  if (handle >= 0) {
    const bool ended = waitReadable(handle, Deadline(limit));
    ::close(handle);
    if (!ended) throw std::runtime_error(name_ + " did not end in time");
  }
  int status = 0;
  if (::waitpid(pid_, &status, 0) != pid_) failed("waitpid of " + name_);
  return exit_ = codeOf(status);
}

Outcome run(std::vector<std::string> argv, const std::string& folder, std::vector<std::string> environment, Ms limit) {
  const TempFolder errors;
  ChildProcess child(std::move(argv), folder, errors.file("err"), std::move(environment));
  child.closeInput();
  Outcome outcome;
  outcome.out = child.readToEnd(limit);
  outcome.exit = child.waitExit(limit);
  outcome.err = readFile(errors.file("err"));
  return outcome;
}

}  // namespace gw::test
