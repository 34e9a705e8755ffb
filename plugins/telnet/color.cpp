#include "color.h"

#include <array>
#include <cstdlib>

namespace gw::telnet {
namespace {

constexpr uint32_t kPaletteTag = 0x01, kRgbTag = 0x02;
constexpr std::array<uint32_t, 16> kAnsi{0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd,
                                         0x00cdcd, 0xe5e5e5, 0x7f7f7f, 0xff0000, 0x00ff00, 0xffff00,
                                         0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff};
constexpr std::array<int, 6> kCube{0, 95, 135, 175, 215, 255};

int red(uint32_t rgb) { return static_cast<int>(rgb >> 16 & 0xff); }
int green(uint32_t rgb) { return static_cast<int>(rgb >> 8 & 0xff); }
int blue(uint32_t rgb) { return static_cast<int>(rgb & 0xff); }

int distance(uint32_t a, uint32_t b) {
  const int r = red(a) - red(b), g = green(a) - green(b), bl = blue(a) - blue(b);
  return r * r + g * g + bl * bl;
}

int nearestStep(int value) {
  int best = 0;
  for (int i = 1; i < 6; ++i) {
    const auto off = [&](int step) { return std::abs(kCube[static_cast<size_t>(step)] - value); };
    if (off(i) < off(best)) best = i;
  }
  return best;
}

void append(std::string& out, uint32_t number) {
  out += ';';
  out += std::to_string(number);
}

void append16(uint8_t entry, bool isBackground, std::string& out) {
  append(out, (entry < 8 ? 30u + entry : 90u + entry - 8u) + (isBackground ? 10u : 0u));
}

}  // namespace

uint32_t rgbOf(uint8_t entry) {
  if (entry < 16) return kAnsi[entry];
  if (entry >= 232) {
    const auto grey = static_cast<uint32_t>(8 + (entry - 232) * 10);
    return grey << 16 | grey << 8 | grey;
  }
  const int cube = entry - 16;
  const auto step = [](int index) { return static_cast<uint32_t>(kCube[static_cast<size_t>(index)]); };
  return step(cube / 36) << 16 | step(cube / 6 % 6) << 8 | step(cube % 6);
}

uint8_t nearest256(uint32_t rgb) {
  const int cube = 16 + 36 * nearestStep(red(rgb)) + 6 * nearestStep(green(rgb)) + nearestStep(blue(rgb));
  const int mean = (red(rgb) + green(rgb) + blue(rgb)) / 3;
  const int grey = 232 + (mean < 3 ? 0 : mean > 238 ? 23 : (mean - 3) / 10);
  const auto byCube = static_cast<uint8_t>(cube), byGrey = static_cast<uint8_t>(grey);
  return distance(rgb, rgbOf(byGrey)) < distance(rgb, rgbOf(byCube)) ? byGrey : byCube;
}

uint8_t nearest16(uint32_t rgb) {
  uint8_t best = 0;
  for (uint8_t i = 1; i < 16; ++i) {
    if (distance(rgb, kAnsi[i]) < distance(rgb, kAnsi[best])) best = i;
  }
  return best;
}

void appendColor(uint32_t color, bool isBackground, ColorLevel level, std::string& out) {
  const uint32_t tag = color >> 24, value = color & 0xffffff;
  const bool isPalette = tag == kPaletteTag && value < 256, isRgb = tag == kRgbTag;
  if (level == ColorLevel::kNone || (!isPalette && !isRgb)) return;
  const auto entry = static_cast<uint8_t>(value);
  if (level == ColorLevel::k16)
    return append16(isRgb ? nearest16(value) : entry < 16 ? entry : nearest16(rgbOf(entry)), isBackground, out);
  if (isPalette && entry < 16) return append16(entry, isBackground, out);
  append(out, isBackground ? 48 : 38);
  if (isRgb && level == ColorLevel::kTrueColor) {
    append(out, 2);
    append(out, static_cast<uint32_t>(red(value)));
    append(out, static_cast<uint32_t>(green(value)));
    return append(out, static_cast<uint32_t>(blue(value)));
  }
  append(out, 5);
  append(out, isRgb ? nearest256(value) : entry);
}

}  // namespace gw::telnet
