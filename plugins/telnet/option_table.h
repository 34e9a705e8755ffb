#pragma once
// OptionTable: RFC 1143's Q method for the options this channel speaks; every other option is refused,
// once. Sans-I/O and trivially copyable: answers are appended to a string.

#include <array>
#include <cstdint>
#include <string>
#include <type_traits>

#include "telnet_protocol.h"

namespace gw::telnet {

/// Who performs an option: us (we say WILL, the client DO) or the client.
enum class Side : uint8_t { kUs, kClient };

class OptionTable {
 public:
  /// Asks for an option to be on or off; a request that is under way is not repeated.
  void request(Side side, uint8_t option, bool on, std::string& out);

  /// WILL, WONT, DO or DONT from the client. True if the option's state on `sideOf(verb)` changed.
  bool receive(uint8_t verb, uint8_t option, std::string& out);

  bool isOn(Side side, uint8_t option) const;
  /// The client has answered our request for it, or there was none.
  bool isSettled(Side side, uint8_t option) const;
  static Side sideOf(uint8_t verb) { return verb == kWill || verb == kWont ? Side::kClient : Side::kUs; }

 private:
  // RFC 1143 §7: No, Yes, and Want… while an answer is awaited; …Opposite: and then the other way.
  enum class Q : uint8_t { kNo, kYes, kWantNo, kWantNoOpposite, kWantYes, kWantYesOpposite };
  static constexpr std::array<uint8_t, 8> kKnown{kOptBinary,      kOptEcho, kOptSga,     kOptTerminalType,
                                                 kOptEndOfRecord, kOptNaws, kOptCharset, kOptGmcp};

  static int indexOf(uint8_t option);
  static bool isWelcome(Side side, uint8_t option);
  void refuse(Side side, uint8_t option, std::string& out);
  bool receiveOn(Side side, uint8_t option, Q& state, std::string& out);
  bool receiveOff(Side side, uint8_t option, Q& state, std::string& out);
  Q& state(Side side, int index) { return states_[static_cast<size_t>(side)][static_cast<size_t>(index)]; }
  Q state(Side side, int index) const { return states_[static_cast<size_t>(side)][static_cast<size_t>(index)]; }

  std::array<std::array<Q, kKnown.size()>, 2> states_{};
  std::array<std::array<uint64_t, 4>, 2> refused_{};  // one bit per option
};
static_assert(std::is_trivially_copyable_v<OptionTable>);

}  // namespace gw::telnet
