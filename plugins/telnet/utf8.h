#pragma once
// UTF-8, strictly as in RFC 3629.

#include <cstddef>
#include <string_view>

namespace gw::telnet {

/// The length of the sequence at the front of non-empty text, and its code point; 0 if it is none.
size_t decode(std::string_view text, char32_t& point);
bool isUtf8(std::string_view text);

}  // namespace gw::telnet
