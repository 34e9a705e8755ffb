#pragma once
// StreamAcceptor: where an account hands in what arrives for it. Implemented by the stream side
// (plugin/stream_host.h); an interface so that channel/ can be tested without sessions.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "net/connection.h"
#include "net/http_front.h"
#include "plugin/instance.h"

namespace gw::net {
class TlsContext;
}

namespace gw::plugin {

class Migration;  // plugin/migration.h
struct MigrationOptions;

/// What an account's streams need to know of it. Immutable.
struct AccountTraits {
  std::string accountId;
  std::string listener;  // for logs
  std::vector<std::string> roles{"player"};
  double commandRate = 0;  // a connection's commands a second; 0: the gateway's limits
  uint32_t commandBurst = 0;
};

/// How the streams of instances are ended.
struct Goodbye {
  uint32_t code = 0;
  uint64_t graceMs = 0;  // then those that are left are cut off
  std::string text{};    // for people
  /// Asked now and then, on the waiting thread, with how many are left. False: it waits no longer and cuts nobody off.
  std::function<bool(size_t left)> goOn{};
};

class StreamAcceptor {
 public:
  virtual ~StreamAcceptor() = default;
  /// [loop] An accepted socket of an account with a listener of its own. Admission (limits, bans) is
  /// decided here; takes the fd in every case.
  virtual void onSocket(net::EventLoop& loop, std::shared_ptr<Instance> instance,
                        std::shared_ptr<const AccountTraits> traits, int fd, net::PeerAddress peer,
                        net::TlsContext* tls) = 0;
  /// [loop] A request on one of the instance's routes.
  virtual void onRequest(std::shared_ptr<Instance> instance, std::shared_ptr<const AccountTraits> traits,
                         std::shared_ptr<net::HttpExchange> exchange) = 0;
  /// [not a loop] Says goodbye on all streams of some instances at once and waits until they are gone or the grace
  /// has ended (then they are cut off). Returns how many were cut off.
  virtual size_t closeAll(const std::vector<std::shared_ptr<Instance>>& instances, const Goodbye& goodbye) = 0;
  /// [not a loop] Begins to move the streams of one instance to another; the answer tells how far it is.
  virtual std::shared_ptr<Migration> migrate(std::shared_ptr<Instance> from, std::shared_ptr<Instance> to,
                                             const MigrationOptions& options) = 0;
};

}  // namespace gw::plugin
