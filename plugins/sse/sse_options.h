#pragma once
// The account's `options`, parsed and checked once; immutable afterwards.

#include <chrono>
#include <string>
#include <string_view>

namespace gw::sse {

struct SseOptions {
  std::string eventsPath = "/events";
  std::string rpcPath = "/rpc";
  std::chrono::milliseconds heartbeatInterval{15'000};
};

/// Throws sdk::Error with one sentence that names the option.
SseOptions parseOptions(std::string_view json);
/// JSON Schema (draft 2020-12), static storage.
std::string_view optionsSchema();

}  // namespace gw::sse
