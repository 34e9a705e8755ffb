#pragma once
// A client's side of RFC 6455 for tests: masked frames, and a recorder of what the decoder tells.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "websocket_codec.h"

namespace gw::websocket::test {

inline std::string clientFrame(Opcode opcode, std::string_view payload, bool isFinal = true,
                               Mask mask = {0x11, 0xA2, 0x33, 0xC4}) {
  std::string frame;
  frame.push_back(static_cast<char>((isFinal ? 0x80 : 0) | static_cast<uint8_t>(opcode)));
  const uint64_t length = payload.size();
  const int lengthBytes = length <= 125 ? 0 : length <= 0xFFFF ? 2 : 8;
  frame.push_back(static_cast<char>(0x80 | (lengthBytes == 0 ? length : lengthBytes == 2 ? 126u : 127u)));
  for (int i = lengthBytes - 1; i >= 0; --i) frame.push_back(static_cast<char>(length >> (8 * i) & 0xFF));
  for (const uint8_t byte : mask) frame.push_back(static_cast<char>(byte));
  for (size_t i = 0; i < payload.size(); ++i) {
    frame.push_back(static_cast<char>(static_cast<uint8_t>(payload[i]) ^ mask[i % 4]));
  }
  return frame;
}

inline std::string closePayload(uint16_t code, std::string_view reason = {}) {
  return std::string{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)} + std::string(reason);
}

/// Writes down events as short lines: "text:Hello", "binary:..", "close:1000:bye", "fail:1002".
class Recorder final : public FrameEvents {
 public:
  Verdict onMessage(bool isText, std::string_view message) override {
    if (refusals > 0) {
      --refusals;
      ++refused;
      return Verdict::kAgain;
    }
    log.push_back((isText ? "text:" : "binary:") + std::string(message));
    return messageVerdict;
  }
  void onPing(std::string_view payload) override { pings.emplace_back(payload); }
  void onClose(uint16_t code, std::string_view reason) override {
    log.push_back("close:" + std::to_string(code) + ":" + std::string(reason));
  }
  Verdict onOverhead() override { return ++overhead > overheadLimit ? Verdict::kStop : Verdict::kTaken; }

  std::vector<std::string> log, pings;
  int overhead = 0;
  int overheadLimit = 1 << 30;
  int refusals = 0;  // how many offers are answered with kAgain
  int refused = 0;
  Verdict messageVerdict = Verdict::kTaken;
};

/// Feeds as a host does: what is not consumed is offered again in front of what comes next.
class Peer {
 public:
  explicit Peer(uint32_t maxMessage = 1 << 20) : decoder(maxMessage) {}

  void feed(std::string_view bytes) {
    unread.append(bytes);
    const FeedResult result = decoder.feed(unread, events);
    unread.erase(0, result.consumed);
    if (result.failCode != 0) events.log.push_back("fail:" + std::to_string(result.failCode));
  }

  WebSocketDecoder decoder;
  Recorder events;
  std::string unread;
};

/// The log of feeding `bytes` in the pieces given by the ends.
inline std::vector<std::string> logOf(std::string_view bytes, const std::vector<size_t>& cuts,
                                      uint32_t maxMessage = 1 << 20) {
  Peer peer(maxMessage);
  size_t at = 0;
  for (const size_t cut : cuts) {
    peer.feed(bytes.substr(at, cut - at));
    at = cut;
  }
  peer.feed(bytes.substr(at));
  return peer.events.log;
}

inline std::vector<size_t> everyByte(size_t size) {
  std::vector<size_t> cuts;
  for (size_t i = 1; i < size; ++i) cuts.push_back(i);
  return cuts;
}

}  // namespace gw::websocket::test
