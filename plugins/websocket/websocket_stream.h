#pragma once
// WebSocketStream: what the connections of every subprotocol share: the decoder, heartbeat, pongs and
// the closing handshake. Subprotocols derive from it.
//
// Thread: [loop] of the connection. Idle, it holds no heap beside itself.

#include <cstdint>
#include <string_view>

#include "gw/stream.hpp"
#include "websocket_codec.h"

namespace gw::websocket {

class WebSocketChannel;

constexpr uint32_t kMaxMessageBeforeLogin = 64 * 1024;
constexpr uint32_t kMaxMessage = 1024 * 1024;

class WebSocketStream : public sdk::Stream, protected FrameEvents {
 public:
  WebSocketStream(sdk::HostConn conn, const WebSocketChannel& channel, uint64_t nowNs);
  sdk::Consumed onData(std::string_view bytes, uint64_t nowNs) override;
  void onTimer(uint32_t id, uint64_t nowNs) override;
  void onWritable() override { isOutputFull_ = false; }
  void onNotice(const gw_notice& notice) override;
  void onCloseBegin(const gw_close_info& info, uint64_t graceMs) override;

  sdk::MoveAnswer quiesce() override;
  void save(sdk::StateWriter& out) const override;
  /// Instead of begin(): goes on from a state.
  void restore(sdk::StateReader& in, uint64_t nowNs);
  /// A new connection: timer, class, and who is there.
  void begin();

 protected:
  virtual void setClass() = 0;
  /// A terminal has to say who is there.
  virtual void introduce() {}
  /// The subprotocol's part of a state: a section of its own.
  virtual void saveOwn(sdk::StateWriter& out) const = 0;
  virtual void restoreOwn(sdk::StateReader& in) = 0;

  const WebSocketChannel& channel() const { return channel_; }
  /// Says goodbye with a close frame and ends the stream. hostCode: GW_CLOSE_*; for what goes on the
  /// wire the WebSocket code counts.
  void closeWith(uint16_t wireCode, uint32_t hostCode, std::string_view reason);
  void sendFrame(Opcode opcode, std::string_view payload);

  /// FrameEvents::onMessage of the subprotocol.
  virtual Verdict onPayload(bool isText, std::string_view message) = 0;
  /// What the subprotocol has to say before the host's close frame.
  virtual void sayGoodbye(const gw_close_info& /*info*/) {}

 private:
  template <class Self, class Fields>
  static void fields(Self& self, Fields& f, uint64_t latestNs);
  Verdict onMessage(bool isText, std::string_view message) final;
  void onPing(std::string_view payload) final;
  void onClose(uint16_t code, std::string_view reason) final;
  Verdict onOverhead() final;

  const WebSocketChannel& channel_;
  uint64_t heardNs_;  // when the peer last sent anything
  WebSocketDecoder decoder_;
  bool hasPlayed_ = false;  // it may send larger messages
  bool isOutputFull_ = false;
  bool isInputHeld_ = false;  // the host did not take a message: silence is not the peer's
  bool isClosing_ = false;
};

}  // namespace gw::websocket
