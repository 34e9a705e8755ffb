#include "config/units.h"

#include <array>
#include <charconv>
#include <span>

namespace gw::config {
namespace {

struct Unit {
  std::string_view suffix;
  uint64_t factor;
};

// Largest first: the formatter takes the first that divides.
constexpr std::array<Unit, 5> kDurations{{{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}, {"ms", 1}}};
constexpr std::array<Unit, 4> kSizes{{{"GiB", 1ULL << 30}, {"MiB", 1ULL << 20}, {"KiB", 1ULL << 10}, {"B", 1}}};

std::optional<uint64_t> parseWithUnit(std::string_view text, std::span<const Unit> units) {
  uint64_t count = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc{}) return std::nullopt;
  const std::string_view suffix = text.substr(static_cast<size_t>(rest - text.data()));
  for (const Unit& unit : units) {
    if (suffix != unit.suffix) continue;
    if (count > UINT64_MAX / unit.factor) return std::nullopt;
    return count * unit.factor;
  }
  return std::nullopt;
}

std::string formatWithUnit(uint64_t value, std::span<const Unit> units, std::string_view zero) {
  if (value == 0) return std::string(zero);
  for (const Unit& unit : units) {
    if (value % unit.factor == 0) return std::to_string(value / unit.factor) + std::string(unit.suffix);
  }
  return std::to_string(value);  // unreachable: the last factor is 1
}

}  // namespace

std::optional<uint64_t> parseDuration(std::string_view text) { return parseWithUnit(text, kDurations); }
std::string formatDuration(uint64_t ms) { return formatWithUnit(ms, kDurations, "0s"); }
std::optional<uint64_t> parseSize(std::string_view text) { return parseWithUnit(text, kSizes); }
std::string formatSize(uint64_t bytes) { return formatWithUnit(bytes, kSizes, "0B"); }

}  // namespace gw::config
