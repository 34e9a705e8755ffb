// The side of the process that runs one check.
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <exception>

#include "conform/runner.h"

namespace gw::conform {
namespace {

constexpr rlim_t kMemoryBytes = rlim_t{2} << 30;
constexpr rlim_t kFileBytes = rlim_t{16} << 20;  // coverage data, no more
constexpr rlim_t kFiles = 64;
constexpr rlim_t kThreads = 8;  // that may use up processor time at once

int tellFd = kTellFd;

void limit(__rlimit_resource what, rlim_t most) {
  const rlimit value{most, most};
  setrlimit(what, &value);
}

/// One line, whatever is in it. A reader that has gone is no reason to stop.
void tell(std::string line) {
  for (char& c : line)
    if (c == '\n' || c == '\r') c = ' ';
  line += '\n';
  for (size_t sent = 0; sent < line.size();) {
    const ssize_t took = write(tellFd, line.data() + sent, line.size() - sent);
    if (took <= 0) return;
    sent += static_cast<size_t>(took);
  }
}

void tellStep(const std::string& step) { tell("step " + step); }

}  // namespace

void restrictOurselves(std::chrono::seconds timeout) {
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_CPU, static_cast<rlim_t>(timeout.count()) * kThreads);
  limit(RLIMIT_FSIZE, kFileBytes);
  limit(RLIMIT_NOFILE, kFiles);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)  // those reserve address space by the terabyte
  limit(RLIMIT_AS, kMemoryBytes);
#endif
}

int runHere(const Check& check, const Order& order, int fd) {
  tellFd = fd;
  try {
    Context context(order, tellStep);
    check.run(context);
    tell("passed");
    return kPassed;
  } catch (const Skip& skip) {
    tell("skipped " + skip.why);
    return kPassed;
  } catch (const Failure& failure) {
    tell("failed " + failure.why);
  } catch (const std::exception& problem) {
    tell(std::string("failed it threw across the boundary: ") + problem.what());
  } catch (...) {
    tell("failed it threw something across the boundary");
  }
  return kFailed;
}

}  // namespace gw::conform
