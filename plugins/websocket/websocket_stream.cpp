#include "websocket_stream.h"

#include "websocket_channel.h"

namespace gw::websocket {
namespace {

constexpr uint32_t kHeartbeatTimer = 0;

uint32_t hostCodeFor(uint16_t failCode) {
  switch (failCode) {
    case kCloseInvalidData:
      return GW_CLOSE_INVALID_DATA;
    case kCloseTooBig:
      return GW_CLOSE_TOO_BIG;
    default:
      return GW_CLOSE_PROTOCOL;
  }
}

}  // namespace

WebSocketStream::WebSocketStream(sdk::HostConn conn, const WebSocketChannel& channel, uint64_t nowNs)
    : Stream(conn), channel_(channel), heardNs_(nowNs), decoder_(kMaxMessageBeforeLogin) {}

void WebSocketStream::begin() {
  conn().timerSet(kHeartbeatTimer, channel_.options().heartbeatInterval);
  setClass();
  introduce();
}

sdk::Consumed WebSocketStream::onData(std::string_view bytes, uint64_t nowNs) {
  if (isClosing_) return bytes.size();
  heardNs_ = nowNs;
  isInputHeld_ = false;
  const FeedResult result = decoder_.feed(bytes, *this);
  if (result.failCode != 0) {
    (result.failCode == kCloseTooBig ? channel_.metrics().tooBig : channel_.metrics().protocolErrors).add();
    closeWith(result.failCode, hostCodeFor(result.failCode), result.failReason);
  }
  return result.consumed;
}

void WebSocketStream::onTimer(uint32_t id, uint64_t nowNs) {
  if (id != kHeartbeatTimer || isClosing_) return;
  // The pong may be behind a message that the host cannot take yet; then only the host knows.
  if (isInputHeld_) heardNs_ = nowNs;
  const auto silence = std::chrono::nanoseconds(nowNs - heardNs_);
  if (silence >= channel_.options().connectionTimeout) {
    channel_.metrics().deadPeers.add();
    isClosing_ = true;
    conn().close(GW_CLOSE_LOST, "no answer to pings");
    return;
  }
  if (!isOutputFull_) sendFrame(Opcode::kPing, {});
  conn().timerSet(kHeartbeatTimer, channel_.options().heartbeatInterval);
}

void WebSocketStream::onNotice(const gw_notice& notice) {
  const bool isPlaying = notice.kind == GW_NOTICE_STATE && notice.b == GW_STATE_PLAYING;
  // Only a session that has played can be resumed.
  const bool isResumed = notice.kind == GW_NOTICE_ATTACHED && notice.b == 1;
  if (!isPlaying && !isResumed) return;
  hasPlayed_ = true;
  decoder_.setMaxMessage(kMaxMessage);
}

void WebSocketStream::onCloseBegin(const gw_close_info& info, uint64_t /*graceMs*/) {
  if (isClosing_) return;
  sayGoodbye(info);
  // No input follows any more, so there is no close frame of the peer to wait for: the host ends the
  // stream after the flush, sends FIN and discards what still comes (RFC 6455 §7.1.1).
  closeWith(static_cast<uint16_t>(info.code), info.code, sdk::view(info.text_h));
}

void WebSocketStream::closeWith(uint16_t wireCode, uint32_t hostCode, std::string_view reason) {
  if (isClosing_) return;
  isClosing_ = true;
  conn().send(closeFrame(wireCode, reason));
  conn().close(hostCode, reason);
}

void WebSocketStream::sendFrame(Opcode opcode, std::string_view payload) {
  char small[1024];
  const size_t headerBytes = writeServerHeader(small, opcode, payload.size());
  gw_status status = GW_OK;
  if (payload.size() <= sizeof small - headerBytes) {
    payload.copy(small + headerBytes, payload.size());
    status = conn().send({small, headerBytes + payload.size()});
  } else {
    // Nothing can come between the two: both are queued within one callback.
    status = conn().send({small, headerBytes});
    if (status == GW_OK || status == GW_E_AGAIN) status = conn().send(payload);
  }
  if (status == GW_E_AGAIN) isOutputFull_ = true;
}

FrameEvents::Verdict WebSocketStream::onMessage(bool isText, std::string_view message) {
  const Verdict verdict = onPayload(isText, message);
  isInputHeld_ = verdict == Verdict::kAgain;
  return isClosing_ ? Verdict::kStop : verdict;
}

void WebSocketStream::onPing(std::string_view payload) {
  // A peer that does not read its output gets no pongs on top of it.
  if (!isOutputFull_ && !isClosing_) sendFrame(Opcode::kPong, payload);
}

void WebSocketStream::onClose(uint16_t code, std::string_view /*reason*/) {
  // 1000 is the player's goodbye; a page that is left or reloaded says 1001 or nothing and may resume.
  const uint32_t hostCode = code == kCloseNormal ? GW_CLOSE_NORMAL : GW_CLOSE_LOST;
  closeWith(code, hostCode, {});
}

FrameEvents::Verdict WebSocketStream::onOverhead() {
  if (conn().charge() != GW_E_LIMIT) return Verdict::kTaken;
  closeWith(GW_CLOSE_RATE_LIMIT, GW_CLOSE_RATE_LIMIT, "too many control frames or fragments");
  return Verdict::kStop;
}

// latestNs: no peer has been heard later than that.
template <class Self, class Fields>
void WebSocketStream::fields(Self& self, Fields& f, uint64_t latestNs) {
  f.flag(1, "hasPlayed", self.hasPlayed_);
  if constexpr (Fields::isReading) {
    if (self.hasPlayed_) self.decoder_.setMaxMessage(kMaxMessage);
  }
  f.number(2, "heardNs", self.heardNs_, latestNs);
  f.flag(3, "isOutputFull", self.isOutputFull_);
  f.flag(4, "isInputHeld", self.isInputHeld_);
  f.section(5, "decoder", [&](auto& inner) { WebSocketDecoder::fields(self.decoder_, inner); });
  if constexpr (Fields::isReading) {
    f.section(6, "own", [&](auto& inner) { self.restoreOwn(inner); });
  } else {
    f.section(6, "own", [&](auto& inner) { self.saveOwn(inner); });
  }
}

sdk::MoveAnswer WebSocketStream::quiesce() {
  return isClosing_ ? sdk::MoveAnswer::never("the connection is being closed") : sdk::MoveAnswer::ready();
}

void WebSocketStream::save(sdk::StateWriter& out) const { fields(*this, out, UINT64_MAX); }

void WebSocketStream::restore(sdk::StateReader& in, uint64_t nowNs) {
  fields(*this, in, nowNs);
  setClass();
}

}  // namespace gw::websocket
