// Reading clients' JSON without trusting it.

#include <nlohmann/json.hpp>

#include "session/client_api.h"

namespace gw::session {
namespace {

constexpr int kMaxDepth = 64;

// nlohmann parses any depth, but copies and dumps recursively: depth is refused before it sees it.
bool isTooDeep(std::string_view json) {
  int depth = 0;
  bool inString = false;
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (inString) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        inString = false;
    } else if (c == '"') {
      inString = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxDepth) return true;
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return false;
}

}  // namespace

bool parseClientJson(std::string_view utf8, nlohmann::json& out, std::string& reason) {
  if (isTooDeep(utf8)) {
    reason = "the JSON is nested deeper than 64 levels";
    return false;
  }
  out = nlohmann::json::parse(utf8.begin(), utf8.end(), nullptr, false);
  if (out.is_discarded()) {
    reason = "this is not valid JSON";
    return false;
  }
  return true;
}

std::string stringMember(const nlohmann::json& object, const char* name, size_t most) {
  if (!object.is_object()) return {};
  const auto it = object.find(name);
  if (it == object.end() || !it->is_string()) return {};
  const auto& text = it->get_ref<const std::string&>();
  return text.size() <= most ? text : std::string();
}

}  // namespace gw::session
