#pragma once
// TelnetCodec: the telnet layer of one connection. Bytes in; text, and a picture of the client, out.
// Sans-I/O: what must be sent is appended to a string that the caller owns. The server initiates;
// RFC 1143 decides what is answered. No option is ever required: a client that answers nothing works.

#include <cstdint>
#include <string>
#include <string_view>

#include "client_profile.h"
#include "option_table.h"
#include "telnet_parser.h"

namespace gw::telnet {

class TelnetCodec {
 public:
  /// What an operator may leave out of our opening requests.
  struct Opening {
    bool naws = true;
    bool gmcp = true;
  };
  void start(const Opening& opening, std::string& out);

  struct Step {
    enum class Kind : uint8_t {
      kNone,       // more bytes are needed
      kText,       // `text`, possibly to be consumed in part
      kUnit,       // one protocol unit was dealt with; it costs (HostConn::charge)
      kEraseChar,  // a unit too: IAC EC
      kEraseLine,  // a unit too: IAC EL
      kOversized,  // a unit too: a sub-negotiation over the cap was discarded
      kGmcp,       // a unit too: `text`, a GMCP payload; valid until the next call
    };
    Kind kind = Kind::kNone;
    std::string_view text;
  };

  /// Deals with what comes first in a non-empty input; returns how many bytes that took (see
  /// TelnetParser::next). Answers are appended to `out`.
  size_t next(std::string_view input, Step& step, std::string& out);

  /// Overwrites the last sub-negotiation, which the parser would keep until the next: it held a secret.
  void wipeLast() { parser_.wipeLast(); }

  /// ECHO: WILL hides what the client's user types, WONT shows it again.
  void setEcho(bool weEcho, std::string& out) { options_.request(Side::kUs, kOptEcho, weEcho, out); }

  /// The client has sent a telnet command: it is not nc or a script.
  bool isTelnet() const { return isTelnet_; }
  /// All that TTYPE can tell has been told, or refused.
  bool isTerminalKnown() const;
  /// The client edits no lines: BS, DEL, ^U and ^W arrive as bytes.
  bool isCharacterMode() const { return options_.isOn(Side::kUs, kOptSga); }
  const OptionTable& options() const { return options_; }
  const ClientProfile& profile() const { return profile_; }
  /// Rises with each change of the profile.
  uint32_t profileRevision() const { return revision_; }

  /// Its part of a state (gw/state.hpp): everything but the revision, which starts anew.
  template <class Self, class Fields>
  static void fields(Self& self, Fields& f);

 private:
  static constexpr uint8_t kMaxTerminalAnswers = 3;

  void onNegotiation(const Token& token, std::string& out);
  void onSubnegotiation(const Token& token, std::string& out);
  void onTerminalType(std::string_view payload, std::string& out);
  void onWindowSize(std::string_view payload);
  void onCharset(std::string_view payload, std::string& out);
  void onCharsetRequest(std::string_view list, std::string& out);

  TelnetParser parser_;
  OptionTable options_;
  ClientProfile profile_;
  std::string lastTerminalAnswer_;
  uint32_t revision_ = 0;
  uint8_t terminalAnswers_ = 0;
  bool isTerminalDone_ = false;
  bool isCharsetAsked_ = false;
  bool isCharsetPending_ = false;  // our REQUEST has no answer yet
  bool isTelnet_ = false;
};

template <class Self, class Fields>
void TelnetCodec::fields(Self& self, Fields& f) {
  f.section(1, "parser", [&](auto& inner) { TelnetParser::fields(self.parser_, inner); });
  f.section(2, "options", [&](auto& inner) { OptionTable::fields(self.options_, inner); });
  f.section(3, "profile", [&](auto& inner) { profileFields(self.profile_, inner); });
  f.number(4, "terminalAnswers", self.terminalAnswers_, kMaxTerminalAnswers);
  f.flag(5, "isTerminalDone", self.isTerminalDone_);
  std::string last = self.isTerminalDone_ ? std::string() : self.lastTerminalAnswer_;  // of no use afterwards
  f.text(6, "lastTerminalAnswer", last, kMaxClientName);
  if constexpr (Fields::isReading) self.lastTerminalAnswer_ = last;
  f.flag(7, "isCharsetAsked", self.isCharsetAsked_);
  f.flag(8, "isCharsetPending", self.isCharsetPending_);
  f.flag(9, "isTelnet", self.isTelnet_);
}

/// IAC SB option payload IAC SE, with 255 doubled in the payload.
void appendSubnegotiation(uint8_t option, std::string_view payload, std::string& out);

}  // namespace gw::telnet
