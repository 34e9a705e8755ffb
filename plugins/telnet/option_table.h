#pragma once
// OptionTable: RFC 1143's Q method for the options this channel speaks; every other option is refused,
// once. Sans-I/O and trivially copyable: answers are appended to a string.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
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

  /// Its part of a state (gw/state.hpp), by option codes: the order of kKnown may change.
  template <class Self, class Fields>
  static void fields(Self& self, Fields& f) {
    sideFields(self, f, Side::kUs, 1, "us", "refusedUs");
    sideFields(self, f, Side::kClient, 3, "client", "refusedClient");
  }

 private:
  // RFC 1143 §7: No, Yes, and Want… while an answer is awaited; …Opposite: and then the other way.
  enum class Q : uint8_t { kNo, kYes, kWantNo, kWantNoOpposite, kWantYes, kWantYesOpposite };
  static constexpr std::array<uint8_t, 8> kKnown{kOptBinary,      kOptEcho, kOptSga,     kOptTerminalType,
                                                 kOptEndOfRecord, kOptNaws, kOptCharset, kOptGmcp};

  template <class Self, class Fields>
  static void sideFields(Self& self, Fields& f, Side side, uint32_t tag, std::string_view states,
                         std::string_view refusals) {
    std::string negotiated, refused;
    if constexpr (!Fields::isReading) {
      negotiated = self.negotiated(side);
      refused = self.refusals(side);
    }
    f.text(tag, states, negotiated, 2 * kKnown.size());
    f.text(tag + 1, refusals, refused, 256);
    if constexpr (Fields::isReading) {
      if (!self.setNegotiated(side, negotiated)) f.fail(states, "has an option or a state that is not known here");
      self.setRefusals(side, refused);
    }
  }
  /// Pairs of option and state, without kNo; and codes of refused options.
  std::string negotiated(Side side) const;
  bool setNegotiated(Side side, std::string_view pairs);
  std::string refusals(Side side) const;
  void setRefusals(Side side, std::string_view options);

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
