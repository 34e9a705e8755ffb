#pragma once
// Renderer: an event's text and spans as bytes for a terminal class. Pure; once per (event, class).

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "client_profile.h"
#include "gw/encode.hpp"

namespace gw::telnet {

/// All that a body's bytes depend on.
struct RenderClass {
  ColorLevel color = ColorLevel::kNone;
  Charset charset = Charset::kUtf8;
  bool isScreenReader = false;

  bool operator==(const RenderClass&) const = default;
  uint64_t key() const;
  /// The class's description for the host, and back. Anything else parses as the default class.
  std::string describe() const;
  static RenderClass parse(std::string_view description);
};

/// Whether this class gets the event's bytes for terminals. A screen reader gets the text in their place, if there is
/// one.
bool isForTerminals(const sdk::EventView& event, const RenderClass& cls);

/// Bytes as they are, but for 0xFF, which would be IAC.
std::string doubled(std::string_view bytes);

/// Text with SGR escapes, CR LF line ends, the class's charset and doubled 0xFF. No end of line is
/// added. Spans that overlap, run backwards or leave the text are cut or skipped.
std::string render(std::string_view text, std::span<const gw_span> spans, const RenderClass& cls);

/// UTF-8 text in a charset: what it lacks becomes an ASCII look-alike or '?'; LF becomes CR LF; 0xFF is
/// doubled (it would be IAC).
void appendText(std::string_view utf8, Charset charset, std::string& out);

}  // namespace gw::telnet
