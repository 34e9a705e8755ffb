#include "gopher_options.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "gw/slice.hpp"

namespace gopher {
namespace {

using nlohmann::json;

constexpr size_t kMaxTitle = 70;
constexpr size_t kMaxAbout = 8192;

[[noreturn]] void refuse(std::string_view name, std::string_view expected) {
  throw gw::sdk::Error("options." + std::string(name) + " must be " + std::string(expected));
}

std::string parseText(std::string_view name, const json& value, size_t most) {
  if (!value.is_string() || value.get_ref<const std::string&>().size() > most) {
    refuse(name, "text of at most " + std::to_string(most) + " bytes");
  }
  return value.get<std::string>();
}

std::string parseHostname(const json& value) {
  std::string name = parseText("hostname", value, 253);
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.:";
  if (name.empty() || name.find_first_not_of(kAllowed) != std::string::npos) {
    refuse("hostname", "a name or an address, such as \"gopher.example.org\"");
  }
  return name;
}

uint16_t parsePort(const json& value) {
  if (!value.is_number_unsigned() || value.get<uint64_t>() < 1 || value.get<uint64_t>() > 65535) {
    refuse("port", "a number from 1 to 65535");
  }
  return value.get<uint16_t>();
}

}  // namespace

Place Options::placeFor(std::string_view local) const {
  const size_t colon = std::min(local.rfind(':'), local.size());
  std::string_view address = local.substr(0, colon);
  const std::string_view digits = local.substr(std::min(colon + 1, local.size()));
  if (address.starts_with('[') && address.ends_with(']')) address = address.substr(1, address.size() - 2);
  Place place{hostname.empty() ? std::string(address) : hostname, port};
  if (place.port == 0) std::from_chars(digits.data(), digits.data() + digits.size(), place.port);
  return place;
}

Options parseOptions(std::string_view text) {
  Options options;
  if (text.empty()) return options;
  const json object = json::parse(text, nullptr, false);
  if (!object.is_object()) throw gw::sdk::Error("options must be a JSON object");
  for (const auto& [name, value] : object.items()) {
    if (name == "hostname") {
      options.hostname = parseHostname(value);
    } else if (name == "port") {
      options.port = parsePort(value);
    } else if (name == "title") {
      options.title = parseText(name, value, kMaxTitle);
    } else if (name == "about") {
      options.about = parseText(name, value, kMaxAbout);
    } else {
      throw gw::sdk::Error("options." + name + " is not known to the gopher channel");
    }
  }
  return options;
}

std::string_view optionsSchema() {
  return R"({
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "title": "options of a gopher account",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "hostname": {"type": "string", "maxLength": 253, "pattern": "^[A-Za-z0-9.:-]+$", "reloadable": false,
      "description": "What menus name as their host; by default the address that the client came to."},
    "port": {"type": "integer", "minimum": 1, "maximum": 65535, "reloadable": false,
      "description": "What menus name as their port; by default the one that the client came to."},
    "title": {"type": "string", "maxLength": 70, "reloadable": false, "description": "The first line of the menu."},
    "about": {"type": "string", "maxLength": 8192, "reloadable": false, "description": "The text of /about."}
  }
})";
}

}  // namespace gopher
