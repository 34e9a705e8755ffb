#pragma once
// Well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF. Thread-safe.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace gw {

/// The length of the well-formed sequence at text[at] and its code point; 0 if it is ill-formed.
/// at must be below text.size().
size_t utf8SequenceAt(std::string_view text, size_t at, uint32_t& point);

bool isUtf8(std::string_view text);

}  // namespace gw
