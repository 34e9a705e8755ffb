#pragma once
// Durations ("500ms", "10m") and sizes ("64KiB") as people write them. Thread-safe, no state.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gw::config {

/// Milliseconds of "500ms", "30s", "10m", "1h", "7d"; whole numbers only. Nothing on any other text or overflow.
std::optional<uint64_t> parseDuration(std::string_view text);
/// The shortest text that parses back to ms.
std::string formatDuration(uint64_t ms);

/// Bytes of "512B", "64KiB", "1MiB", "2GiB". "1MB" is refused: it means two different numbers.
std::optional<uint64_t> parseSize(std::string_view text);
std::string formatSize(uint64_t bytes);

}  // namespace gw::config
