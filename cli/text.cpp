#include "text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>

namespace gw::cli {
namespace {

constexpr size_t kMostBytes = 256;

/// Bytes of the UTF-8 character at the front that a terminal may see; 0 if it must be escaped.
size_t safeLength(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return first >= 0x20 && first != 0x7f ? 1 : 0;
  const size_t length = first >= 0xf0 && first < 0xf5 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
  if (length == 0 || first >= 0xf5 || text.size() < length) return 0;
  uint32_t point = first & (0xffU >> (length + 1));
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
    point = (point << 6) | (byte(i) & 0x3fU);
  }
  const bool isOverlong = (length == 3 && point < 0x800) || (length == 4 && point < 0x10000);
  const bool isSurrogate = point >= 0xd800 && point <= 0xdfff;
  const bool isControl = point < 0xa0 || (point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069) ||
                         point == 0x2028 || point == 0x2029 || point == 0x200e || point == 0x200f || point == 0xfeff;
  return isOverlong || isSurrogate || isControl || point > 0x10ffff ? 0 : length;
}

bool isPlainWord(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_.:-/@[]+").find(c) != std::string_view::npos;
  });
}

/// Characters, for widths: continuation bytes do not count.
size_t widthOf(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
}

}  // namespace

std::string sanitized(std::string_view text, size_t most) {
  std::string out;
  while (!text.empty()) {
    const size_t length = safeLength(text);
    if (out.size() + std::max<size_t>(length, 4) > most) return out + "...";
    if (length > 0) {
      out.append(text.substr(0, length));
      text.remove_prefix(length);
      continue;
    }
    std::array<char, 8> escaped{};
    std::snprintf(escaped.data(), escaped.size(), "\\x%02x",
                  static_cast<unsigned>(static_cast<unsigned char>(text[0])));
    out += escaped.data();
    text.remove_prefix(1);
  }
  return out;
}

std::string printable(std::string_view text) {
  if (text.empty()) return "-";
  std::string escaped;
  for (const char c : text.substr(0, kMostBytes * 2)) {  // a quote inside must not look like the end
    if (c == '"' || c == '\\') escaped += '\\';
    escaped += c;
  }
  const std::string safe = sanitized(escaped);
  return safe == text && isPlainWord(safe) ? safe : "\"" + safe + "\"";
}

std::optional<uint64_t> parseDuration(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, uint64_t>, 5> kUnits{
      {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
  uint64_t count = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), count);
  if (parsed.ec != std::errc{}) return std::nullopt;
  const std::string_view suffix = text.substr(static_cast<size_t>(parsed.ptr - text.data()));
  for (const auto& [unit, factor] : kUnits) {
    if (suffix == unit && count <= UINT64_MAX / factor) return count * factor;
  }
  return std::nullopt;
}

std::string formatUptime(uint64_t ms) {
  const uint64_t seconds = ms / 1000;
  const uint64_t days = seconds / 86'400;
  const uint64_t hours = seconds / 3600 % 24;
  const uint64_t minutes = seconds / 60 % 60;
  const auto two = [](uint64_t a, const char* unitA, uint64_t b, const char* unitB) {
    return std::to_string(a) + unitA + " " + std::to_string(b) + unitB;
  };
  if (days > 0) return two(days, "d", hours, "h");
  if (hours > 0) return two(hours, "h", minutes, "m");
  if (minutes > 0) return two(minutes, "m", seconds % 60, "s");
  return std::to_string(seconds) + "s";
}

std::string formatBytes(uint64_t bytes) {
  constexpr std::array<const char*, 4> kUnits{"B", "KiB", "MiB", "GiB"};
  auto amount = static_cast<double>(bytes);
  size_t unit = 0;
  while (amount >= 1024 && unit + 1 < kUnits.size()) {
    amount /= 1024;
    ++unit;
  }
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), unit == 0 ? "%.0f %s" : "%.1f %s", amount, kUnits[unit]);
  return text.data();
}

std::string table(const std::vector<std::string>& titles, const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const auto& title : titles) widths.push_back(widthOf(title));
  for (const auto& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], widthOf(row[i]));
  }
  std::string out;
  const auto add = [&](const std::vector<std::string>& row) {
    for (size_t i = 0; i < row.size(); ++i) {
      out += row[i];
      if (i + 1 < row.size()) out += std::string(widths[i] - widthOf(row[i]) + 2, ' ');
    }
    out += '\n';
  };
  add(titles);
  for (const auto& row : rows) add(row);
  return out;
}

}  // namespace gw::cli
