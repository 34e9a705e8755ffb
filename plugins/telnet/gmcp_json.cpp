#include "gmcp_json.h"

#include <strings.h>

#include <nlohmann/json.hpp>

namespace gw::telnet {
namespace {

using Json = nlohmann::json;

// nlohmann parses any depth, but copies and destroys what it made level by level.
bool isTooDeep(std::string_view json) {
  int depth = 0;
  bool isInString = false;
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (isInString) {
      if (c == '\\') ++i;
      isInString = c != '"';
    } else if (c == '"') {
      isInString = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxGmcpDepth) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

/// From the leaves up, so that nothing that is destroyed has children.
void dismantle(Json& value) noexcept {
  if (!value.is_structured()) return;
  for (Json& child : value) dismantle(child);
  value.clear();
}

}  // namespace

Dismantled::~Dismantled() { dismantle(document_); }

Json parseGmcpJson(std::string_view json) {
  if (isTooDeep(json)) return Json(Json::value_t::discarded);
  return Json::parse(json.begin(), json.end(), nullptr, false);
}

std::string gmcpText(const Json& object, const char* name) {
  const auto it = object.find(name);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

std::optional<bool> gmcpBool(const Json& object, const char* name) {
  const auto it = object.find(name);
  if (it == object.end()) return std::nullopt;
  if (it->is_boolean()) return it->get<bool>();
  if (it->is_number_integer() && (*it == 0 || *it == 1)) return *it == 1;
  if (!it->is_string()) return std::nullopt;
  const auto& text = it->get_ref<const std::string&>();
  if (strcasecmp(text.c_str(), "true") == 0) return true;
  if (strcasecmp(text.c_str(), "false") == 0) return false;
  return std::nullopt;
}

}  // namespace gw::telnet
