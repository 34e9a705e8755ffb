#pragma once
// What a code point becomes where a charset lacks it.

#include <string_view>

namespace gw::telnet {

/// ASCII for a code point: a look-alike ("e" for é, "\"" for curly quotes, "-" for lines), nothing for
/// combining marks and joiners, "?" for the rest.
std::string_view transliterate(char32_t point);

}  // namespace gw::telnet
