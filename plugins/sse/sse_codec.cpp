#include "sse_codec.h"

#include <charconv>

namespace gw::sse {
namespace {

constexpr size_t kMaxDigits = 20;

// Decimal digits only: from_chars takes no sign for unsigned types, but it does stop at rubbish.
std::optional<uint64_t> parseNumber(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::string eventBody(std::string_view name, std::string_view payload) {
  std::string body;
  body.reserve(name.size() + payload.size() + 24);
  body.append("event: ").append(name).append("\ndata: ");
  for (size_t end = payload.find_first_of("\r\n"); end != std::string_view::npos; end = payload.find_first_of("\r\n")) {
    body.append(payload.substr(0, end)).append("\ndata: ");
    const bool isPair = payload.substr(end).starts_with("\r\n");
    payload.remove_prefix(end + (isPair ? 2 : 1));
  }
  return body.append(payload).append("\n\n");
}

size_t writeIdField(char* out, Position position) {
  constexpr std::string_view kName = "id: ";
  char* end = out + kName.copy(out, kName.size());
  end = std::to_chars(end, end + kMaxDigits, position.epoch).ptr;
  *end++ = '.';
  end = std::to_chars(end, end + kMaxDigits, position.seq).ptr;
  *end++ = '\n';
  return static_cast<size_t>(end - out);
}

std::optional<Position> parseEventId(std::string_view id) {
  const size_t dot = id.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto epoch = parseNumber(id.substr(0, dot));
  const auto seq = parseNumber(id.substr(dot + 1));
  if (!epoch || !seq) return std::nullopt;
  return Position{*epoch, *seq};
}

}  // namespace gw::sse
