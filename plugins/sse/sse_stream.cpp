#include "sse_stream.h"

#include <string>

#include "sse_codec.h"

namespace gw::sse {
namespace {

constexpr uint32_t kHeartbeatTimer = 0;
constexpr uint64_t kClassKey = 1;

}  // namespace

void SseStream::begin() {
  // Before set_class, which lets waiting events go: retry comes first on the wire.
  conn().send(kRetry);
  conn().setClass(kClassKey, 0, "sse");
  conn().timerSet(kHeartbeatTimer, heartbeat_);
}

void SseStream::restore(sdk::StateReader& in) {
  fields(*this, in);
  conn().setClass(kClassKey, 0, "sse");
}

void SseStream::onTimer(uint32_t id, uint64_t /*nowNs*/) {
  if (id != kHeartbeatTimer) return;
  // A client that does not read needs no more bytes; the host ends it when it stalls too long.
  if (!isOutputFull_) isOutputFull_ = conn().send(kHeartbeat) == GW_E_AGAIN;
  conn().timerSet(kHeartbeatTimer, heartbeat_);
}

void SseStream::onCloseBegin(const gw_close_info& info, uint64_t /*graceMs*/) {
  std::string payload = "{\"code\":" + std::to_string(info.code);
  payload.append(info.retry != 0 ? ",\"retry\":true" : ",\"retry\":false");
  if (info.retry != 0 && info.retry_after_ms != 0) {
    payload.append(",\"retryAfterMs\":").append(std::to_string(info.retry_after_ms));
  }
  conn().send(eventBody("closed", payload.append("}")));
  conn().close(info.code, sdk::view(info.text_h));
}

gw_status SseStream::encode(const sdk::EventView& event, sdk::Builder& out) {
  const std::string_view payload = event.payload();
  return out.append(eventBody(event.name(), payload.empty() ? "{}" : payload));
}

gw_status SseStream::wrap(const sdk::EventView& /*event*/, uint64_t epoch, uint64_t seq, size_t /*bodyBytes*/,
                          sdk::Wrap& out) {
  // Without an id the client's Last-Event-ID stays where it was: on the last event that counts.
  if (seq == 0) return GW_OK;
  char id[kMaxIdField];
  return out.head({id, writeIdField(id, {epoch, seq})}) ? GW_OK : GW_E_INTERNAL;
}

}  // namespace gw::sse
