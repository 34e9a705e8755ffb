#include "session/text/sanitize.h"

#include <algorithm>

#include "session/text/utf8.h"

namespace gw::session {
namespace {

bool isPlainAscii(char c) { return (c >= ' ' && c <= '~') || c == '\n' || c == '\t'; }

bool isAlpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

}  // namespace

bool isUnsafe(char32_t c) {
  if (c < 0x20) return c != '\n' && c != '\t';
  if (c < 0x7F) return false;
  if (c <= 0x9F) return true;
  if (c < 0x2028) return false;
  return c <= 0x202E || (c >= 0x2066 && c <= 0x2069);
}

std::string sanitizeInput(std::string_view utf8) {
  const auto odd = std::find_if_not(utf8.begin(), utf8.end(), isPlainAscii);
  if (odd == utf8.end()) return std::string(utf8);
  std::string clean;
  clean.reserve(utf8.size());
  clean.append(utf8.begin(), odd);
  for (size_t at = clean.size(); at < utf8.size();) {
    if (isPlainAscii(utf8[at])) {
      clean.push_back(utf8[at++]);
      continue;
    }
    const char32_t c = decodeUtf8(utf8, at);
    if (!isUnsafe(c)) appendUtf8(clean, c);
  }
  return clean;
}

bool isEventName(std::string_view name) {
  if (name.empty() || name.size() > 64 || !isAlpha(name.front())) return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return isAlpha(c) || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-'; });
}

}  // namespace gw::session
