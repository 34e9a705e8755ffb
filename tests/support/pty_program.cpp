#include "support/pty_program.h"

#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

namespace gw::test {

PtyProgram::PtyProgram(const std::vector<std::string>& argv, const std::string& home) {
  std::vector<char*> arguments;
  for (const std::string& argument : argv) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  winsize size{50, 200, 0, 0};
  pid_ = ::forkpty(&terminal_, nullptr, nullptr, &size);
  if (pid_ < 0) throw std::runtime_error("forkpty failed");
  if (pid_ > 0) return;
  // The child. The test has no other threads that could hold a lock of malloc's.
  if (::chdir(home.c_str()) != 0) ::_exit(126);
  ::setenv("HOME", home.c_str(), 1);
  ::setenv("TERM", "xterm", 1);
  ::setenv("LANG", "C.UTF-8", 1);
  // Debian keeps tt++ in a folder that not everyone's PATH names.
  const char* path = ::getenv("PATH");
  ::setenv("PATH", (std::string(path ? path : "/usr/bin:/bin") + ":/usr/games").c_str(), 1);
  ::execvp(arguments[0], arguments.data());
  ::_exit(127);
}

PtyProgram::~PtyProgram() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    int status = 0;
    ::waitpid(pid_, &status, 0);
  }
  if (terminal_ >= 0) ::close(terminal_);
}

void PtyProgram::type(std::string_view keys) const {
  if (::write(terminal_, keys.data(), keys.size()) != static_cast<ssize_t>(keys.size()))
    throw std::runtime_error("cannot type into the terminal");
}

std::string PtyProgram::expect(std::string_view text, Ms limit) {
  const Deadline deadline(limit);
  size_t at = 0;
  while ((at = text_.find(text)) == std::string::npos) {
    std::array<char, 8192> bytes{};
    const bool isThere = waitReadable(terminal_, deadline);
    const ssize_t n = isThere ? ::read(terminal_, bytes.data(), bytes.size()) : 0;
    if (n <= 0)
      throw std::runtime_error((isThere ? "ended" : "timed out") + std::string(" before \"") + std::string(text) +
                               "\"; on screen: \"" + text_ + "\"");
    filter_.take(std::string_view(bytes.data(), static_cast<size_t>(n)), text_);
  }
  std::string taken = text_.substr(0, at + text.size());
  text_.erase(0, taken.size());
  return taken;
}

bool PtyProgram::doesEcho() const {
  termios settings{};
  return ::tcgetattr(terminal_, &settings) == 0 && (settings.c_lflag & ECHO) != 0;
}

int PtyProgram::waitExit(Ms limit) {
  int status = 0;
  waitUntil(
      "the terminal program ends",
      [&] {
        // Its last output must be read, or it could wait for us.
        std::array<char, 8192> bytes{};
        if (waitReadable(terminal_, Deadline(Ms(0)))) (void)!::read(terminal_, bytes.data(), bytes.size());
        return ::waitpid(pid_, &status, WNOHANG) == pid_;
      },
      limit);
  pid_ = -1;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace gw::test
