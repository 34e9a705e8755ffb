#pragma once
// An account's `options`: what an operator may set for telnet.

#include <optional>
#include <string>
#include <string_view>

#include "client_profile.h"

namespace gw::telnet {

struct TelnetConfig {
  bool naws = true;                // ask for the window size
  bool gmcp = true;                // offer GMCP
  std::optional<ColorLevel> ansi;  // none: what the client says
  std::optional<Charset> charset;  // none: negotiated
  std::string banner;              // shown before login, never to screen readers

  /// Throws gw::sdk::Error with one sentence that names the option.
  static TelnetConfig parse(std::string_view optionsJson);
  static std::string_view schema();
};

}  // namespace gw::telnet
