#include "json_text.h"

#include <nlohmann/json.hpp>
#include <stdexcept>

namespace gw::backend {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

bool isPlain(unsigned char c) { return c >= 0x20 && c < 0x80 && c != '"' && c != '\\'; }

// The length of the well-formed sequence at text[at], 0 if there is none (Unicode, table 3-7).
size_t sequenceAt(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) -> unsigned {
    return at + i < text.size() ? static_cast<unsigned char>(text[at + i]) : 0;
  };
  const auto isTail = [&](size_t i) { return (byte(i) & 0xC0U) == 0x80U; };
  const unsigned first = byte(0);
  const unsigned second = byte(1);
  if (first >= 0xC2 && first <= 0xDF) return isTail(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool isOverlong = first == 0xE0 && second < 0xA0;
    const bool isSurrogate = first == 0xED && second > 0x9F;
    return isTail(1) && isTail(2) && !isOverlong && !isSurrogate ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool isOverlong = first == 0xF0 && second < 0x90;
    const bool isTooLarge = first == 0xF4 && second > 0x8F;
    return isTail(1) && isTail(2) && isTail(3) && !isOverlong && !isTooLarge ? 4 : 0;
  }
  return 0;
}

void appendEscaped(std::string& out, unsigned char c) {
  constexpr char kHex[] = "0123456789abcdef";
  switch (c) {
    case '"':
      out += "\\\"";
      break;
    case '\\':
      out += "\\\\";
      break;
    case '\n':
      out += "\\n";
      break;
    case '\t':
      out += "\\t";
      break;
    default:
      out += "\\u00";
      out += kHex[c >> 4U];
      out += kHex[c & 15U];
  }
}

}  // namespace

void appendJsonString(std::string& out, std::string_view text) {
  out += '"';
  for (size_t at = 0; at < text.size();) {
    size_t run = at;
    while (run < text.size() && isPlain(static_cast<unsigned char>(text[run]))) ++run;
    out.append(text, at, run - at);
    at = run;
    if (at == text.size()) break;
    const auto c = static_cast<unsigned char>(text[at]);
    if (c < 0x80) {
      appendEscaped(out, c);
      ++at;
    } else if (const size_t length = sequenceAt(text, at)) {
      out.append(text, at, length);
      at += length;
    } else {
      out += kReplacement;
      ++at;
    }
  }
  out += '"';
}

void appendRawMember(std::string& out, std::string_view name, std::string_view json) {
  if (out.empty() || out.back() != '{') out += ',';
  out += '"';
  out += name;
  out += "\":";
  out += json;
}

void appendMember(std::string& out, std::string_view name, std::string_view value) {
  appendRawMember(out, name, {});
  appendJsonString(out, value);
}

std::string checkedJson(std::string_view json) {
  constexpr int kLevels = 60;  // 64 on the wire, with the frame's own around it
  if (isDeeperThan(json, kLevels)) throw std::invalid_argument("JSON deeper than 60 levels");
  const auto parsed = nlohmann::json::parse(json.begin(), json.end(), nullptr, false);
  if (parsed.is_discarded()) throw std::invalid_argument("not JSON: " + std::string(json.substr(0, 80)));
  return parsed.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

bool isDeeperThan(std::string_view json, int levels) {
  int depth = 0;
  bool isInString = false;
  for (size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (isInString) {
      if (c == '\\') {
        ++i;
      } else if (c == '"') {
        isInString = false;
      }
    } else if (c == '"') {
      isInString = true;
    } else if (c == '[' || c == '{') {
      if (++depth > levels) return true;
    } else if (c == ']' || c == '}') {
      --depth;
    }
  }
  return false;
}

}  // namespace gw::backend
