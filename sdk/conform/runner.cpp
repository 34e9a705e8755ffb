#include "conform/runner.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

extern char** environ;

namespace gw::conform {
namespace {

using Clock = std::chrono::steady_clock;

constexpr size_t kMostLine = 8 * 1024;   // of a step or a verdict
constexpr size_t kMostSaid = 16 * 1024;  // kept of what it writes to stderr
constexpr const char* kOurselves = "/proc/self/exe";

struct Fd {
  explicit Fd(int number = -1) : fd(number) {}
  ~Fd() { close(); }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  void close() {
    if (fd >= 0) ::close(fd);
    fd = -1;
  }
  int fd;
};

struct Pipe {
  Pipe() {
    int ends[2] = {-1, -1};
    if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error(std::string("no pipe: ") + std::strerror(errno));
    read.fd = ends[0];
    write.fd = ends[1];
  }
  Fd read, write;
};

pid_t spawn(const std::vector<std::string>& words, int tell, int said) {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&files);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_adddup2(&files, said, 2);
  posix_spawn_file_actions_adddup2(&files, tell, kTellFd);
  posix_spawn_file_actions_addclosefrom_np(&files, kTellFd + 1);
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  std::vector<char*> arguments;
  for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  pid_t pid = -1;
  const int problem = posix_spawn(&pid, kOurselves, &files, &attributes, arguments.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  if (problem != 0) throw std::runtime_error(std::string("a check cannot be started: ") + std::strerror(problem));
  return pid;
}

/// What the child tells: the last step and the verdict. Lines that are too long are cut.
class Told {
 public:
  void add(std::string_view bytes) {
    for (const char c : bytes) {
      if (c == '\n') {
        take(std::exchange(line_, {}));
      } else if (line_.size() < kMostLine) {
        line_ += c;
      }
    }
  }
  std::string step, verdict;

 private:
  void take(std::string line) { (line.starts_with("step ") ? step : verdict) = std::move(line); }
  std::string line_;
};

/// Reads both to their ends; false if that takes too long.
bool readAll(int tell, int said, Clock::time_point deadline, Told& told, std::string& saidLast) {
  std::array<pollfd, 2> watched{pollfd{tell, POLLIN, 0}, pollfd{said, POLLIN, 0}};
  while (watched[0].fd >= 0 || watched[1].fd >= 0) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    if (poll(watched.data(), watched.size(), static_cast<int>(left)) < 0 && errno != EINTR) return false;
    for (pollfd& each : watched) {
      if (each.fd < 0 || each.revents == 0) continue;
      char bytes[16 * 1024];
      const ssize_t got = read(each.fd, bytes, sizeof bytes);
      if (got <= 0) {
        each.fd = -1;
        continue;
      }
      const std::string_view view(bytes, static_cast<size_t>(got));
      if (each.fd == tell) told.add(view);
      if (each.fd == said) saidLast.append(view);
      if (saidLast.size() > kMostSaid) saidLast.erase(0, saidLast.size() - kMostSaid);
    }
  }
  return true;
}

std::string where(const Told& told) {
  constexpr std::string_view kStep = "step ";
  return told.step.empty() ? " before its first step" : " at: " + told.step.substr(kStep.size());
}

Verdict verdictOf(const Check& check, const Told& told, bool hasEnded, int status, std::chrono::seconds timeout) {
  Verdict out;
  out.check = &check;
  const auto afterWord = [&](std::string_view word) { return told.verdict.substr(word.size()); };
  if (!hasEnded) {
    out.why = "it hangs: no end after " + std::to_string(timeout.count()) + " s" + where(told);
  } else if (WIFSIGNALED(status)) {
    out.why = std::string("it crashes (") + strsignal(WTERMSIG(status)) + ")" + where(told);
  } else if (told.verdict == "passed" && WEXITSTATUS(status) == kPassed) {
    out.outcome = Verdict::Outcome::kPassed;
  } else if (told.verdict.starts_with("skipped ")) {
    out.outcome = Verdict::Outcome::kSkipped;
    out.why = afterWord("skipped ");
  } else if (told.verdict.starts_with("failed ")) {
    out.why = afterWord("failed ");
  } else {
    out.why = "it ends the process with status " + std::to_string(WEXITSTATUS(status)) + where(told);
  }
  return out;
}

}  // namespace

Verdict runInChild(const Check& check, const CommandLine& line) {
  const auto started = Clock::now();
  std::vector<std::string> words{"gw-conform", "--child", check.id};
  words.insert(words.end(), line.repeated.begin(), line.repeated.end());
  Pipe tell, said;
  const pid_t pid = spawn(words, tell.write.fd, said.write.fd);
  tell.write.close();
  said.write.close();
  Told told;
  std::string saidLast;
  const bool hasEnded = readAll(tell.read.fd, said.read.fd, started + line.timeout, told, saidLast);
  if (!hasEnded) kill(pid, SIGKILL);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  Verdict verdict = verdictOf(check, told, hasEnded, status, line.timeout);
  if (verdict.outcome == Verdict::Outcome::kFailed || line.isVerbose) verdict.said = std::move(saidLast);
  verdict.took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - started);
  return verdict;
}

std::string commandFor(const Verdict& verdict, const std::vector<std::string>& repeated) {
  std::string out = std::string("gw-conform --check ") + verdict.check->id;
  for (const std::string& word : repeated) {
    const bool isPlain =
        word.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-") ==
            std::string::npos &&
        !word.empty();
    std::string shown = word;
    if (!isPlain) {
      shown = "'";
      for (const char c : word) shown += c == '\'' ? std::string("'\\''") : std::string(1, c);
      shown += "'";
    }
    out += " " + shown;
  }
  return out;
}

}  // namespace gw::conform
