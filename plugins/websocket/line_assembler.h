#pragma once
// LineAssembler: what a terminal sends, cut anywhere, to lines. CR LF, CR, LF and CR NUL end a line; BS
// and DEL rub out a character, ^U the line; escape sequences (arrow keys) and other control bytes are
// dropped. A line above kMaxLine bytes is cut and the rest of it is dropped.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace gw::websocket {

class LineAssembler {
 public:
  static constexpr size_t kMaxLine = 4096;

  class Receiver {
   public:
    /// False: not now. The line is offered again by the next feed() with the bytes not consumed.
    virtual bool onLine(std::string_view line, bool wasCut) = 0;

   protected:
    ~Receiver() = default;
  };

  /// Returns how many bytes were consumed: all, unless a line was not taken.
  size_t feed(std::string_view bytes, Receiver& receiver);

  /// Its part of a state (gw/state.hpp).
  template <class Self, class Fields>
  static void fields(Self& self, Fields& f) {
    f.text(1, "text", self.line_, kMaxLine);
    f.number(2, "escape", self.escape_, Escape::kSequence);
    f.flag(3, "wasCr", self.wasCr_);
    f.flag(4, "wasCut", self.wasCut_);
  }

 private:
  enum class Escape : uint8_t { kNone, kStarted, kSequence };

  void add(char byte);
  bool skipEscape(char byte);

  std::string line_;
  Escape escape_ = Escape::kNone;
  bool wasCr_ = false;
  bool wasCut_ = false;
};

}  // namespace gw::websocket
