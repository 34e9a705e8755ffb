#pragma once
// Event: one outbound event, immutable once built; shared by all loops and logs.
// Text in it is already sanitised (session/sanitize.h): no control bytes but \n and \t.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "gw/event.h"

namespace gw::plugin {

enum class Delivery : uint8_t {
  kMust = GW_DELIVERY_MUST,
  kLatest = GW_DELIVERY_LATEST,
  kDrop = GW_DELIVERY_DROP,
  kPrivate = GW_DELIVERY_PRIVATE
};
enum class EventKind : uint8_t { kText = GW_KIND_TEXT, kPrompt = GW_KIND_PROMPT, kData = GW_KIND_DATA };

/// Markup of text[start, start+len): bytes, sorted, not overlapping. Colours as GW_COLOR_*.
struct Span {
  uint32_t start = 0;
  uint32_t len = 0;
  uint32_t fg = 0;
  uint32_t bg = 0;
  uint32_t attrs = 0;  // GW_SPAN_*
  uint32_t link = 0;   // its place in Event::links, from 1; 0: none
  bool operator==(const Span&) const = default;
};

struct Event {
  Delivery delivery = Delivery::kMust;
  EventKind kind = EventKind::kText;
  uint32_t flags = 0;         // GW_EVENT_*
  uint64_t stateVersion = 0;  // set by the Bus
  std::string name = "output";
  std::string latestKey;  // for kLatest
  std::string text;
  std::string terminal;  // what terminals get in its place, bytes of any kind; see gw_event
  std::vector<Span> spans;
  std::vector<std::string> links;
  /// kData: the whole gateway.v1 payload, a JSON object. Text and prompt: further members as the
  /// inside of an object ("\"from\":\"Anna\",\"room\":\"lobby\""), or empty.
  std::string dataJson;

  std::string_view linkOf(const Span& span) const {
    return span.link == 0 || span.link > links.size() ? std::string_view() : links[span.link - 1];
  }
};

using EventPtr = std::shared_ptr<const Event>;

/// What it counts against the bounds of queues and logs.
inline size_t sizeOf(const Event& event) {
  return sizeof event + event.text.size() + event.terminal.size() + event.dataJson.size() +
         event.spans.size() * sizeof(Span);
}

/// The complete gateway.v1 payload: {"kind":"text","text":…,"spans":[…],<dataJson members>}.
std::string payloadJson(const Event& event);

}  // namespace gw::plugin
