#pragma once
// WebSocketDecoder: a client's byte stream to messages and control frames (RFC 6455). No sockets.
//
// Thread: whoever owns it; one at a time.
// Invariants
//  1. Headers and control frames are taken whole or not at all: a part of one stays with the caller.
//     So an idle decoder holds no bytes and no heap.
//  2. Memory grows with what has arrived, never with what a header announces; at most maxMessage.
//  3. Once a close frame was read or the stream failed, everything else is swallowed unread.
//  4. A message that the receiver could not take is offered again by the next feed(), exactly once
//     each time; nothing after it is looked at until it is taken.
//
// Pings of one feed() are answered once, with the last one's payload (§5.5.3 allows it): a flood of
// pings cannot become a flood of pongs.

#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

#include "utf8_validator.h"
#include "websocket_frame.h"

namespace gw::websocket {

/// What the decoder tells. Calls arrive from feed() only.
class FrameEvents {
 public:
  enum class Verdict {
    kTaken,
    kAgain,  // onMessage only: not now; feed() returns and the message is offered again by the next one
    kStop    // the connection is being closed: read no further
  };

  /// One complete message; text is valid UTF-8. The view dies with the call.
  virtual Verdict onMessage(bool isText, std::string_view message) = 0;
  /// The last ping of this feed(). At most 125 bytes.
  virtual void onPing(std::string_view payload) = 0;
  /// The peer's close frame, 1005 if it had no code. Nothing follows.
  virtual void onClose(uint16_t code, std::string_view reason) = 0;
  /// A ping, a pong or a fragment arrived: what a peer can send without ever completing a message.
  virtual Verdict onOverhead() = 0;

 protected:
  ~FrameEvents() = default;
};

struct FeedResult {
  size_t consumed = 0;
  uint16_t failCode = 0;        // not 0: fail the connection (§7.1.7) with this close code
  const char* failReason = "";  // static
};

class WebSocketDecoder {
 public:
  explicit WebSocketDecoder(uint32_t maxMessageBytes) : maxMessage_(maxMessageBytes) {}

  /// Bytes in order; what is not consumed must be offered again, with what arrived since behind it.
  FeedResult feed(std::string_view bytes, FrameEvents& events);
  /// Counts from the next frame header on.
  void setMaxMessage(uint32_t bytes) { maxMessage_ = bytes; }
  /// Bytes of an unfinished message that are held here.
  size_t heldBytes() const { return size_; }

  /// Its part of a state (gw/state.hpp). The validator is not in it: the text that it has seen is. Reads at most
  /// what setMaxMessage allows.
  template <class Self, class Fields>
  static void fields(Self& self, Fields& f);

 private:
  class Run;
  friend class Run;
  std::string_view held() const { return {message_.get(), size_}; }
  /// False: the parts do not fit each other, or are no text.
  bool hold(std::string_view bytes);

  std::unique_ptr<char[]> message_;  // of fragments and of frames that came in pieces
  uint32_t size_ = 0;
  uint32_t capacity_ = 0;
  uint32_t maxMessage_;
  uint32_t remaining_ = 0;  // payload bytes of the current data frame still to come; never above maxMessage_
  Mask mask_{};             // turned so that [0] is for the next byte
  Utf8Validator utf8_;
  bool inPayload_ = false;
  bool isFinal_ = false;  // the current frame ends its message
  bool isOpen_ = false;   // a message has begun
  bool isText_ = false;
  bool isDone_ = false;
};

template <class Self, class Fields>
void WebSocketDecoder::fields(Self& self, Fields& f) {
  f.flag(1, "isOpen", self.isOpen_);
  f.flag(2, "isText", self.isText_);
  f.flag(3, "isFinal", self.isFinal_);
  f.flag(4, "isDone", self.isDone_);
  f.number(5, "remaining", self.remaining_, self.maxMessage_);
  uint32_t mask = 0;
  std::memcpy(&mask, self.mask_.data(), sizeof mask);
  if (self.remaining_ == 0) mask = 0;  // of the last frame
  f.number(6, "mask", mask, UINT32_MAX);
  if constexpr (Fields::isReading) {
    self.inPayload_ = self.remaining_ != 0;
    std::memcpy(self.mask_.data(), &mask, sizeof mask);
    if (!self.hold(f.textView(7, "message", self.maxMessage_))) f.fail("message", "is none that could have begun");
  } else {
    f.text(7, "message", self.held(), self.maxMessage_);
  }
}

}  // namespace gw::websocket
