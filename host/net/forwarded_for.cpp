#include "net/forwarded_for.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "net/http_front.h"
#include "net/peer_address.h"

namespace gw::net {

namespace {

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

bool isFor(std::string_view name) {
  return name.size() == 3 && (name[0] | 0x20) == 'f' && (name[1] | 0x20) == 'o' && (name[2] | 0x20) == 'r';
}

/// "192.0.2.1", "192.0.2.1:4711", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:4711".
std::optional<PeerAddress> parseNode(std::string_view text) {
  std::string_view ip = text;
  std::string_view rest;
  if (text.starts_with('[')) {
    const size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    ip = text.substr(1, end - 1);
    rest = text.substr(end + 1);
    if (ip.find(':') == std::string_view::npos) return std::nullopt;
  } else if (std::count(text.begin(), text.end(), ':') == 1) {
    ip = text.substr(0, text.find(':'));
    rest = text.substr(ip.size());
  }
  if (rest.empty()) return peerAddressFrom(ip, 0);
  const auto port = rest.starts_with(':') ? parsePort(rest.substr(1)) : std::nullopt;
  return port ? peerAddressFrom(ip, *port) : std::nullopt;
}

/// Where the first parameter ends: at a ";" outside quotes, or with the text; nothing within a quote.
std::optional<size_t> endOfParameter(std::string_view text) {
  bool isQuoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && isQuoted) {
      ++i;
    } else if (text[i] == '"') {
      isQuoted = !isQuoted;
    } else if (text[i] == ';' && !isQuoted) {
      return i;
    }
  }
  return isQuoted ? std::nullopt : std::optional(text.size());
}

/// The value of the one `for` in "for=…;proto=…;by=…".
std::optional<std::string_view> forOf(std::string_view element) {
  std::optional<std::string_view> found;
  for (;;) {
    const auto end = endOfParameter(element);
    if (!end) return std::nullopt;
    const std::string_view pair = trimmed(element.substr(0, *end));
    if (const size_t equals = pair.find('='); equals != std::string_view::npos && isFor(pair.substr(0, equals))) {
      if (found) return std::nullopt;
      found = pair.substr(equals + 1);
    }
    if (*end == element.size()) return found;
    element.remove_prefix(*end + 1);
  }
}

std::string_view unquoted(std::string_view value) {
  const bool isQuoted = value.size() >= 2 && value.front() == '"' && value.back() == '"';
  return isQuoted ? value.substr(1, value.size() - 2) : value;
}

std::optional<PeerAddress> parseEntry(ForwardedHeader which, std::string_view entry) {
  if (which == ForwardedHeader::kXForwardedFor) return parseNode(entry);
  const auto node = forOf(entry);
  return node ? parseNode(unquoted(*node)) : std::nullopt;
}

/// RFC 9110 §5.6.4: a quote behind an odd number of backslashes is a character.
bool isEscaped(std::string_view text, size_t index) {
  size_t backslashes = 0;
  while (backslashes < index && text[index - backslashes - 1] == '\\') ++backslashes;
  return backslashes % 2 == 1;
}

/// Cuts the last element off the list. From the right, so that nothing a client wrote on the left, a
/// quote without its partner, say, can swallow what a proxy appended.
std::string_view takeLast(std::string_view& list) {
  bool isQuoted = false;
  for (size_t i = list.size(); i > 0; --i) {
    const char c = list[i - 1];
    if (c == '"' && !isEscaped(list, i - 1)) isQuoted = !isQuoted;
    if (c != ',' || isQuoted) continue;
    const std::string_view last = list.substr(i);
    list = list.substr(0, i - 1);
    return last;
  }
  return std::exchange(list, std::string_view());
}

}  // namespace

std::string_view nameOf(ForwardedHeader header) {
  return header == ForwardedHeader::kForwarded ? "forwarded" : "x-forwarded-for";
}

PeerAddress clientBehind(const PeerAddress& proxy, const AddressBlocks& trusted, ForwardedHeader which,
                         const std::vector<HttpHeader>& headers) {
  PeerAddress client = proxy;
  size_t bytesLeft = kMaxForwardedBytes;
  size_t entriesLeft = kMaxForwardedEntries;
  for (auto header = headers.rbegin(); header != headers.rend(); ++header) {
    if (header->name != nameOf(which)) continue;
    std::string_view list = header->value;
    const bool isCut = list.size() > bytesLeft;
    if (isCut) list.remove_prefix(list.size() - bytesLeft);
    bytesLeft -= list.size();
    while (!list.empty()) {
      const std::string_view entry = trimmed(takeLast(list));
      if (isCut && list.empty()) return client;  // perhaps only a part of it
      if (entry.empty()) continue;               // RFC 9110 §5.6.1: empty elements do not count
      auto named = entriesLeft-- > 0 ? parseEntry(which, entry) : std::nullopt;
      if (!named) return client;
      client = std::move(*named);
      if (!trusted.contains(client.ip)) return client;
    }
  }
  return client;
}

}  // namespace gw::net
