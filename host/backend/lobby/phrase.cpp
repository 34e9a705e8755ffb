#include "backend/lobby/phrase.h"

#include <utility>

namespace gw::lobby {

Phrase& Phrase::add(std::string_view text) {
  text_.append(text);
  return *this;
}

Phrase& Phrase::name(std::string_view text) { return styled(text, GW_COLOR_DEFAULT, GW_SPAN_BOLD); }

Phrase& Phrase::tint(std::string_view text, uint32_t colour) { return styled(text, GW_COLOR_PALETTE(colour), 0); }

Phrase& Phrase::styled(std::string_view text, uint32_t fg, uint32_t attrs) {
  if (text.empty()) return *this;
  plugin::Span span;
  span.start = static_cast<uint32_t>(text_.size());
  span.len = static_cast<uint32_t>(text.size());
  span.fg = fg;
  span.attrs = attrs;
  spans_.push_back(std::move(span));
  return add(text);
}

plugin::Event Phrase::event(std::string_view verb, std::string_view from, std::string_view room,
                            plugin::Delivery delivery, std::string_view more) && {
  plugin::Event event;
  event.delivery = delivery;
  event.kind = plugin::EventKind::kText;
  event.text = std::move(text_);
  spans_.shrink_to_fit();  // the event may wait long in a log
  event.spans = std::move(spans_);
  std::string& json = event.dataJson;
  json.reserve(48 + from.size() + room.size() + more.size());
  json.append("\"verb\":");
  appendJsonString(json, verb);
  if (!from.empty()) {
    json.append(",\"from\":");
    appendJsonString(json, from);
  }
  if (!room.empty()) {
    json.append(",\"room\":");
    appendJsonString(json, room);
  }
  if (!more.empty()) json.append(",").append(more);
  return event;
}

void appendJsonString(std::string& to, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  to.push_back('"');
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      to.push_back('\\');
      to.push_back(c);
    } else if (byte < 0x20) {
      to.append("\\u00").push_back(kHex[byte >> 4]);
      to.push_back(kHex[byte & 15]);
    } else {
      to.push_back(c);
    }
  }
  to.push_back('"');
}

}  // namespace gw::lobby
