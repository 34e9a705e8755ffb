#pragma once
// Names that people choose for things: short, without spaces, safe in a path and in a shell.

#include <algorithm>
#include <string_view>

namespace gw {

/// 1 to `most` of A-Z a-z 0-9 and the signs.
inline bool isWord(std::string_view text, size_t most, std::string_view signs) {
  return !text.empty() && text.size() <= most && std::all_of(text.begin(), text.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           signs.find(c) != std::string_view::npos;
  });
}

}  // namespace gw
