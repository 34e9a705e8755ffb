#pragma once
// Phrase: a line of the lobby with its markup: plain text plus spans, never escapes, so that nothing a
// player wrote can become one.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/event.h"

namespace gw::lobby {

class Phrase {
 public:
  Phrase() { text_.reserve(96); }
  Phrase& add(std::string_view text);
  /// A person's or a thing's name: bold.
  Phrase& name(std::string_view text);
  /// In one of the 16 colours.
  Phrase& tint(std::string_view text, uint32_t colour);
  size_t size() const { return text_.size(); }

  /// The event, and with it the text, moves out. Members of the payload: verb, and from and room unless
  /// empty. more: further members as JSON text ("\"to\":\"Bob\""), or empty.
  plugin::Event event(std::string_view verb, std::string_view from, std::string_view room,
                      plugin::Delivery delivery = plugin::Delivery::kMust, std::string_view more = {}) &&;

 private:
  Phrase& styled(std::string_view text, uint32_t fg, uint32_t attrs);
  std::string text_;
  std::vector<plugin::Span> spans_;
};

/// Appends text as a JSON string with its quotes.
void appendJsonString(std::string& to, std::string_view text);

inline constexpr uint32_t kYellow = 3;
inline constexpr uint32_t kCyan = 6;

}  // namespace gw::lobby
