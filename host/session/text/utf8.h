#pragma once
// UTF-8, one code point at a time, as strict as Unicode 15 table 3-7 (no overlong forms, no surrogates).
// Thread-safe.

#include <cstddef>
#include <string>
#include <string_view>

namespace gw::session {

inline constexpr char32_t kReplacement = 0xFFFD;

/// Decodes the code point at `at` (< text.size()) and moves `at` behind it. A malformed sequence yields
/// one kReplacement per maximal subpart (Unicode §3.9, as browsers do).
char32_t decodeUtf8(std::string_view text, size_t& at);

void appendUtf8(std::string& to, char32_t codePoint);

}  // namespace gw::session
