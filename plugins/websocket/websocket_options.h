#pragma once
// The account's `options`, parsed and checked once; immutable afterwards.

#include <chrono>
#include <string>
#include <string_view>

#include "terminal_render.h"

namespace gw::websocket {

struct WebSocketOptions {
  std::string path = "/ws";
  bool isSubprotocolLenient = false;  // unknown subprotocols are taken as gateway.v1
  std::chrono::milliseconds heartbeatInterval{30'000};
  std::chrono::milliseconds connectionTimeout{60'000};  // without any byte from the peer
  ColorLevel colors = ColorLevel::kTrueColor;           // of the terminal subprotocol
  bool isMessageLine = false;                           // terminal: the end of a message ends a line too
};

/// Throws sdk::Error with one sentence that names the option.
WebSocketOptions parseOptions(std::string_view json);
/// JSON Schema (draft 2020-12), static storage.
std::string_view optionsSchema();

}  // namespace gw::websocket
