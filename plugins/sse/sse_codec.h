#pragma once
// The event stream format (WHATWG HTML, "Server-sent events"): fields out, event ids in. No state.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gw::sse {

/// Where a client is: the id of the last event that it has.
struct Position {
  uint64_t epoch = 0;
  uint64_t seq = 0;
  bool operator==(const Position&) const = default;
};

/// "event: NAME\ndata: LINE\n...\n\n". Line ends of the payload (\n, \r, \r\n) become further data
/// fields, so that no payload can begin a field of its own. The name holds no control characters.
std::string eventBody(std::string_view name, std::string_view payload);
/// Writes "id: EPOCH.SEQ\n", to stand before an event's body; returns its length, at most kMaxIdField.
size_t writeIdField(char* out, Position position);
constexpr size_t kMaxIdField = 46;
/// Reads "EPOCH.SEQ"; nothing else is accepted.
std::optional<Position> parseEventId(std::string_view id);

constexpr std::string_view kHeartbeat = ":\n\n";
constexpr std::string_view kRetry = "retry: 2000\n\n";

}  // namespace gw::sse
