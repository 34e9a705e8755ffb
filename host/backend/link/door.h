#pragma once
// Door: the sockets of those who have not shown a token: how many there may be, and for how long each.
//
// Thread-safe. A socket is known by its number, which another may have once it is closed.

#include <Poco/Net/StreamSocket.h>
#include <Poco/Net/TCPServer.h>

#include <functional>
#include <map>
#include <mutex>

#include "base/clock.h"

namespace gw::link {

class Door final : public Poco::Net::TCPServerConnectionFilter {
 public:
  /// onRefused is called on the thread of whichever call it was.
  Door(size_t most, uint64_t forMs, const Clock& clock, std::function<void()> onRefused)
      : most_(most), forNs_(forMs * 1'000'000), clock_(clock), onRefused_(std::move(onRefused)) {}

  /// [server] False: too many wait.
  bool accept(const Poco::Net::StreamSocket& socket) override;
  /// It is a connection now, or over.
  void leave(int fd);
  /// Ends those that have waited too long; all: everyone's.
  void sweep(bool all = false);

 private:
  void forgetEnded();
  struct Waiting {
    Poco::Net::StreamSocket socket;
    uint64_t sinceNs = 0;
  };
  const size_t most_;
  const uint64_t forNs_;
  const Clock& clock_;
  const std::function<void()> onRefused_;
  std::mutex mutex_;
  std::map<int, Waiting> waiting_;
};

}  // namespace gw::link
