#pragma once
// WireClient: a client's end of a socket pair, speaking WebSocket after the handshake; it reads exactly as
// many bytes as it is told to. Nothing blocks.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gw::test {

class WireClient {
 public:
  explicit WireClient(int fd) : fd_(fd) {}
  ~WireClient();
  WireClient(const WireClient&) = delete;
  WireClient& operator=(const WireClient&) = delete;

  void sendText(std::string_view text) { sendFrame(1, text); }
  /// Code 1000 ends the session.
  void sendClose(uint16_t code);
  /// Takes at most `most` bytes of what has come; returns how many. 0 and hasEnded(): no more will come.
  size_t read(size_t most);
  bool hasEnded() const { return hasEnded_; }
  /// The next text message that is wholly there. Pings are answered.
  std::optional<std::string> next();

 private:
  void sendFrame(int opcode, std::string_view payload);

  const int fd_;
  std::string unread_;
  bool hasEnded_ = false;
};

}  // namespace gw::test
