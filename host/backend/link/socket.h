#pragma once
// LinkSocket: Poco's WebSocket, made safe (RFC 6455). Poco blocks in the middle of a frame, accepts what a server must
// refuse and puts no fragments together; so each frame's head is looked at before it is read, and it is read once all
// of it is there.
//
// Thread: one; the peer's faults are results, never exceptions.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace Poco::Net {
class WebSocket;
}

namespace gw::link {

/// RFC 6455 §7.4.1, and those of docs/protocol/backend-link.md.
namespace close_code {
inline constexpr uint16_t kNormal = 1000, kGoingAway = 1001, kProtocol = 1002, kNotText = 1003, kNotUtf8 = 1007,
                          kPolicy = 1008, kTooBig = 1009, kNotAuthenticated = 4001, kTooSlow = 4002, kSilent = 4003;
}

class LinkSocket {
 public:
  enum class Got : uint8_t {
    kNothing,  // no frame
    kPartial,  // the beginning of one
    kMessage,  // a whole text message
    kControl,  // a ping (answered), a pong, or a part of a message
    kEnd,      // closed by the peer, or broken: closeCode() says which
  };

  /// maxBytes bounds a message, its fragments together.
  LinkSocket(std::unique_ptr<Poco::Net::WebSocket> socket, size_t maxBytes);
  ~LinkSocket();

  int fd() const;
  /// Reads at most one frame; never blocks. message is valid until the next call.
  Got receive(std::string_view& message);
  /// Call when the socket is writable: then a message of maxBytes fits. False: it did not, the connection is of no use.
  bool send(std::string_view message);
  /// Says goodbye, if it can be said at once.
  void close(uint16_t code, const std::string& text);

  uint16_t closeCode() const { return closeCode_; }
  const std::string& problem() const { return problem_; }

 private:
  struct Head {
    uint8_t flags = 0;
    size_t headBytes = 0;
    uint64_t payload = 0;
  };
  Got peek(Head& head);
  Got breaks(uint16_t code, std::string why);
  Got take(const Head& head, std::string_view& message);
  Got control(uint8_t opcode, std::string_view payload);
  bool answer(uint8_t opcode, std::string_view payload);

  std::unique_ptr<Poco::Net::WebSocket> socket_;
  const size_t maxBytes_;
  std::string buffer_;
  std::string parts_;  // of a message whose end has not come
  bool isInMessage_ = false;
  uint16_t closeCode_ = 0;
  std::string problem_;
};

}  // namespace gw::link
