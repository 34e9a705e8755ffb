#include "websocket_codec.h"

#include <algorithm>
#include <cstring>

namespace gw::websocket {

using Verdict = FrameEvents::Verdict;

// One feed(): the bytes at hand, how far they are read, and what came of it.
class WebSocketDecoder::Run {
 public:
  Run(WebSocketDecoder& decoder, std::string_view bytes, FrameEvents& events)
      : d_(decoder), bytes_(bytes), events_(events) {}

  FeedResult run() {
    while (!isBlocked_ && !d_.isDone_) {
      if (d_.inPayload_) {
        if (at_ == bytes_.size()) break;
        readPayload();
      } else {
        readFrame();
      }
    }
    answerPing();
    if (d_.isDone_) {
      releaseMessage();
      result_.consumed = bytes_.size();
    } else {
      result_.consumed = at_;
    }
    return result_;
  }

 private:
  void fail(uint16_t code, const char* reason) {
    result_.failCode = code;
    result_.failReason = reason;
    d_.isDone_ = true;
  }
  void failText() { fail(kCloseInvalidData, "invalid UTF-8"); }

  void chargeOverhead() {
    if (!d_.isDone_ && events_.onOverhead() == Verdict::kStop) d_.isDone_ = true;
  }

  void readFrame() {
    FrameHeader header;
    const char* error = "";
    const HeaderParse parsed = parseClientHeader(bytes_.substr(at_), header, error);
    if (parsed == HeaderParse::kInvalid) return fail(kCloseProtocolError, error);
    // The opcode and the length are known before the mask: judge as early as the bytes allow.
    if (at_ < bytes_.size() && !isAllowedNow(header)) return;
    if (parsed == HeaderParse::kIncomplete) {
      isBlocked_ = true;
    } else if (header.isControl()) {
      readControl(header);
    } else {
      beginDataFrame(header);
    }
  }

  bool isAllowedNow(const FrameHeader& header) {
    if (header.isControl()) return true;
    if (header.opcode == Opcode::kContinuation && !d_.isOpen_) {
      fail(kCloseProtocolError, "continuation without a message");
    } else if (header.opcode != Opcode::kContinuation && d_.isOpen_) {
      fail(kCloseProtocolError, "new message inside a fragmented one");
    } else if (header.payloadBytes > d_.maxMessage_ || header.payloadBytes + d_.size_ > d_.maxMessage_) {
      fail(kCloseTooBig, "message too big");
    } else {
      return true;
    }
    return false;
  }

  void readControl(const FrameHeader& header) {
    const size_t frameBytes = header.headerBytes + static_cast<size_t>(header.payloadBytes);
    if (bytes_.size() - at_ < frameBytes) {
      isBlocked_ = true;
      return;
    }
    const char* payload = bytes_.data() + at_ + header.headerBytes;
    at_ += frameBytes;
    switch (header.opcode) {
      case Opcode::kPing:
        ping_ = payload;
        pingHeader_ = header;
        return chargeOverhead();
      case Opcode::kPong:
        return chargeOverhead();
      default:
        readClose(header, payload);
    }
  }

  void readClose(const FrameHeader& header, const char* masked) {
    char payload[kMaxControlPayload];
    const auto length = static_cast<size_t>(header.payloadBytes);
    unmask(payload, masked, length, header.mask, 0);
    if (length == 0) {
      d_.isDone_ = true;
      return events_.onClose(kCloseNoStatus, {});
    }
    if (length == 1) return fail(kCloseProtocolError, "close frame of one byte");
    const auto code = static_cast<uint16_t>(static_cast<uint8_t>(payload[0]) << 8 | static_cast<uint8_t>(payload[1]));
    const std::string_view reason(payload + 2, length - 2);
    Utf8Validator utf8;
    if (!utf8.feed(reason) || !utf8.isComplete()) return failText();
    if (!isValidCloseCode(code)) return fail(kCloseProtocolError, "close code that must not be sent");
    d_.isDone_ = true;
    events_.onClose(code, reason);
  }

  void beginDataFrame(const FrameHeader& header) {
    const bool isFirst = header.opcode != Opcode::kContinuation;
    const bool isText = isFirst ? header.opcode == Opcode::kText : d_.isText_;
    const auto length = static_cast<uint32_t>(header.payloadBytes);  // ≤ maxMessage_
    const size_t available = bytes_.size() - at_ - header.headerBytes;
    if (isFirst && header.isFinal && length <= available) return takeWhole(header, length);

    if (header.isFinal && length == 0) {
      // Nothing of this frame would be left with the caller if the receiver said AGAIN, so the header stays.
      if (isText && !d_.utf8_.isComplete()) return failText();
      if (!offer(isText, {d_.message_.get(), d_.size_})) return;
      at_ += header.headerBytes;
      endMessage();
      return chargeOverhead();
    }
    if (isFirst) d_.utf8_ = Utf8Validator{};
    d_.isOpen_ = true;
    d_.isText_ = isText;
    d_.isFinal_ = header.isFinal;
    d_.remaining_ = length;
    d_.inPayload_ = length != 0;
    d_.mask_ = header.mask;
    at_ += header.headerBytes;
    if (!isFirst || !header.isFinal) chargeOverhead();
  }

  // The common case: a message in one frame, all of it here. Copied once, on unmasking.
  void takeWhole(const FrameHeader& header, uint32_t length) {
    char small[4096];
    std::unique_ptr<char[]> large;
    char* plain = small;
    if (length > sizeof small) {
      large = std::make_unique_for_overwrite<char[]>(length);
      plain = large.get();
    }
    unmask(plain, bytes_.data() + at_ + header.headerBytes, length, header.mask, 0);
    const std::string_view message(plain, length);
    const bool isText = header.opcode == Opcode::kText;
    if (isText) {
      Utf8Validator utf8;
      if (!utf8.feed(message) || !utf8.isComplete()) return failText();
    }
    if (offer(isText, message)) at_ += header.headerBytes + length;
  }

  void readPayload() {
    const auto count = static_cast<uint32_t>(std::min<size_t>(d_.remaining_, bytes_.size() - at_));
    grow(count);
    char* added = d_.message_.get() + d_.size_;
    unmask(added, bytes_.data() + at_, count, d_.mask_, 0);
    const bool isEnd = d_.isFinal_ && count == d_.remaining_;

    // The last byte is judged apart: it goes back to the caller if the receiver says AGAIN.
    const uint32_t early = isEnd ? count - 1 : count;
    if (d_.isText_ && !d_.utf8_.feed({added, early})) return failText();
    take(early);
    if (!isEnd) {
      if (d_.remaining_ == 0) d_.inPayload_ = false;
      return;
    }
    Utf8Validator last = d_.utf8_;
    if (d_.isText_ && (!last.feed({added + early, 1}) || !last.isComplete())) return failText();
    if (!offer(d_.isText_, {d_.message_.get(), d_.size_ + 1u})) return;
    ++at_;
    endMessage();
  }

  void take(uint32_t count) {
    at_ += count;
    d_.size_ += count;
    d_.remaining_ -= count;
    const auto mask = d_.mask_;
    for (size_t i = 0; i < mask.size(); ++i) d_.mask_[i] = mask[(i + count) % mask.size()];
  }

  // Doubling, from what has really arrived; the announced length only caps it.
  void grow(uint32_t count) {
    const uint32_t needed = d_.size_ + count;
    if (needed <= d_.capacity_) return;
    const uint32_t wanted = std::max(needed, std::min(d_.capacity_ * 2, d_.size_ + d_.remaining_));
    auto larger = std::make_unique_for_overwrite<char[]>(wanted);
    if (d_.size_ != 0) std::memcpy(larger.get(), d_.message_.get(), d_.size_);
    d_.message_ = std::move(larger);
    d_.capacity_ = wanted;
  }

  // True: taken (or the end of all reading); false: blocked.
  bool offer(bool isText, std::string_view message) {
    const Verdict verdict = events_.onMessage(isText, message);
    isBlocked_ = verdict == Verdict::kAgain;
    if (verdict == Verdict::kStop) d_.isDone_ = true;
    return !isBlocked_;
  }

  void endMessage() {
    releaseMessage();
    d_.inPayload_ = d_.isOpen_ = false;
    d_.remaining_ = 0;
  }
  void releaseMessage() {
    d_.message_.reset();
    d_.size_ = d_.capacity_ = 0;
  }

  void answerPing() {
    if (ping_ == nullptr || d_.isDone_) return;
    char payload[kMaxControlPayload];
    const auto length = static_cast<size_t>(pingHeader_.payloadBytes);
    unmask(payload, ping_, length, pingHeader_.mask, 0);
    events_.onPing({payload, length});
  }

  WebSocketDecoder& d_;
  std::string_view bytes_;
  FrameEvents& events_;
  size_t at_ = 0;
  bool isBlocked_ = false;
  const char* ping_ = nullptr;  // still masked, inside bytes_
  FrameHeader pingHeader_;
  FeedResult result_;
};

bool WebSocketDecoder::hold(std::string_view bytes) {
  if (!isOpen_ && (!bytes.empty() || remaining_ != 0)) return false;
  if (bytes.size() + remaining_ > maxMessage_) return false;
  utf8_ = Utf8Validator{};
  if (isOpen_ && isText_ && !utf8_.feed(bytes)) return false;
  if (bytes.empty()) return true;
  message_ = std::make_unique_for_overwrite<char[]>(bytes.size());
  bytes.copy(message_.get(), bytes.size());
  size_ = capacity_ = static_cast<uint32_t>(bytes.size());
  return true;
}

FeedResult WebSocketDecoder::feed(std::string_view bytes, FrameEvents& events) {
  return Run(*this, bytes, events).run();
}

}  // namespace gw::websocket
