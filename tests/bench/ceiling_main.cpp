// gw_ceiling: prints its ports as one JSON line and serves until SIGTERM or SIGINT.

#include <signal.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cstdio>
#include <exception>

#include "ceiling.h"

int main() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  const int stop = signalfd(-1, &set, SFD_CLOEXEC);
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
  try {
    gw::bench::Ceiling ceiling;
    std::printf("{\"ready\":true,\"pid\":%d,\"http\":%u,\"telnet\":%u}\n", getpid(), ceiling.httpPort(),
                ceiling.telnetPort());
    std::fflush(stdout);
    ceiling.run(stop);
  } catch (const std::exception& problem) {
    std::fprintf(stderr, "gw_ceiling: %s\n", problem.what());
    return 1;
  }
  return 0;
}
