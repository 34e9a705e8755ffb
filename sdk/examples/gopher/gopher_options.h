#pragma once
// The account's `options`, parsed and checked once; immutable afterwards.

#include <cstdint>
#include <string>
#include <string_view>

#include "gopher_text.h"

namespace gopher {

struct Options {
  std::string hostname;  // empty: the address that the client came to
  uint16_t port = 0;     // 0: likewise
  std::string title = "A game behind a gopher hole";
  std::string about;  // empty: what this channel says of itself

  /// Where menus point to, for a client that came to `local` ("192.0.2.7:70", "[2001:db8::7]:70").
  Place placeFor(std::string_view local) const;
};

/// Throws gw::sdk::Error with one sentence that names the option.
Options parseOptions(std::string_view json);
/// JSON Schema (draft 2020-12), static storage.
std::string_view optionsSchema();

}  // namespace gopher
