#include "websocket_options.h"

#include <charconv>
#include <cstdint>
#include <nlohmann/json.hpp>

#include "gw/slice.hpp"

namespace gw::websocket {
namespace {

using nlohmann::json;
using std::chrono::milliseconds;

[[noreturn]] void refuse(std::string_view name, std::string_view expected) {
  throw sdk::Error("options." + std::string(name) + " must be " + std::string(expected));
}

bool parseFlag(std::string_view name, const json& value) {
  if (!value.is_boolean()) refuse(name, "true or false");
  return value.get<bool>();
}

milliseconds parseDuration(std::string_view name, const json& value, milliseconds least, milliseconds most) {
  const std::string expected = "a duration between " + std::to_string(least.count()) + "ms and " +
                               std::to_string(most.count() / 1000) + "s, such as \"30s\"";
  if (!value.is_string()) refuse(name, expected);
  const auto& text = value.get_ref<const std::string&>();
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, static_cast<size_t>(text.data() + text.size() - end));
  const int64_t factor = unit == "ms" ? 1 : unit == "s" ? 1000 : unit == "m" ? 60'000 : 0;
  // Above a day nothing is valid, and the product cannot overflow below it.
  if (error != std::errc{} || factor == 0 || number < 0 || number > 86'400'000) refuse(name, expected);
  const milliseconds duration{number * factor};
  if (duration < least || duration > most) refuse(name, expected);
  return duration;
}

std::string parsePath(std::string_view name, const json& value) {
  constexpr std::string_view kExpected = "a path such as \"/ws\": letters, digits, - _ . and /";
  if (!value.is_string()) refuse(name, kExpected);
  auto path = value.get<std::string>();
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./";
  if (!path.starts_with('/') || path.size() > 128 || path.find_first_not_of(kAllowed) != std::string::npos) {
    refuse(name, kExpected);
  }
  return path;
}

ColorLevel parseColors(std::string_view name, const json& value) {
  const std::string text = value.is_string() ? value.get<std::string>() : "";
  if (text == "none") return ColorLevel::kNone;
  if (text == "16") return ColorLevel::k16;
  if (text == "256") return ColorLevel::k256;
  if (text == "truecolor") return ColorLevel::kTrueColor;
  refuse(name, "one of \"none\", \"16\", \"256\", \"truecolor\"");
}

}  // namespace

WebSocketOptions parseOptions(std::string_view text) {
  WebSocketOptions options;
  if (text.empty()) return options;
  const json object = json::parse(text, nullptr, false);
  if (!object.is_object()) throw sdk::Error("options must be a JSON object");
  using namespace std::chrono_literals;
  for (const auto& [name, value] : object.items()) {
    if (name == "path") {
      options.path = parsePath(name, value);
    } else if (name == "lenientSubprotocol") {
      options.isSubprotocolLenient = parseFlag(name, value);
    } else if (name == "heartbeatInterval") {
      options.heartbeatInterval = parseDuration(name, value, 100ms, 1h);
    } else if (name == "connectionTimeout") {
      options.connectionTimeout = parseDuration(name, value, 200ms, 2h);
    } else if (name == "ansi") {
      options.colors = parseColors(name, value);
    } else if (name == "messageIsLine") {
      options.isMessageLine = parseFlag(name, value);
    } else {
      throw sdk::Error("options." + name + " is not known to the websocket channel");
    }
  }
  if (options.connectionTimeout <= options.heartbeatInterval) {
    throw sdk::Error("options.connectionTimeout must be longer than options.heartbeatInterval");
  }
  return options;
}

std::string_view optionsSchema() {
  return R"({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "options of a websocket account",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "path": {"type": "string", "pattern": "^/[A-Za-z0-9_./-]{0,127}$", "default": "/ws", "reloadable": false},
    "lenientSubprotocol": {"type": "boolean", "default": false, "reloadable": false,
      "description": "Take clients that offer only unknown subprotocols as gateway.v1 instead of refusing them."},
    "heartbeatInterval": {"type": "string", "pattern": "^[0-9]+(ms|s|m)$", "default": "30s", "reloadable": false},
    "connectionTimeout": {"type": "string", "pattern": "^[0-9]+(ms|s|m)$", "default": "60s", "reloadable": false,
      "description": "A peer that sent nothing for so long is gone. Longer than heartbeatInterval."},
    "ansi": {"enum": ["none", "16", "256", "truecolor"], "default": "truecolor", "reloadable": false,
      "description": "Colours of terminal.mudstandards.org."},
    "messageIsLine": {"type": "boolean", "default": false, "reloadable": false,
      "description": "terminal.mudstandards.org: the end of a message ends a line too."}
  }
})";
}

}  // namespace gw::websocket
