#include "plugin/stream_shadow.h"

namespace gw::plugin {

gw_status Stream::Shadow::keep(size_t bytes, UniqueFunction<void(Stream&)> action) {
  if (actions_.size() >= kMostActions || bytes > kMostBytes - bytes_) {
    spoil("it asked for too much before it was committed");
    return GW_E_LIMIT;
  }
  bytes_ += bytes;
  actions_.push_back(std::move(action));
  return GW_OK;
}

gw_status Stream::Shadow::send(std::string_view bytes) {
  return keep(bytes.size(), [kept = std::string(bytes)](Stream& stream) { stream.send(kept); });
}

gw_status Stream::Shadow::sendShared(const net::SharedBytes& bytes) {
  return keep(bytes.size(), [kept = bytes](Stream& stream) { stream.sendShared(kept); });
}

gw_status Stream::Shadow::setTimer(uint32_t timerId, uint64_t delayMs) {
  return keep(0, [timerId, delayMs](Stream& stream) { stream.setTimer(timerId, delayMs); });
}

void Stream::Shadow::cancelTimer(uint32_t timerId) {
  keep(0, [timerId](Stream& stream) { stream.cancelTimer(timerId); });
}

void Stream::Shadow::pauseReading() {
  keep(0, [](Stream& stream) { stream.pauseFromPlugin(); });
}

void Stream::Shadow::resumeReading() {
  keep(0, [](Stream& stream) { stream.resumeFromPlugin(); });
}

gw_status Stream::Shadow::setClass(uint64_t key, uint32_t flags, std::string_view description) {
  if (description.size() > kMostBytes) return GW_E_LIMIT;
  wish_ = ClassWish{key, flags, std::string(description)};
  return GW_OK;
}

void Stream::Shadow::release(Stream& stream) {
  for (auto& action : actions_) action(stream);
  if (wish_) stream.classChanged();
}

}  // namespace gw::plugin
