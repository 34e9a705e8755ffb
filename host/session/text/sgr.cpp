// renderSgr: one pass over the text; escapes are skipped as a terminal would parse them (ECMA-48 §5.4,
// and xterm where it is laxer), so that nothing of a sequence can be left over as text.

#include <algorithm>
#include <cstdint>

#include "session/text/sanitize.h"
#include "session/text/utf8.h"

namespace gw::session {
namespace {

constexpr char kEsc = '\x1b';
constexpr char kBel = '\x07';
constexpr char kCan = '\x18';
constexpr char kSub = '\x1a';
constexpr int kAbsent = -1;
constexpr size_t kMaxParams = 32;

struct Style {
  uint32_t fg = 0;
  uint32_t bg = 0;
  uint32_t attrs = 0;
  bool operator==(const Style&) const = default;
  bool isDefault() const { return *this == Style{}; }
};

/// One parameter of a sequence; joined: it followed a ':' and belongs to the one before it.
struct Param {
  int value = kAbsent;
  bool joined = false;
};

class Renderer {
 public:
  explicit Renderer(std::string_view text) : in_(text) { out_.text.reserve(text.size()); }

  Styled run() {
    while (at_ < in_.size()) {
      if (in_[at_] == kEsc) {
        ++at_;
        escape();
        continue;
      }
      const char32_t c = decodeUtf8(in_, at_);
      if (c >= 0x80 && c <= 0x9F) {
        c1(c);
      } else if (!isUnsafe(c)) {
        put(c);
      }
    }
    closeSpan();
    return std::move(out_);
  }

 private:
  void put(char32_t c) {
    if (!(style_ == spanStyle_)) {
      closeSpan();
      spanStyle_ = style_;
      spanStart_ = out_.text.size();
    }
    appendUtf8(out_.text, c);
  }

  void closeSpan() {
    const size_t end = out_.text.size();
    if (spanStyle_.isDefault() || end == spanStart_ || out_.spans.size() >= kMaxSpans) return;
    plugin::Span span;
    span.start = static_cast<uint32_t>(spanStart_);
    span.len = static_cast<uint32_t>(end - spanStart_);
    span.fg = spanStyle_.fg;
    span.bg = spanStyle_.bg;
    span.attrs = spanStyle_.attrs;
    out_.spans.push_back(std::move(span));
  }

  /// Behind an ESC.
  void escape() {
    if (at_ >= in_.size()) return;
    const char c = in_[at_];
    switch (c) {
      case '[':
        ++at_;
        return csi();
      case ']':
        ++at_;
        return stringSequence(true);
      case 'P':
      case 'X':
      case '^':
      case '_':
        ++at_;
        return stringSequence(false);
      default:
        break;
    }
    while (at_ < in_.size() && in_[at_] >= 0x20 && in_[at_] <= 0x2F) ++at_;  // intermediates
    if (at_ < in_.size() && in_[at_] >= 0x30 && in_[at_] <= 0x7E) ++at_;     // final
  }

  /// C1 controls in their UTF-8 form introduce the same sequences (ECMA-48 §5.3).
  void c1(char32_t c) {
    if (c == 0x9B) return csi();
    if (c == 0x9D) return stringSequence(true);
    if (c == 0x90 || c == 0x98 || c == 0x9E || c == 0x9F) return stringSequence(false);
  }

  /// OSC, DCS, SOS, PM, APC: until ST; OSC also until BEL; CAN, SUB or another ESC break it off.
  void stringSequence(bool belEnds) {
    while (at_ < in_.size()) {
      const char c = in_[at_];
      if (c == kEsc) {
        if (at_ + 1 < in_.size() && in_[at_ + 1] == '\\') at_ += 2;
        return;  // an ESC that does not end it begins the next sequence
      }
      if (c == kCan || c == kSub || (belEnds && c == kBel)) {
        ++at_;
        return;
      }
      if (decodeUtf8(in_, at_) == 0x9C) return;
    }
  }

  void csi() {
    const size_t start = at_;
    while (at_ < in_.size() && in_[at_] >= 0x30 && in_[at_] <= 0x3F) ++at_;
    const std::string_view params = in_.substr(start, at_ - start);
    const size_t behindParams = at_;
    while (at_ < in_.size() && in_[at_] >= 0x20 && in_[at_] <= 0x2F) ++at_;
    if (at_ >= in_.size() || in_[at_] < 0x40 || in_[at_] > 0x7E) return;  // broken off
    const bool isSgr = in_[at_] == 'm' && at_ == behindParams;
    ++at_;
    if (isSgr) sgr(params);
  }

  void sgr(std::string_view text) {
    if (text.find_first_not_of("0123456789;:") != std::string_view::npos) return;  // private use
    Param params[kMaxParams];
    const size_t count = parse(text, params);
    for (size_t i = 0; i < count;) i = apply(params, i, count);
  }

  static size_t parse(std::string_view text, Param (&params)[kMaxParams]) {
    size_t count = 1;
    for (const char c : text) {
      if (c == ';' || c == ':') {
        if (count == kMaxParams) break;
        params[count++].joined = c == ':';
      } else {
        int& value = params[count - 1].value;
        value = std::min((value == kAbsent ? 0 : value) * 10 + (c - '0'), 99'999);
      }
    }
    return count;
  }

  /// Applies params[i] and what belongs to it; returns the index of the next one.
  size_t apply(const Param* params, size_t i, size_t count) {
    const int code = params[i].value == kAbsent ? 0 : params[i].value;
    size_t next = i + 1;
    while (next < count && params[next].joined) ++next;
    if (code == 38 || code == 48) {
      uint32_t& target = code == 38 ? style_.fg : style_.bg;
      if (next > i + 1) {
        joinedColour(params + i + 1, next - i - 1, target);
        return next;
      }
      return separateColour(params, next, count, target);
    }
    const bool off = code == 4 && next > i + 1 && params[i + 1].value == 0;  // 4:0
    simple(off ? 24 : code);
    return next;
  }

  /// "38:5:n", "38:2:r:g:b" and, with a colour space, "38:2::r:g:b" (ITU T.416).
  static void joinedColour(const Param* sub, size_t count, uint32_t& target) {
    if (count >= 2 && sub[0].value == 5) palette(sub[1].value, target);
    if (sub[0].value != 2) return;
    if (count == 4) rgb(sub + 1, target);
    if (count >= 5) rgb(sub + 2, target);
  }

  /// "38;5;n" and "38;2;r;g;b".
  static size_t separateColour(const Param* params, size_t next, size_t count, uint32_t& target) {
    if (next >= count) return next;
    if (params[next].value == 5) {
      if (next + 1 < count) palette(params[next + 1].value, target);
      return next + 2;
    }
    if (params[next].value == 2) {
      if (next + 3 < count) rgb(params + next + 1, target);
      return next + 4;
    }
    return next + 1;
  }

  static void palette(int n, uint32_t& target) {
    if (n == kAbsent) n = 0;
    if (n <= 255) target = GW_COLOR_PALETTE(n);
  }

  static void rgb(const Param* p, uint32_t& target) {
    uint32_t value = 0;
    for (int i = 0; i < 3; ++i) {
      const int part = std::max(p[i].value, 0);
      if (part > 255) return;
      value = (value << 8) | static_cast<uint32_t>(part);
    }
    target = GW_COLOR_RGB(value);
  }

  void simple(int code) {
    switch (code) {
      case 0:
        style_ = Style{};
        return;
      case 1:
        style_.attrs |= GW_SPAN_BOLD;
        return;
      case 3:
        style_.attrs |= GW_SPAN_ITALIC;
        return;
      case 4:
      case 21:
        style_.attrs |= GW_SPAN_UNDERLINE;
        return;
      case 7:
        style_.attrs |= GW_SPAN_INVERSE;
        return;
      case 9:
        style_.attrs |= GW_SPAN_STRIKE;
        return;
      case 22:
        style_.attrs &= ~static_cast<uint32_t>(GW_SPAN_BOLD);
        return;
      case 23:
        style_.attrs &= ~static_cast<uint32_t>(GW_SPAN_ITALIC);
        return;
      case 24:
        style_.attrs &= ~static_cast<uint32_t>(GW_SPAN_UNDERLINE);
        return;
      case 27:
        style_.attrs &= ~static_cast<uint32_t>(GW_SPAN_INVERSE);
        return;
      case 29:
        style_.attrs &= ~static_cast<uint32_t>(GW_SPAN_STRIKE);
        return;
      case 39:
        style_.fg = GW_COLOR_DEFAULT;
        return;
      case 49:
        style_.bg = GW_COLOR_DEFAULT;
        return;
      default:
        break;
    }
    if (code >= 30 && code <= 37) style_.fg = GW_COLOR_PALETTE(code - 30);
    if (code >= 40 && code <= 47) style_.bg = GW_COLOR_PALETTE(code - 40);
    if (code >= 90 && code <= 97) style_.fg = GW_COLOR_PALETTE(code - 90 + 8);
    if (code >= 100 && code <= 107) style_.bg = GW_COLOR_PALETTE(code - 100 + 8);
  }

  std::string_view in_;
  size_t at_ = 0;
  Styled out_;
  Style style_;      // what the sequences so far ask for
  Style spanStyle_;  // what the text since spanStart_ has
  size_t spanStart_ = 0;
};

bool isPlainAscii(char c) { return (c >= ' ' && c <= '~') || c == '\n' || c == '\t'; }

}  // namespace

Styled renderSgr(std::string_view text) {
  if (std::all_of(text.begin(), text.end(), isPlainAscii)) return Styled{std::string(text), {}};
  return Renderer(text).run();
}

}  // namespace gw::session
