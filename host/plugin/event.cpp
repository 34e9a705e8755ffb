#include "plugin/event.h"

#include <cstdio>

namespace gw::plugin {
namespace {

// Text is valid UTF-8 without control bytes but \n and \t (sanitised at the edge), so only these
// need an escape; anything else is copied in runs.
void appendJsonString(std::string& out, std::string_view text) {
  out += '"';
  size_t run = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte >= 0x20 && byte != '"' && byte != '\\') continue;
    out.append(text, run, i - run);
    run = i + 1;
    switch (byte) {
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
      default: {
        char escaped[8];
        std::snprintf(escaped, sizeof escaped, "\\u%04x", byte);
        out += escaped;
      }
    }
  }
  out.append(text, run, text.size() - run);
  out += '"';
}

void appendMember(std::string& out, const char* name, uint32_t value) {
  out += ",\"";
  out += name;
  out += "\":";
  out += std::to_string(value);
}

void appendSpans(std::string& out, const Event& event) {
  out += ",\"spans\":[";
  bool first = true;
  for (const Span& span : event.spans) {
    if (!first) out += ',';
    first = false;
    out += "{\"start\":" + std::to_string(span.start);
    appendMember(out, "len", span.len);
    if (span.fg != 0) appendMember(out, "fg", span.fg);
    if (span.bg != 0) appendMember(out, "bg", span.bg);
    if (span.attrs != 0) appendMember(out, "attrs", span.attrs);
    if (const std::string_view link = event.linkOf(span); !link.empty()) {
      out += ",\"link\":";
      appendJsonString(out, link);
    }
    out += '}';
  }
  out += ']';
}

}  // namespace

std::string payloadJson(const Event& event) {
  if (event.kind == EventKind::kData) return event.dataJson.empty() ? "{}" : event.dataJson;
  std::string out;
  out.reserve(48 + event.text.size() + event.dataJson.size() + event.spans.size() * 40);
  out += event.kind == EventKind::kPrompt ? "{\"kind\":\"prompt\",\"text\":" : "{\"kind\":\"text\",\"text\":";
  appendJsonString(out, event.text);
  if (!event.spans.empty()) appendSpans(out, event);
  if (event.kind == EventKind::kPrompt) out += (event.flags & GW_EVENT_ECHO_OFF) ? ",\"echo\":false" : ",\"echo\":true";
  if (!event.dataJson.empty()) {
    out += ',';
    out += event.dataJson;
  }
  out += '}';
  return out;
}

}  // namespace gw::plugin
