#pragma once
// Outbound: the frames that wait for one connection, already put together to messages of at most kMaxMessageBytes.
//
// Thread: any to add; the connection's own to take. Bounds: commands are refused over maxFrames, everything over
// maxBytes (then the backend does not read, and the connection is to be closed).

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>

namespace gw::link {

class Outbound {
 public:
  Outbound(size_t maxFrames, size_t maxBytes) : maxFrames_(maxFrames), maxBytes_(maxBytes) {}

  /// False: over the bound of bytes, or the frame alone is larger than a message.
  bool add(std::string_view frame);
  /// False: no room for a command now; roomAgain() will say when.
  bool admitsCommand();
  /// Once, after a command was not admitted and half of what waited has gone.
  bool roomAgain();

  /// The next message; false: there is none.
  bool take(std::string& message);
  /// Nobody adds any more; what waits is gone.
  void close();

  size_t frames() const;
  size_t bytes() const;

 private:
  struct Message {
    std::string text;  // "[frame,frame" without its end
    size_t frames = 0;
  };
  const size_t maxFrames_;
  const size_t maxBytes_;
  mutable std::mutex mutex_;
  bool isClosed_ = false;
  bool hasRefused_ = false;
  std::deque<Message> messages_;
  size_t frames_ = 0;
  size_t bytes_ = 0;
};

}  // namespace gw::link
