#include "credentials.h"

#include <algorithm>

#include "sha256.h"

namespace gw::sse {
namespace {

constexpr size_t kCookieHashBytes = 8;

std::string_view trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// Takes the part before the separator off the front of rest.
std::string_view nextPart(std::string_view& rest, char separator) {
  const size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

int hexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> percentDecoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out.push_back(text[i]);
      continue;
    }
    if (text.size() - i < 3) return std::nullopt;
    const int high = hexDigit(text[i + 1]), low = hexDigit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    out.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return out;
}

}  // namespace

std::string_view bearerToken(std::string_view authorization) {
  constexpr std::string_view kScheme = "bearer ";
  const std::string_view text = trimmed(authorization);
  if (text.size() <= kScheme.size()) return {};
  const bool isBearer = std::equal(kScheme.begin(), kScheme.end(), text.begin(), [](char expected, char given) {
    return expected == (given >= 'A' && given <= 'Z' ? static_cast<char>(given - 'A' + 'a') : given);
  });
  return isBearer ? trimmed(text.substr(kScheme.size())) : std::string_view{};
}

std::optional<std::string> queryValue(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    std::string_view value = nextPart(query, '&');
    if (nextPart(value, '=') == name) return percentDecoded(value);
  }
  return std::nullopt;
}

std::string cookieNameFor(std::string_view attachToken) {
  const auto digest = sha256(attachToken);
  std::string name = "gw_";
  for (size_t i = 0; i < kCookieHashBytes; ++i) {
    name.push_back("0123456789abcdef"[digest[i] >> 4]);
    name.push_back("0123456789abcdef"[digest[i] & 15]);
  }
  return name;
}

std::string_view cookiePair(std::string_view cookieHeader, std::string_view name) {
  while (!cookieHeader.empty()) {
    const std::string_view pair = trimmed(nextPart(cookieHeader, ';'));
    if (pair.size() > name.size() + 1 && pair.starts_with(name) && pair[name.size()] == '=') return pair;
  }
  return {};
}

}  // namespace gw::sse
