#pragma once
// Text and spans to terminal bytes: SGR escapes and CR LF. The text holds no control bytes but \n and
// \t (the host's promise), so all escapes in the result are ours. Pure.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "gw/event.h"

namespace gw::websocket {

enum class ColorLevel : uint8_t { kNone, k16, k256, kTrueColor };

/// Spans that reach beyond the text are cut; overlapping or unsorted ones are skipped.
std::string renderTerminal(std::string_view text, std::span<const gw_span> spans, ColorLevel level);

/// The nearest entry of the 256-colour palette (cube and greys) and of the 16 ANSI colours.
uint8_t nearest256(uint32_t rgb);
uint8_t nearest16(uint32_t rgb);

}  // namespace gw::websocket
