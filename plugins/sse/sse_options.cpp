#include "sse_options.h"

#include <charconv>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "gw/slice.hpp"

namespace gw::sse {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

[[noreturn]] void refuse(std::string_view name, std::string_view expected) {
  throw sdk::Error("options." + std::string(name) + " must be " + std::string(expected));
}

std::string parsePath(std::string_view name, const json& value) {
  constexpr std::string_view kExpected = "a path such as \"/events\": letters, digits, - _ . and /";
  if (!value.is_string()) refuse(name, kExpected);
  auto path = value.get<std::string>();
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./";
  if (!path.starts_with('/') || path.size() > 128 || path.find_first_not_of(kAllowed) != std::string::npos) {
    refuse(name, kExpected);
  }
  return path;
}

milliseconds parseInterval(std::string_view name, const json& value) {
  constexpr std::string_view kExpected = "a duration between 100ms and 10m, such as \"15s\"";
  if (!value.is_string()) refuse(name, kExpected);
  const auto& text = value.get_ref<const std::string&>();
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, static_cast<size_t>(text.data() + text.size() - end));
  const int64_t factor = unit == "ms" ? 1 : unit == "s" ? 1000 : unit == "m" ? 60'000 : 0;
  // Above the bound nothing is valid, and the product cannot overflow below it.
  if (error != std::errc{} || factor == 0 || number < 0 || number > 600'000) refuse(name, kExpected);
  const milliseconds interval{number * factor};
  if (interval < milliseconds(100) || interval > milliseconds(600'000)) refuse(name, kExpected);
  return interval;
}

}  // namespace

SseOptions parseOptions(std::string_view text) {
  SseOptions options;
  if (text.empty()) return options;
  const json object = json::parse(text, nullptr, false);
  if (!object.is_object()) throw sdk::Error("options must be a JSON object");
  for (const auto& [name, value] : object.items()) {
    if (name == "eventsPath") {
      options.eventsPath = parsePath(name, value);
    } else if (name == "rpcPath") {
      options.rpcPath = parsePath(name, value);
    } else if (name == "heartbeatInterval") {
      options.heartbeatInterval = parseInterval(name, value);
    } else {
      throw sdk::Error("options." + name + " is not known to the sse channel");
    }
  }
  if (options.eventsPath == options.rpcPath) throw sdk::Error("options.eventsPath and options.rpcPath must differ");
  return options;
}

std::string_view optionsSchema() {
  return R"({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "options of an sse account",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "eventsPath": {"type": "string", "pattern": "^/[A-Za-z0-9_./-]{0,127}$", "default": "/events", "reloadable": false,
      "description": "The event stream. Cookies are minted for /events alone, so another path works with Bearer only."},
    "rpcPath": {"type": "string", "pattern": "^/[A-Za-z0-9_./-]{0,127}$", "default": "/rpc", "reloadable": false},
    "heartbeatInterval": {"type": "string", "pattern": "^[0-9]+(ms|s|m)$", "default": "15s", "reloadable": false,
      "description": "A comment that often, so that proxies and clients see that the stream is alive."}
  }
})";
}

}  // namespace gw::sse
