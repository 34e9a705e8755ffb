#pragma once
// The one sanitizer at the edge. What has passed it is valid UTF-8 without control bytes other than \n
// and \t, so a codec behind it only ever adds escapes and never has to look for foreign ones.
// Thread-safe, without state.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/event.h"

namespace gw::session {

/// True for what the sanitizer drops: C0 but \n and \t, DEL, C1 (U+0080..9F), the bidirectional
/// overrides and isolates U+202A..E and U+2066..9, and the separators U+2028/9.
bool isUnsafe(char32_t codePoint);

/// A player's text: unsafe characters are dropped, malformed UTF-8 becomes U+FFFD. Escape sequences
/// lose their ESC and are thereby plain text.
std::string sanitizeInput(std::string_view utf8);

struct Styled {
  std::string text;
  std::vector<plugin::Span> spans;  // sorted, not overlapping, never empty, on UTF-8 boundaries
};

/// Above this many spans the rest of a text stays unmarked.
inline constexpr size_t kMaxSpans = 4096;

/// A backend's text: SGR sequences (ECMA-48 §8.3.117; 16 and bright colours, 256, true colour, bold,
/// italic, underline, inverse, strike and their resets) become spans; every other escape sequence is
/// dropped as a whole, unterminated ones to the end; the rest is treated as by sanitizeInput.
Styled renderSgr(std::string_view text);

/// ^[A-Za-z][A-Za-z0-9_.-]{0,63}$: names of events and GMCP packages.
bool isEventName(std::string_view name);

}  // namespace gw::session
