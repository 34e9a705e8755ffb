#pragma once
// Socket: a WebSocket client on Poco that hands over whole text messages. It puts fragments together, answers pings
// and closes, which Poco leaves to its user.
//
// Thread: one receives, one sends; interrupt() from any. Failures throw std::runtime_error.

#include <chrono>
#include <memory>
#include <string>
#include <string_view>

namespace gw::backend {

/// ws://host[:port][/path] or unix:/path. Throws std::runtime_error for anything else.
struct Url {
  static Url parse(const std::string& text);
  std::string unixPath;  // empty: TCP
  std::string host;
  uint16_t port = 0;
  std::string path = "/backend";
};

class Socket {
 public:
  /// Blocks for at most `patience`, each for connecting and for the upgrade.
  static std::unique_ptr<Socket> dial(const Url& url, std::chrono::milliseconds patience);
  ~Socket();
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  enum class Got { kMessage, kNothing, kClosed };
  /// kNothing: silence for that long. kClosed: closeReason() says more.
  Got receive(std::string& message, std::chrono::milliseconds patience);
  const std::string& closeReason() const;

  void send(std::string_view message);
  /// Says goodbye; at best.
  void sendClose(uint16_t code, const std::string& reason);
  /// Ends what receive() and send() wait for.
  void interrupt();

 private:
  class Impl;
  explicit Socket(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace gw::backend
