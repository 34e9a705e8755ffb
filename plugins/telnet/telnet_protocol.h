#pragma once
// Telnet's numbers: RFC 854 and the options this channel speaks.

#include <cstdint>

namespace gw::telnet {

// RFC 854 commands; 239 is RFC 885.
inline constexpr uint8_t kEor = 239, kSe = 240, kNop = 241, kDataMark = 242, kBreak = 243, kInterrupt = 244,
                         kAbortOutput = 245, kAreYouThere = 246, kCmdEraseChar = 247, kCmdEraseLine = 248,
                         kGoAhead = 249, kSb = 250, kWill = 251, kWont = 252, kDo = 253, kDont = 254, kIac = 255;

enum Option : uint8_t {
  kOptBinary = 0,         // RFC 856
  kOptEcho = 1,           // RFC 857
  kOptSga = 3,            // RFC 858
  kOptTimingMark = 6,     // RFC 860
  kOptTerminalType = 24,  // RFC 1091, and MTTS
  kOptEndOfRecord = 25,   // RFC 885
  kOptNaws = 31,          // RFC 1073
  kOptCharset = 42,       // RFC 2066
  kOptGmcp = 201,
};

// Sub-negotiation verbs.
inline constexpr uint8_t kTtypeIs = 0, kTtypeSend = 1;
inline constexpr uint8_t kCharsetRequest = 1, kCharsetAccepted = 2, kCharsetRejected = 3, kCharsetTtableRejected = 5;

}  // namespace gw::telnet
