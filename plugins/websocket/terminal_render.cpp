#include "terminal_render.h"

#include <algorithm>
#include <array>

namespace gw::websocket {
namespace {

struct Rgb {
  int r, g, b;
};

constexpr Rgb split(uint32_t rgb) {
  return {static_cast<int>(rgb >> 16 & 0xFF), static_cast<int>(rgb >> 8 & 0xFF), static_cast<int>(rgb & 0xFF)};
}
constexpr int distance(Rgb a, Rgb b) {
  return (a.r - b.r) * (a.r - b.r) + (a.g - b.g) * (a.g - b.g) + (a.b - b.b) * (a.b - b.b);
}

// xterm's defaults.
constexpr std::array<uint32_t, 16> kAnsi = {0x000000, 0xCD0000, 0x00CD00, 0xCDCD00, 0x0000EE, 0xCD00CD,
                                            0x00CDCD, 0xE5E5E5, 0x7F7F7F, 0xFF0000, 0x00FF00, 0xFFFF00,
                                            0x5C5CFF, 0xFF00FF, 0x00FFFF, 0xFFFFFF};
constexpr std::array<int, 6> kCube = {0, 95, 135, 175, 215, 255};

int cubeStep(int value) {
  const auto nearest = std::min_element(kCube.begin(), kCube.end(),
                                        [value](int a, int b) { return std::abs(a - value) < std::abs(b - value); });
  return static_cast<int>(nearest - kCube.begin());
}

uint32_t paletteRgb(uint32_t index) {
  if (index < 16) return kAnsi[index];
  if (index >= 232) {
    const uint32_t grey = 8 + (index - 232) * 10;
    return grey << 16 | grey << 8 | grey;
  }
  const uint32_t cube = index - 16;
  const auto part = [](uint32_t step) { return static_cast<uint32_t>(kCube[step]); };
  return part(cube / 36) << 16 | part(cube / 6 % 6) << 8 | part(cube % 6);
}

void appendNumber(std::string& out, uint32_t number) {
  out.push_back(';');
  out.append(std::to_string(number));
}

void append16(std::string& out, uint8_t color, bool isBackground) {
  appendNumber(out, (color < 8 ? 30u : 90u - 8u) + color + (isBackground ? 10u : 0u));
}

void appendColor(std::string& out, uint32_t color, bool isBackground, ColorLevel level) {
  const uint32_t kind = color >> 24;
  if (kind != 1 && kind != 2) return;
  const uint32_t base = isBackground ? 48 : 38;
  if (kind == 1) {
    const auto index = static_cast<uint8_t>(color & 0xFF);
    if (index < 16) return append16(out, index, isBackground);
    if (level == ColorLevel::k16) return append16(out, nearest16(paletteRgb(index)), isBackground);
    appendNumber(out, base);
    appendNumber(out, 5);
    return appendNumber(out, index);
  }
  if (level == ColorLevel::k16) return append16(out, nearest16(color & 0xFFFFFF), isBackground);
  appendNumber(out, base);
  if (level == ColorLevel::k256) {
    appendNumber(out, 5);
    return appendNumber(out, nearest256(color & 0xFFFFFF));
  }
  const Rgb rgb = split(color);
  appendNumber(out, 2);
  for (const int part : {rgb.r, rgb.g, rgb.b}) appendNumber(out, static_cast<uint32_t>(part));
}

// "\x1b[0;1;38;5;9m"; empty if the span changes nothing at this level.
std::string sgr(const gw_span& span, ColorLevel level) {
  constexpr std::pair<uint32_t, uint32_t> kAttributes[] = {
      {GW_SPAN_BOLD, 1}, {GW_SPAN_ITALIC, 3}, {GW_SPAN_UNDERLINE, 4}, {GW_SPAN_INVERSE, 7}, {GW_SPAN_STRIKE, 9}};
  std::string codes;
  for (const auto& [bit, code] : kAttributes) {
    if ((span.attrs & bit) != 0) appendNumber(codes, code);
  }
  appendColor(codes, span.fg, false, level);
  appendColor(codes, span.bg, true, level);
  return codes.empty() ? codes : "\x1b[0" + codes + "m";
}

void appendText(std::string& out, std::string_view text) {
  for (size_t newline = text.find('\n'); newline != std::string_view::npos; newline = text.find('\n')) {
    out.append(text.substr(0, newline)).append("\r\n");
    text.remove_prefix(newline + 1);
  }
  out.append(text);
}

}  // namespace

uint8_t nearest256(uint32_t rgb) {
  const Rgb wanted = split(rgb);
  const auto cube = static_cast<uint32_t>(16 + 36 * cubeStep(wanted.r) + 6 * cubeStep(wanted.g) + cubeStep(wanted.b));
  const int mean = (wanted.r + wanted.g + wanted.b) / 3;
  const auto grey = static_cast<uint32_t>(232 + std::clamp((mean - 8 + 5) / 10, 0, 23));
  const bool isGrey = distance(split(paletteRgb(grey)), wanted) < distance(split(paletteRgb(cube)), wanted);
  return static_cast<uint8_t>(isGrey ? grey : cube);
}

uint8_t nearest16(uint32_t rgb) {
  const Rgb wanted = split(rgb);
  const auto nearest = std::min_element(kAnsi.begin(), kAnsi.end(), [wanted](uint32_t a, uint32_t b) {
    return distance(split(a), wanted) < distance(split(b), wanted);
  });
  return static_cast<uint8_t>(nearest - kAnsi.begin());
}

std::string renderTerminal(std::string_view text, std::span<const gw_span> spans, ColorLevel level) {
  std::string out;
  out.reserve(text.size() + spans.size() * 16 + 2);
  size_t at = 0;
  for (const gw_span& span : spans) {
    if (level == ColorLevel::kNone) break;
    if (span.start < at || span.start >= text.size() || span.len == 0) continue;
    const std::string escape = sgr(span, level);
    if (escape.empty()) continue;
    const std::string_view marked = text.substr(span.start, span.len);
    appendText(out, text.substr(at, span.start - at));
    out.append(escape);
    appendText(out, marked);
    out.append("\x1b[0m");
    at = span.start + marked.size();
  }
  appendText(out, text.substr(at));
  return out;
}

}  // namespace gw::websocket
