#pragma once
// TelnetParser: bytes in, one token at a time out. No sockets, no policy.
//
// Invariants: any segmentation of the input gives the same tokens (text runs may be cut differently);
// a sub-negotiation never holds more than kMaxSubnegotiation bytes; nothing the peer sends can fail.

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

#include "telnet_protocol.h"

namespace gw::telnet {

inline constexpr size_t kMaxSubnegotiation = 16 * 1024;

struct Token {
  enum class Kind : uint8_t {
    kNone,            // the bytes were taken; more are needed
    kText,            // `bytes`: a run without IAC; refers to the input, or to one static byte for IAC IAC
    kCommand,         // `code`
    kNegotiation,     // `verb` WILL, WONT, DO or DONT and `code`, the option
    kSubnegotiation,  // `code` and `bytes`, unescaped; valid until the next call
    kOversized,       // a sub-negotiation over the cap ended; it was discarded
  };
  Kind kind = Kind::kNone;
  uint8_t verb = 0;
  uint8_t code = 0;
  std::string_view bytes;
};

class TelnetParser {
 public:
  /// Says what comes first in a non-empty input and how many bytes that was: at least one, or none if a
  /// token is complete (a sub-negotiation that another command ends). A text token may be consumed
  /// in part: call next() again later with the rest (the parser keeps no state inside text).
  size_t next(std::string_view input, Token& token);
  /// Overwrites what the last token held.
  void wipeLast();

  /// Its part of a state (gw/state.hpp): where it stands, and the sub-negotiation under way.
  template <class Self, class Fields>
  static void fields(Self& self, Fields& f);

 private:
  enum class State : uint8_t { kText, kAfterIac, kVerb, kSbOption, kInSb, kInSbAfterIac };
  struct Position {  // trivially copyable, so that it can be exported
    State state = State::kText;
    uint8_t verb = 0;
    uint8_t option = 0;
    bool isOversized = false;
  };
  static_assert(std::is_trivially_copyable_v<Position>);
  bool isInSubnegotiation() const { return at_.state == State::kInSb || at_.state == State::kInSbAfterIac; }

  size_t afterIac(uint8_t byte, Token& token);
  size_t inSubnegotiation(std::string_view input, Token& token);
  void endSubnegotiation(Token& token);

  Position at_;
  std::string payload_;   // of the sub-negotiation under way
  std::string finished_;  // of the last token
};

template <class Self, class Fields>
void TelnetParser::fields(Self& self, Fields& f) {
  f.number(1, "state", self.at_.state, State::kInSbAfterIac);
  // What is left over from earlier tokens means nothing.
  const bool isVerb = self.at_.state == State::kVerb;
  Position at = self.at_;
  if (!isVerb) at.verb = 0;
  if (!self.isInSubnegotiation()) at.option = 0, at.isOversized = false;
  f.number(2, "verb", at.verb, kDont);
  f.number(3, "option", at.option, uint8_t{255});
  f.flag(4, "isOversized", at.isOversized);
  f.text(5, "payload", self.payload_, kMaxSubnegotiation);
  if constexpr (Fields::isReading) {
    if (isVerb != (at.verb >= kWill)) f.fail("verb", "does not fit the state");
    if (!self.isInSubnegotiation() && !self.payload_.empty()) f.fail("payload", "is outside of a sub-negotiation");
    self.at_ = at;
  }
}

}  // namespace gw::telnet
