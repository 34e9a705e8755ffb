#pragma once
// Door: the sockets of those who have not shown a token: how many there may be, and for how long each.
//
// Thread-safe. A socket is known by its number while it is open.

#include <Poco/Net/StreamSocket.h>
#include <Poco/Net/TCPServer.h>

#include <map>
#include <mutex>

#include "base/clock.h"

namespace gw::link {

class Door final : public Poco::Net::TCPServerConnectionFilter {
 public:
  Door(size_t most, uint64_t forMs, const Clock& clock) : most_(most), forNs_(forMs * 1'000'000), clock_(clock) {}

  /// [server] False: too many wait.
  bool accept(const Poco::Net::StreamSocket& socket) override;
  /// It is a connection now, or over.
  void leave(int fd);
  /// Ends those that have waited too long; all: everyone's.
  void sweep(bool all = false);
  uint64_t turnedAway() const;

 private:
  struct Waiting {
    Poco::Net::StreamSocket socket;
    uint64_t sinceNs = 0;
  };
  const size_t most_;
  const uint64_t forNs_;
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::map<int, Waiting> waiting_;
  uint64_t turnedAway_ = 0;
};

}  // namespace gw::link
