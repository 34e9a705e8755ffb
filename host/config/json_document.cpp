#include "config/json_document.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "config/gateway_config.h"

namespace gw::config {
namespace {

std::string position(const std::string& text, size_t byte) {
  const auto end = text.begin() + static_cast<std::ptrdiff_t>(std::min(byte, text.size()));
  const auto line = 1 + std::count(text.begin(), end, '\n');
  const size_t start = text.rfind('\n', byte == 0 ? 0 : byte - 1);
  const size_t column = start == std::string::npos || start >= byte ? byte : byte - start - 1;
  return std::to_string(line) + ":" + std::to_string(std::max<size_t>(column, 1));
}

/// A linear scan before the parser: nlohmann copies and dumps recursively, so depth must be bounded first.
void refuseDepth(const std::string& text, const std::string& source) {
  int depth = 0;
  bool inString = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (inString) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        inString = false;
      }
    } else if (c == '"') {
      inString = true;
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxDocumentDepth) {
        throw ConfigError(source + ":" + position(text, i + 1) + ": nested deeper than " +
                          std::to_string(kMaxDocumentDepth) + " levels");
      }
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
}

/// nlohmann keeps the last of two equal keys without a word; a configuration must not.
class DuplicateKeys {
 public:
  explicit DuplicateKeys(const std::string& source) : source_(source) {}
  bool operator()(int, Json::parse_event_t event, const Json& parsed) {
    if (event == Json::parse_event_t::object_start) keys_.emplace_back();
    if (event == Json::parse_event_t::object_end) keys_.pop_back();
    if (event == Json::parse_event_t::key) {
      const auto& key = parsed.get_ref<const std::string&>();
      if (!keys_.back().insert(key).second) {
        throw ConfigError(source_ + ": the key \"" + key + "\" appears twice in one object");
      }
    }
    return true;
  }

 private:
  const std::string& source_;
  std::vector<std::set<std::string>> keys_;
};

}  // namespace

Json parseDocument(const std::string& text, const std::string& source) {
  if (text.size() > kMaxDocumentBytes) throw ConfigError(source + ": larger than 1 MiB");
  refuseDepth(text, source);
  try {
    DuplicateKeys duplicates(source);
    return Json::parse(
        text, [&](int depth, Json::parse_event_t event, Json& parsed) { return duplicates(depth, event, parsed); });
  } catch (const Json::parse_error& e) {
    throw ConfigError(source + ":" + position(text, e.byte) +
                      ": not strict JSON (no comments, no trailing commas, keys in double quotes)");
  } catch (const Json::exception&) {  // a number beyond a double
    throw ConfigError(source + ": a number is out of range");
  }
}

std::string excerpt(const Json& value) {
  constexpr size_t kMost = 64;
  std::string text = value.dump(-1, ' ', true, Json::error_handler_t::replace);
  if (text.size() > kMost) text = text.substr(0, kMost - 3) + "...";
  return text;
}

}  // namespace gw::config
