#pragma once
// Text for people: strings that clients chose, durations, columns.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gw::cli {

/// A string from outside, safe on a terminal: controls, bidi marks and broken UTF-8 as \xNN, at most 256
/// bytes, in double quotes unless it is a plain word. "-" if empty.
std::string printable(std::string_view text);
/// The same without the quotes, at most `most` bytes.
std::string sanitized(std::string_view text, size_t most = 256);
/// For what the gateway itself wrote, which may name long paths: at most 4096 bytes.
inline std::string sentence(std::string_view text) { return sanitized(text, 4096); }

/// Milliseconds of "30s", "5m", "1h", "2d", "500ms".
std::optional<uint64_t> parseDuration(std::string_view text);
/// "3d 4h", "5m 2s", "12s".
std::string formatUptime(uint64_t ms);
/// "1.5 MiB".
std::string formatBytes(uint64_t bytes);

/// Columns as wide as their widest cell. Cells must be printable already.
std::string table(const std::vector<std::string>& titles, const std::vector<std::vector<std::string>>& rows);

}  // namespace gw::cli
