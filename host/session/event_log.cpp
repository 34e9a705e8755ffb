#include "session/event_log.h"

#include <algorithm>
#include <cstring>

namespace gw::session {

size_t EventLog::append(Position at, plugin::LoopEventPtr event, const Bounds& bounds) {
  bytes_ += event->bytes();
  entries_.push_back(Entry{at, std::move(event)});
  size_t lost = 0;
  while (size() > bounds.events || (bytes_ > bounds.bytes && size() > 1)) {
    noteLost(entries_[head_].at);
    dropFront();
    ++lost;
  }
  return lost;
}

void EventLog::noteLost(Position to) { lostTo_ = std::max(lostTo_, to); }

void EventLog::acknowledge(Position to) {
  while (size() > 0 && entries_[head_].at <= to) dropFront();
}

void EventLog::dropFront() {
  bytes_ -= entries_[head_].event->bytes();
  entries_[head_].event = {};
  ++head_;
  if (head_ == entries_.size()) {
    entries_.clear();
    head_ = 0;
    // An idle session should not keep the memory of its busiest moment.
    if (entries_.capacity() > 64) entries_.shrink_to_fit();
  } else if (head_ > 64 && head_ > entries_.size() / 2) {
    entries_.erase(entries_.begin(), entries_.begin() + static_cast<std::ptrdiff_t>(head_));
    head_ = 0;
  }
}

size_t EventLog::firstAbove(Position after) const {
  const auto begin = entries_.begin() + static_cast<std::ptrdiff_t>(head_);
  const auto found = std::upper_bound(begin, entries_.end(), after,
                                      [](const Position& position, const Entry& entry) { return position < entry.at; });
  return static_cast<size_t>(found - begin);
}

void EventLog::clear() {
  entries_ = {};
  head_ = 0;
  bytes_ = 0;
}

// --- packing: version byte, then fields in order; strings and counts are 32-bit little-endian lengths ---

namespace {

constexpr char kPackVersion = 1;

class Writer {
 public:
  template <typename T>
  void number(T value) {
    out_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void text(std::string_view value) {
    number(static_cast<uint32_t>(value.size()));
    out_.append(value);
  }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  template <typename T>
  T number() {
    T value{};
    if (rest_.size() < sizeof value) return ok_ = false, value;
    std::memcpy(&value, rest_.data(), sizeof value);
    rest_.remove_prefix(sizeof value);
    return value;
  }
  std::string text() {
    const auto size = number<uint32_t>();
    if (!ok_ || rest_.size() < size) return ok_ = false, std::string();
    std::string value(rest_.substr(0, size));
    rest_.remove_prefix(size);
    return value;
  }
  bool ok() const { return ok_; }
  bool isAtEnd() const { return rest_.empty(); }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace

std::string packEvent(const plugin::Event& event) {
  Writer out;
  out.number(kPackVersion);
  out.number(static_cast<uint8_t>(event.kind));
  out.number(event.flags);
  out.number(event.stateVersion);
  out.text(event.name);
  out.text(event.text);
  out.text(event.dataJson);
  out.number(static_cast<uint32_t>(event.spans.size()));
  for (const plugin::Span& span : event.spans) {
    for (const uint32_t value : {span.start, span.len, span.fg, span.bg, span.attrs}) out.number(value);
    out.text(event.linkOf(span));
  }
  if (!event.terminal.empty()) out.text(event.terminal);  // later than the rest: older rows end here
  return out.take();
}

bool unpackEvent(std::string_view bytes, plugin::Event& out) {
  Reader in(bytes);
  if (in.number<char>() != kPackVersion) return false;
  out.delivery = plugin::Delivery::kMust;
  out.kind = static_cast<plugin::EventKind>(in.number<uint8_t>());
  out.flags = in.number<uint32_t>();
  out.stateVersion = in.number<uint64_t>();
  out.name = in.text();
  out.text = in.text();
  out.dataJson = in.text();
  const auto spans = in.number<uint32_t>();
  for (uint32_t i = 0; i < spans && in.ok(); ++i) {
    plugin::Span span;
    for (uint32_t* field : {&span.start, &span.len, &span.fg, &span.bg, &span.attrs}) *field = in.number<uint32_t>();
    if (std::string link = in.text(); !link.empty()) {
      out.links.push_back(std::move(link));
      span.link = static_cast<uint32_t>(out.links.size());
    }
    out.spans.push_back(std::move(span));
  }
  if (!in.isAtEnd()) out.terminal = in.text();
  return in.ok();
}

}  // namespace gw::session
