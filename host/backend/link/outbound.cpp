#include "backend/link/outbound.h"

#include <utility>

#include "backend/link/options.h"

namespace gw::link {

bool Outbound::add(std::string_view frame) {
  const std::lock_guard lock(mutex_);
  if (isClosed_) return true;
  if (frame.size() + 2 > kMaxMessageBytes || bytes_ + frame.size() > maxBytes_) return false;
  if (messages_.empty() || messages_.back().text.size() + frame.size() + 2 > kMaxMessageBytes) messages_.emplace_back();
  Message& last = messages_.back();
  last.text += last.frames == 0 ? '[' : ',';
  last.text += frame;
  ++last.frames;
  ++frames_;
  bytes_ += frame.size() + 1;
  return true;
}

bool Outbound::admitsCommand() {
  const std::lock_guard lock(mutex_);
  if (frames_ < maxFrames_) return true;
  hasRefused_ = true;
  return false;
}

bool Outbound::roomAgain() {
  const std::lock_guard lock(mutex_);
  return frames_ <= maxFrames_ / 2 && std::exchange(hasRefused_, false);
}

bool Outbound::take(std::string& message) {
  const std::lock_guard lock(mutex_);
  if (messages_.empty()) return false;
  frames_ -= messages_.front().frames;
  bytes_ -= messages_.front().text.size();
  message = std::move(messages_.front().text);
  message += ']';
  messages_.pop_front();
  return true;
}

void Outbound::close() {
  const std::lock_guard lock(mutex_);
  isClosed_ = true;
  messages_.clear();
  frames_ = bytes_ = 0;
}

size_t Outbound::frames() const {
  const std::lock_guard lock(mutex_);
  return frames_;
}

size_t Outbound::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

}  // namespace gw::link
