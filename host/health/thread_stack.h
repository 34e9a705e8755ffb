#pragma once
// The stack of another thread of this process, for the last words of a gateway that hangs.

#include <sys/types.h>

#include <string>

namespace gw::health {

/// Installs the signal handler (SIGRTMIN + 5: the host blocks the classic signals in all threads) and
/// loads what backtrace() needs. Call once before stackOfThread, while malloc still works.
void prepareThreadStacks();

/// One line per frame: "library(function+offset) [address]". The thread is interrupted by a signal; it
/// goes on afterwards. Says so if the thread does not answer within a second. Takes no malloc lock
/// before the thread has been asked, and none that the thread could hold while it answers.
std::string stackOfThread(pid_t threadId);

}  // namespace gw::health
