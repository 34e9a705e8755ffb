#pragma once
// LineAssembler: text bytes in, lines out. CR LF, CR NUL, bare CR and bare LF all end a line. Edits
// what clients that send each key leave to us. Holds at most kMaxLine bytes: over that the line is cut
// and the rest, up to its end, is discarded.

#include <cstdint>
#include <string>
#include <string_view>

#include "client_profile.h"

namespace gw::telnet {

inline constexpr size_t kMaxLine = 4096;

class LineAssembler {
 public:
  struct Result {
    size_t consumed = 0;
    bool isLine = false;   // a line is complete: line(); its end has NOT been consumed
    size_t discarded = 0;  // bytes thrown away because the line is too long
  };

  /// Takes bytes up to the end of a line. The end itself stays with the caller until takeLine(), so a
  /// line that can't be submitted now is offered again by offering its end again.
  /// BS and DEL always erase (line-mode clients never send them); ^U and ^W only in character mode.
  Result feed(std::string_view bytes, bool isCharacterMode);

  /// The complete line, raw. Valid until the next call.
  std::string_view line() const { return line_; }
  /// It was longer than kMaxLine and has been cut.
  bool isCut() const { return isCut_; }
  /// Ends the line: the byte at the front of the input is its end and counts as consumed by the caller.
  void takeLine(char end);

  void eraseChar();
  void eraseLine() { line_.clear(); }

  /// Its part of a state (gw/state.hpp).
  template <class Self, class Fields>
  static void fields(Self& self, Fields& f) {
    f.text(1, "text", self.line_, kMaxLine);
    f.flag(2, "isCut", self.isCut_);
    f.flag(3, "isAfterCr", self.isAfterCr_);
  }

 private:
  void eraseWord();

  std::string line_;
  bool isCut_ = false;
  bool isAfterCr_ = false;  // an LF or NUL that follows belongs to the CR
};

/// A received line as UTF-8. Lines that are no UTF-8 are read as Latin-1: `wasLatin1` says so.
std::string toUtf8(std::string_view line, Charset charset, bool& wasLatin1);

}  // namespace gw::telnet
