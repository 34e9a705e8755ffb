#include "backend/link/door.h"

#include <sys/socket.h>

namespace gw::link {

bool Door::accept(const Poco::Net::StreamSocket& socket) {
  const std::lock_guard lock(mutex_);
  // A socket that ended before its request came left no other trace: its number is free, or another's.
  const int fd = socket.impl()->sockfd();
  waiting_.erase(fd);
  if (waiting_.size() >= most_) {
    ++turnedAway_;
    return false;
  }
  waiting_.emplace(fd, Waiting{socket, clock_.nowNs()});
  return true;
}

void Door::leave(int fd) {
  const std::lock_guard lock(mutex_);
  waiting_.erase(fd);
}

// Only shut down: the thread that reads from it finds its end, and closes it.
void Door::sweep(bool all) {
  const std::lock_guard lock(mutex_);
  const uint64_t now = clock_.nowNs();
  for (auto it = waiting_.begin(); it != waiting_.end();) {
    // Ours is the last hold on it: whoever read from it is done.
    const bool isOver = it->second.socket.impl()->referenceCount() <= 1;
    const bool isDue = all || now - it->second.sinceNs > forNs_;
    if (isDue && !isOver) ::shutdown(it->first, SHUT_RDWR);
    it = isDue || isOver ? waiting_.erase(it) : std::next(it);
  }
}

uint64_t Door::turnedAway() const {
  const std::lock_guard lock(mutex_);
  return turnedAway_;
}

}  // namespace gw::link
