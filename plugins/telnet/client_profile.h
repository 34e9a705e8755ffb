#pragma once
// ClientProfile: what a client has told about itself (TTYPE, MTTS, NAWS, CHARSET), and what follows
// from it for the output. Plain values; nothing here is trusted for anything but presentation.

#include <cstdint>
#include <string>
#include <string_view>

namespace gw::telnet {

inline constexpr size_t kMaxClientName = 40;
inline constexpr uint16_t kMaxWindow = 1000;

enum class Charset : uint8_t { kUtf8, kLatin1, kAscii };
enum class ColorLevel : uint8_t { kNone, k16, k256, kTrueColor };

// MTTS bits (Mud Terminal Type Standard).
inline constexpr uint32_t kMttsAnsi = 1, kMttsUtf8 = 4, kMtts256 = 8, kMttsScreenReader = 64, kMttsTrueColor = 256;

struct ClientProfile {
  std::string name;      // first TTYPE answer: the client; at most 40 bytes, printable ASCII
  std::string terminal;  // second: the terminal
  uint32_t mtts = 0;
  bool hasMtts = false;
  uint16_t width = 0;  // 0: unknown, else 1..1000
  uint16_t height = 0;
  bool hasCharset = false;  // agreed by CHARSET
  Charset charset = Charset::kUtf8;

  bool isScreenReader() const { return hasMtts && (mtts & kMttsScreenReader) != 0; }
};

/// The profile's part of a state (gw/state.hpp).
template <class Self, class Fields>
void profileFields(Self& self, Fields& f);

/// Client names reach logs and operators' tables: printable ASCII, and at most 40 bytes.
std::string cleanName(std::string_view text);

/// How many colours the client can show; `isTelnet`: it has answered as a telnet client at all.
ColorLevel colorLevelOf(const ClientProfile& profile, bool isTelnet);

/// By CHARSET, else by MTTS, else UTF-8.
Charset charsetOf(const ClientProfile& profile);

/// The charset's IANA name, and back (case-insensitive, common aliases). False: not one of ours.
std::string_view nameOf(Charset charset);
bool charsetFromName(std::string_view name, Charset& charset);

template <class Self, class Fields>
void profileFields(Self& self, Fields& f) {
  f.text(1, "name", self.name, kMaxClientName);
  f.text(2, "terminal", self.terminal, kMaxClientName);
  f.flag(3, "hasMtts", self.hasMtts);
  f.number(4, "mtts", self.mtts, UINT32_MAX);
  f.number(5, "width", self.width, kMaxWindow);
  f.number(6, "height", self.height, kMaxWindow);
  f.flag(7, "hasCharset", self.hasCharset);
  f.number(8, "charset", self.charset, Charset::kAscii);
  if constexpr (Fields::isReading) {
    if (cleanName(self.name) != self.name) f.fail("name", "is not printable");
    if (cleanName(self.terminal) != self.terminal) f.fail("terminal", "is not printable");
  }
}

}  // namespace gw::telnet
