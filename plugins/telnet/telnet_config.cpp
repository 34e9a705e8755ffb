#include "telnet_config.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "gw/slice.hpp"

namespace gw::telnet {
namespace {

constexpr size_t kMaxBanner = 4096;

[[noreturn]] void refuse(const std::string& key, const std::string& expected) {
  throw sdk::Error("options." + key + ": expected " + expected);
}

std::string text(const nlohmann::json& value, const std::string& key) {
  if (!value.is_string()) refuse(key, "a string");
  return value.get<std::string>();
}

bool flag(const nlohmann::json& value, const std::string& key) {
  if (!value.is_boolean()) refuse(key, "true or false");
  return value.get<bool>();
}

std::optional<ColorLevel> parseAnsi(const std::string& value) {
  if (value == "auto") return std::nullopt;
  if (value == "none") return ColorLevel::kNone;
  if (value == "16") return ColorLevel::k16;
  if (value == "256") return ColorLevel::k256;
  if (value == "truecolor") return ColorLevel::kTrueColor;
  refuse("ansi", "\"auto\", \"none\", \"16\", \"256\" or \"truecolor\"");
}

std::optional<Charset> parseCharset(const std::string& value) {
  if (value == "auto") return std::nullopt;
  if (value == "utf-8") return Charset::kUtf8;
  if (value == "latin-1") return Charset::kLatin1;
  if (value == "ascii") return Charset::kAscii;
  refuse("charset", "\"auto\", \"utf-8\", \"latin-1\" or \"ascii\"");
}

}  // namespace

TelnetConfig TelnetConfig::parse(std::string_view optionsJson) {
  TelnetConfig config;
  const auto options = nlohmann::json::parse(optionsJson, nullptr, false);
  if (!options.is_object()) throw sdk::Error("options: expected a JSON object");
  for (const auto& [key, value] : options.items()) {
    if (key == "naws") {
      config.naws = flag(value, key);
    } else if (key == "gmcp") {
      config.gmcp = flag(value, key);
    } else if (key == "ansi") {
      config.ansi = parseAnsi(text(value, key));
    } else if (key == "charset") {
      config.charset = parseCharset(text(value, key));
    } else if (key == "banner") {
      config.banner = text(value, key);
      if (config.banner.size() > kMaxBanner) refuse(key, "at most 4096 bytes");
    } else {
      throw sdk::Error("options." + key + ": not an option of telnet (naws, gmcp, ansi, charset, banner)");
    }
  }
  return config;
}

std::string_view TelnetConfig::schema() {
  return R"({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "Options of a telnet account",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "naws": {"type": "boolean", "default": true, "reloadable": true,
      "description": "Ask the client for its window size."},
    "gmcp": {"type": "boolean", "default": true, "reloadable": true,
      "description": "Offer GMCP; clients may sign in by it (Char.Login)."},
    "ansi": {"enum": ["auto", "none", "16", "256", "truecolor"], "default": "auto", "reloadable": true,
      "description": "Colours sent to every client; auto: as many as the client says it shows."},
    "charset": {"enum": ["auto", "utf-8", "latin-1", "ascii"], "default": "auto", "reloadable": true,
      "description": "Character set of every client; auto: negotiated, UTF-8 unless the client says otherwise."},
    "banner": {"type": "string", "maxLength": 4096, "default": "", "reloadable": true,
      "description": "Plain text shown before login; screen readers do not get it."}
  }
})";
}

}  // namespace gw::telnet
