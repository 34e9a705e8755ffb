#include "net/http_target.h"

#include <vector>

namespace gw::net {

namespace {

int hexValue(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool isControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }

std::optional<std::string> decode(std::string_view raw) {
  std::string out;
  out.reserve(raw.size());
  for (size_t i = 0; i < raw.size(); ++i) {
    char c = raw[i];
    if (c == '%') {
      if (raw.size() - i < 3) return std::nullopt;
      const int high = hexValue(raw[i + 1]);
      const int low = hexValue(raw[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    if (isControl(c)) return std::nullopt;
    out += c;
  }
  return out;
}

// After decoding, so that "%2e%2e" and "%2f" cannot hide anything.
std::optional<std::string> resolveDots(std::string_view path) {
  std::vector<std::string_view> kept;
  bool isFolder = false;
  for (size_t start = 1; start <= path.size();) {
    const size_t slash = path.find('/', start);
    const size_t end = slash == std::string_view::npos ? path.size() : slash;
    const std::string_view segment = path.substr(start, end - start);
    const bool isLast = slash == std::string_view::npos;
    isFolder = isLast && (segment.empty() || segment == "." || segment == "..");
    if (segment == "..") {
      if (kept.empty()) return std::nullopt;
      kept.pop_back();
    } else if (segment != "." && !(isLast && segment.empty())) {
      kept.push_back(segment);
    }
    start = end + 1;
  }
  std::string out;
  for (std::string_view segment : kept) out.append("/").append(segment);
  if (isFolder || out.empty()) out += '/';
  return out;
}

}  // namespace

std::optional<HttpTarget> parseTarget(std::string_view target) {
  HttpTarget out;
  if (target == "*") {
    out.path = "*";
    return out;
  }
  for (std::string_view scheme : {"http://", "https://"}) {
    if (!target.starts_with(scheme)) continue;
    target.remove_prefix(scheme.size());
    const size_t end = target.find_first_of("/?");
    out.authority = target.substr(0, end);
    target = end == std::string_view::npos ? "/" : target.substr(end);
    if (out.authority.empty() || target.front() != '/') return std::nullopt;
    break;
  }
  if (target.empty() || target.front() != '/' || target.find('#') != std::string_view::npos) return std::nullopt;
  const size_t mark = target.find('?');
  if (mark != std::string_view::npos) {
    out.query = target.substr(mark + 1);
    target = target.substr(0, mark);
    for (char c : out.query) {
      if (isControl(c)) return std::nullopt;
    }
  }
  const auto decoded = decode(target);
  if (!decoded) return std::nullopt;
  auto resolved = resolveDots(*decoded);
  if (!resolved) return std::nullopt;
  out.path = std::move(*resolved);
  return out;
}

}  // namespace gw::net
