#include "renderer.h"

#include <algorithm>
#include <utility>

#include "color.h"
#include "transliterate.h"
#include "utf8.h"

namespace gw::telnet {
namespace {

constexpr std::pair<uint32_t, std::string_view> kAttributes[] = {{GW_SPAN_BOLD, ";1"},
                                                                 {GW_SPAN_ITALIC, ";3"},
                                                                 {GW_SPAN_UNDERLINE, ";4"},
                                                                 {GW_SPAN_INVERSE, ";7"},
                                                                 {GW_SPAN_STRIKE, ";9"}};

/// SGR for a span, empty if the class shows none of it.
std::string escapeOf(const gw_span& span, ColorLevel level) {
  if (level == ColorLevel::kNone) return {};
  std::string parameters;
  for (const auto& [flag, parameter] : kAttributes) {
    if ((span.attrs & flag) != 0) parameters += parameter;
  }
  appendColor(span.fg, false, level, parameters);
  appendColor(span.bg, true, level, parameters);
  if (parameters.empty()) return {};
  parameters.front() = '[';  // was ';'
  return '\x1b' + parameters + 'm';
}

void appendCodePoint(char32_t point, std::string_view bytes, Charset charset, std::string& out) {
  if (charset == Charset::kUtf8) {
    out += bytes;
  } else if (charset == Charset::kLatin1 && point >= 0xa0 && point <= 0xff) {
    out.push_back(static_cast<char>(point));
    if (point == 0xff) out.push_back(static_cast<char>(point));  // IAC IAC
  } else {
    out += transliterate(point);
  }
}

}  // namespace

uint64_t RenderClass::key() const {
  // Never 0, so that a class is told from none.
  return 1u | static_cast<uint64_t>(color) << 8 | static_cast<uint64_t>(charset) << 16 |
         static_cast<uint64_t>(isScreenReader) << 24;
}

std::string RenderClass::describe() const {
  std::string out = "t";
  out += static_cast<char>('0' + static_cast<int>(color));
  out += static_cast<char>('0' + static_cast<int>(charset));
  return out += isScreenReader ? 'r' : '-';
}

RenderClass RenderClass::parse(std::string_view text) {
  RenderClass cls;
  if (text.size() != 4 || text[0] != 't') return cls;
  if (text[1] >= '0' && text[1] <= '3') cls.color = static_cast<ColorLevel>(text[1] - '0');
  if (text[2] >= '0' && text[2] <= '2') cls.charset = static_cast<Charset>(text[2] - '0');
  cls.isScreenReader = text[3] == 'r';
  return cls;
}

void appendText(std::string_view text, Charset charset, std::string& out) {
  while (!text.empty()) {
    const auto isSimple = [](char c) { return (c >= ' ' && static_cast<uint8_t>(c) < 0x7f) || c == '\t'; };
    const auto plain = static_cast<size_t>(std::find_if_not(text.begin(), text.end(), isSimple) - text.begin());
    out += text.substr(0, plain);
    text.remove_prefix(plain);
    if (text.empty()) return;
    if (text.front() == '\n') {
      out += "\r\n";
      text.remove_prefix(1);
      continue;
    }
    char32_t point = 0;
    const size_t length = decode(text, point);
    if (length == 0) {  // not UTF-8: the host never sends that, but no byte may become IAC
      out += '?';
      text.remove_prefix(1);
      continue;
    }
    if (point >= ' ' && (point < 0x7f || point > 0x9f)) appendCodePoint(point, text.substr(0, length), charset, out);
    text.remove_prefix(length);
  }
}

bool isForTerminals(const sdk::EventView& event, const RenderClass& cls) {
  return !event.terminal().empty() && (event.text().empty() || !cls.isScreenReader);
}

std::string doubled(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size());
  for (const char c : bytes) {
    out += c;
    if (c == '\xff') out += c;
  }
  return out;
}

std::string render(std::string_view text, std::span<const gw_span> spans, const RenderClass& cls) {
  std::string out;
  out.reserve(text.size() + spans.size() * 16 + 8);
  size_t at = 0;
  for (const gw_span& span : spans) {
    const size_t start = std::max<size_t>(span.start, at);
    const size_t end = std::min<size_t>(static_cast<size_t>(span.start) + span.len, text.size());
    if (start >= end) continue;
    appendText(text.substr(at, start - at), cls.charset, out);
    const std::string escape = escapeOf(span, cls.color);
    out += escape;
    appendText(text.substr(start, end - start), cls.charset, out);
    if (!escape.empty()) out += "\x1b[0m";
    at = end;
  }
  appendText(text.substr(at), cls.charset, out);
  return out;
}

}  // namespace gw::telnet
