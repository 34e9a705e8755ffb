#pragma once
// InputPort: what streams ask of the session side; one per loop, implemented in session/.
// All calls on that loop. Statuses as in gw/host.h.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "gw/host.h"
#include "gw/login.h"
#include "net/connection.h"

namespace gw::plugin {

class Stream;
class Request;

/// What the session side keeps with a stream, or prepares for one (a bound HTTP request).
class StreamContext {
 public:
  virtual ~StreamContext() = default;
};

class InputPort {
 public:
  virtual ~InputPort() = default;

  /// Null: take it. Else why not, for the log and the counters; the socket is closed.
  /// isNewSocket: false for a stream made of an HTTP connection that was let in as such; true for one that came
  /// through a proxy, whose client is new here.
  virtual const char* admit(const net::PeerAddress& peer, bool isNewSocket) = 0;
  /// The stream is open; for a bound one its context says to what.
  virtual void opened(Stream& stream) = 0;
  /// The last call for an opened stream.
  virtual void closed(Stream& stream, uint32_t code) = 0;
  virtual void writable(Stream& stream) = 0;

  virtual gw_status hello(Stream& stream, uint64_t token, const gw_hello& hello) = 0;
  virtual gw_status submit(Stream& stream, uint64_t token, const gw_input& input) = 0;
  virtual gw_status frame(Stream& stream, std::string_view utf8) = 0;
  virtual void ack(Stream& stream, uint64_t epoch, uint64_t seq) = 0;
  virtual gw_status charge(Stream& stream, uint32_t units) = 0;
  virtual gw_status signIn(Stream& stream, const gw_sign_in& signIn) = 0;

  virtual gw_status bindRequest(std::shared_ptr<Request> request, uint32_t kind, std::string_view credential,
                                uint64_t epoch, uint64_t seq, uint64_t token) = 0;
  virtual gw_status frameRequest(std::shared_ptr<Request> request, std::string_view bearer, std::string_view utf8,
                                 uint64_t token) = 0;
};

}  // namespace gw::plugin
