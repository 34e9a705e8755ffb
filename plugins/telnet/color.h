#pragma once
// Colours of the SDK (GW_COLOR_*) as SGR parameters, downgraded to what a client can show.

#include <cstdint>
#include <string>

#include "client_profile.h"

namespace gw::telnet {

/// Appends ";38;2;r;g;b" and the like for a foreground or background; nothing for the default colour
/// or at level kNone. Palette entries above 255 and unknown kinds count as the default.
void appendColor(uint32_t color, bool isBackground, ColorLevel level, std::string& out);

/// The nearest entry of the 256-colour palette (6x6x6 cube or grey ramp).
uint8_t nearest256(uint32_t rgb);
/// The nearest of the 16 ANSI colours (xterm's defaults).
uint8_t nearest16(uint32_t rgb);
/// The colour of a palette entry, as 0xrrggbb.
uint32_t rgbOf(uint8_t paletteEntry);

}  // namespace gw::telnet
