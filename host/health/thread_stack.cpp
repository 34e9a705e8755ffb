#include "health/thread_stack.h"

#include <execinfo.h>
#include <semaphore.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <mutex>

namespace gw::health {
namespace {

constexpr int kMaxFrames = 64;

/// Shared with the handler; one question at a time.
struct Capture {
  std::atomic<pid_t> asked{0};  // the thread that should answer
  std::atomic<bool> isAnswering{false};
  void* frames[kMaxFrames];
  int count = 0;
  sem_t answered;
};
Capture capture;

int stackSignal() { return SIGRTMIN + 5; }

void answer(int) {
  const int savedErrno = errno;
  pid_t self = static_cast<pid_t>(::syscall(SYS_gettid));
  // A signal that comes after its question was given up finds another thread's id here, or none.
  capture.isAnswering = true;
  if (capture.asked.compare_exchange_strong(self, 0)) {
    capture.count = ::backtrace(capture.frames, kMaxFrames);
    ::sem_post(&capture.answered);
  }
  capture.isAnswering = false;
  errno = savedErrno;
}

std::string describe() {
  const int file = ::memfd_create("stack", MFD_CLOEXEC);
  if (file < 0) return "no memory for the stack\n";
  ::backtrace_symbols_fd(capture.frames, capture.count, file);  // unlike backtrace_symbols: no malloc
  std::string text;
  char buffer[4096];
  off_t at = 0;
  for (ssize_t got; (got = ::pread(file, buffer, sizeof(buffer), at)) > 0; at += got) {
    text.append(buffer, static_cast<size_t>(got));
  }
  ::close(file);
  return text;
}

}  // namespace

void prepareThreadStacks() {
  static std::once_flag once;
  std::call_once(once, [] {
    ::sem_init(&capture.answered, 0, 0);
    void* frame[1];
    ::backtrace(frame, 1);  // loads libgcc now: in the handler it could not
    struct sigaction action {};
    action.sa_handler = &answer;
    action.sa_flags = SA_RESTART;
    ::sigfillset(&action.sa_mask);
    ::sigaction(stackSignal(), &action, nullptr);
  });
}

std::string stackOfThread(pid_t threadId) {
  static std::mutex oneAtATime;
  std::lock_guard lock(oneAtATime);
  if (capture.isAnswering) return "an earlier question for a stack is still open\n";
  while (::sem_trywait(&capture.answered) == 0) {
  }
  capture.asked = threadId;
  if (::syscall(SYS_tgkill, ::getpid(), threadId, stackSignal()) != 0) {
    capture.asked = 0;
    return "the thread is gone\n";
  }
  timespec deadline{};
  ::clock_gettime(CLOCK_REALTIME, &deadline);
  deadline.tv_sec += 1;
  int waited = -1;
  while ((waited = ::sem_timedwait(&capture.answered, &deadline)) != 0 && errno == EINTR) {
  }
  if (waited != 0) {
    capture.asked = 0;
    return "the thread did not answer (it may hang in the kernel)\n";
  }
  return describe();
}

}  // namespace gw::health
