#include "plugin/probe.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>

#include "base/clock.h"

namespace gw::plugin {
namespace {

constexpr size_t kMostOutput = 16 * 1024;
constexpr int kLookAroundMs = 50;
constexpr size_t kMostChunksLeft = 64;  // that it left in the pipe when it ended

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
    if (pipe2(ends, O_CLOEXEC) != 0) return;
    read.fd = ends[0];
    write.fd = ends[1];
  }
  Fd read, write;
};

std::string orderJson(const ProbeOrder& order) {
  nlohmann::json accounts = nlohmann::json::array();
  for (const ProbeAccount& account : order.accounts)
    accounts.push_back({{"id", account.id}, {"options", account.optionsJson}});
  return nlohmann::json{{"library", order.library}, {"accounts", std::move(accounts)}}.dump(
      -1, ' ', false, nlohmann::json::error_handler_t::replace);
}

/// -1: it could not be started.
pid_t spawnProbe(const std::string& program, int in, int out) {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  posix_spawn_file_actions_init(&files);
  posix_spawnattr_init(&attributes);
  posix_spawn_file_actions_adddup2(&files, in, 0);
  posix_spawn_file_actions_adddup2(&files, out, 1);
  posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addclosefrom_np(&files, 3);  // whatever a library of ours left open
  sigset_t none, all;
  sigemptyset(&none);
  sigfillset(&all);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &all);
  posix_spawnattr_setpgroup(&attributes, 0);  // what it starts ends with it
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  char name[] = "gwhost";
  char flag[] = "--probe";
  char* arguments[] = {name, flag, nullptr};
  char* environment[] = {nullptr};
  pid_t pid = -1;
  if (posix_spawn(&pid, program.c_str(), &files, &attributes, arguments, environment) != 0) pid = -1;
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&files);
  return pid;
}

/// Takes what is there to be read within waitMs; false: nothing. Closes the pipe at its end. Of what exceeds
/// kMostOutput the last is kept: it names the step and the end.
bool readSome(Fd& from, int waitMs, std::string& output) {
  pollfd watched{from.fd, POLLIN, 0};  // a closed one (-1) is a pause
  if (poll(&watched, 1, waitMs) <= 0) return false;
  char bytes[4096];
  const ssize_t got = read(from.fd, bytes, sizeof bytes);
  if (got <= 0) return from.close(), false;
  output.append(bytes, static_cast<size_t>(got));
  if (output.size() > kMostOutput) output.erase(0, output.size() - kMostOutput);
  return true;
}

/// Without taking its status: its number stays its own.
bool hasEnded(pid_t pid) {
  siginfo_t found{};
  return waitid(P_PID, static_cast<id_t>(pid), &found, WEXITED | WNOHANG | WNOWAIT) == 0 && found.si_pid == pid;
}

/// What it says until it ends (not until its output does: either may outlive the other); then its status. Nothing if it
/// takes too long or is cancelled. In every case nobody of its group is left.
std::optional<int> readToEnd(pid_t pid, Fd& from, const ProbeOrder& order, std::string& output) {
  const uint64_t endNs = systemClock().nowNs() + order.timeoutMs * 1'000'000;
  bool isOver = false;
  while (!isOver && systemClock().nowNs() < endNs && !(order.isCancelled && *order.isCancelled)) {
    readSome(from, kLookAroundMs, output);
    isOver = hasEnded(pid);
  }
  kill(-pid, SIGKILL);
  int status = 0;
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  if (!isOver) return std::nullopt;
  for (size_t chunk = 0; chunk < kMostChunksLeft && readSome(from, 0, output); ++chunk) {
  }
  return status;
}

/// The last line with this beginning, without it.
std::string lastSaid(const std::string& output, const std::string& beginning) {
  const size_t at = output.rfind("\n" + beginning);
  if (at == std::string::npos) return {};
  const size_t from = at + 1 + beginning.size();
  return output.substr(from, output.find('\n', from) - from);
}

std::string duration(uint64_t ms) {
  return ms % 1000 == 0 ? std::to_string(ms / 1000) + " s" : std::to_string(ms) + " ms";
}

Error failedAt(const std::string& output, const std::string& how) {
  const std::string step = lastSaid(output, "step ");
  return fail(ErrorCode::kInvalid,
              "the probe " + how + (step.empty() ? " before its first step" : " while it was " + step));
}

}  // namespace

Result<void> probePlugin(const ProbeOrder& order) {
  Pipe in, out;
  if (in.write.fd < 0 || out.write.fd < 0) return fail(ErrorCode::kUnavailable, "the probe has no pipes");
  const pid_t pid = spawnProbe(order.program, in.read.fd, out.write.fd);
  if (pid < 0) return fail(ErrorCode::kUnavailable, "the probe " + order.program + " cannot be started");
  in.read.close();
  out.write.close();
  const std::string text = orderJson(order);
  // One that does not read (it has died) gives EPIPE, which says less than its end does.
  for (size_t sent = 0; sent < text.size();) {
    const ssize_t took = write(in.write.fd, text.data() + sent, text.size() - sent);
    if (took <= 0) break;
    sent += static_cast<size_t>(took);
  }
  in.write.close();
  std::string output = "\n";
  const std::optional<int> ended = readToEnd(pid, out.read, order, output);
  if (order.isCancelled && *order.isCancelled) return fail(ErrorCode::kUnavailable, "the probe was given up");
  if (!ended) return failedAt(output, "took more than " + duration(order.timeoutMs));
  const int status = *ended;
  if (WIFSIGNALED(status)) return failedAt(output, std::string("crashed (") + strsignal(WTERMSIG(status)) + ")");
  const std::string refused = lastSaid(output, "refused ");
  if (!refused.empty()) return fail(ErrorCode::kInvalid, refused);
  if (WEXITSTATUS(status) == 0 && output.find("\npassed\n") != std::string::npos) return {};
  return failedAt(output, "ended with status " + std::to_string(WEXITSTATUS(status)));
}

}  // namespace gw::plugin
