#include "backend/link/door.h"

#include <sys/socket.h>

namespace gw::link {

bool Door::accept(const Poco::Net::StreamSocket& socket) {
  {
    const std::lock_guard lock(mutex_);
    forgetEnded();
    if (waiting_.size() < most_) {
      waiting_.insert_or_assign(socket.impl()->sockfd(), Waiting{socket, clock_.nowNs()});
      return true;
    }
  }
  onRefused_();
  return false;
}

// With mutex_ held. Closed, or ours is the last hold on it: whoever read from it is done.
void Door::forgetEnded() {
  std::erase_if(waiting_, [](const auto& entry) {
    const auto* socket = entry.second.socket.impl();
    return socket->sockfd() != entry.first || socket->referenceCount() <= 1;
  });
}

void Door::leave(int fd) {
  const std::lock_guard lock(mutex_);
  waiting_.erase(fd);
}

// Only shut down: the thread that reads from it finds its end, and closes it.
void Door::sweep(bool all) {
  size_t late = 0;
  {
    const std::lock_guard lock(mutex_);
    forgetEnded();
    const uint64_t now = clock_.nowNs();
    late = std::erase_if(waiting_, [&](const auto& entry) {
      const bool isDue = all || now - entry.second.sinceNs > forNs_;
      if (isDue) ::shutdown(entry.first, SHUT_RDWR);
      return isDue;
    });
  }
  if (all) return;
  for (; late > 0; --late) onRefused_();
}

}  // namespace gw::link
