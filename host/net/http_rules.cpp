#include "net/http_rules.h"

#include <algorithm>
#include <optional>
#include <string>

namespace gw::net {

namespace {

struct Authority {
  std::string host;  // lower case; IPv6 in brackets
  unsigned port = 0;
};

std::optional<Authority> parseAuthority(std::string_view text, unsigned defaultPort) {
  Authority out;
  out.port = defaultPort;
  size_t end = text.find(':');
  if (text.starts_with('[')) {
    const size_t bracket = text.find(']');
    if (bracket == std::string_view::npos) return std::nullopt;
    end = bracket + 1 == text.size() ? std::string_view::npos : bracket + 1;
    if (end != std::string_view::npos && text[end] != ':') return std::nullopt;
  }
  const std::string_view host = text.substr(0, end);
  if (host.empty()) return std::nullopt;
  for (char c : host) out.host += c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  if (end == std::string_view::npos) return out;
  const std::string_view port = text.substr(end + 1);
  if (port.empty() || port.size() > 5) return std::nullopt;
  out.port = 0;
  for (char c : port) {
    if (c < '0' || c > '9') return std::nullopt;
    out.port = out.port * 10 + static_cast<unsigned>(c - '0');
  }
  return out;
}

bool isListed(const std::vector<std::string>& hosts, const std::string& host) {
  return std::find(hosts.begin(), hosts.end(), host) != hosts.end();
}

}  // namespace

bool isHostAllowed(const HttpRules& rules, std::string_view hostHeader) {
  const auto authority = parseAuthority(hostHeader, 0);
  return authority && isListed(rules.allowedHosts, authority->host);
}

bool isOriginAllowed(const HttpRules& rules, std::string_view origin, std::string_view hostHeader, bool isTls) {
  if (std::find(rules.allowedOrigins.begin(), rules.allowedOrigins.end(), origin) != rules.allowedOrigins.end()) {
    return origin != "null";
  }
  const std::string_view scheme = isTls ? "https://" : "http://";
  const unsigned defaultPort = isTls ? 443 : 80;
  if (!origin.starts_with(scheme)) return false;
  const auto from = parseAuthority(origin.substr(scheme.size()), defaultPort);
  const auto here = parseAuthority(hostHeader, defaultPort);
  if (!from || !here) return false;
  if (from->host == here->host && from->port == here->port) return true;
  return rules.port != 0 && from->port == rules.port && isListed(rules.allowedHosts, from->host);
}

}  // namespace gw::net
