#include "gw/backend/output.hpp"

#include <charconv>

#include "json_text.h"

namespace gw::backend {
namespace {

std::string ofType(std::string_view type) {
  std::string json = "{";
  appendMember(json, "type", type);
  return json;
}

void appendColour(std::string& json, std::string_view name, const std::string& colour) {
  if (colour.empty()) return;
  int palette = 0;
  const auto [end, error] = std::from_chars(colour.data(), colour.data() + colour.size(), palette);
  const bool isNumber = error == std::errc() && end == colour.data() + colour.size();
  if (isNumber) {
    appendRawMember(json, name, std::to_string(palette));
  } else {
    appendMember(json, name, colour);
  }
}

std::string spanJson(const Span& span) {
  std::string json = "{";
  appendRawMember(json, "start", std::to_string(span.start));
  appendRawMember(json, "len", std::to_string(span.len));
  appendColour(json, "fg", span.fg);
  appendColour(json, "bg", span.bg);
  if (span.bold) appendRawMember(json, "bold", "true");
  if (span.italic) appendRawMember(json, "italic", "true");
  if (span.underline) appendRawMember(json, "underline", "true");
  if (span.inverse) appendRawMember(json, "inverse", "true");
  if (span.strike) appendRawMember(json, "strike", "true");
  return json + "}";
}

void appendList(std::string& json, std::string_view name, const std::vector<std::string>& list) {
  appendRawMember(json, name, "[");
  for (size_t i = 0; i < list.size(); ++i) {
    if (i > 0) json += ',';
    appendJsonString(json, list[i]);
  }
  json += ']';
}

std::string base64(std::string_view bytes) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (size_t at = 0; at < bytes.size(); at += 3) {
    uint32_t group = 0;
    for (size_t i = 0; i < 3; ++i)
      group = group << 8 | (at + i < bytes.size() ? static_cast<uint8_t>(bytes[at + i]) : 0u);
    for (size_t i = 0; i < 4; ++i) out += at + i <= bytes.size() ? kDigits[group >> (18 - 6 * i) & 63] : '=';
  }
  return out;
}

}  // namespace

Output Output::text(std::string_view text) {
  std::string json;
  json.reserve(text.size() + 32);
  json += R"({"type":"text","text":)";
  appendJsonString(json, text);
  json += '}';
  return Output(std::move(json));
}

Output Output::formatted(std::string_view text, const std::vector<Span>& spans) {
  std::string json = ofType("formattedText");
  appendMember(json, "text", text);
  appendRawMember(json, "spans", "[");
  for (size_t i = 0; i < spans.size(); ++i) {
    if (i > 0) json += ',';
    json += spanJson(spans[i]);
  }
  return Output(json + "]}");
}

Output Output::structured(std::string_view outputType, std::string_view data, std::string_view text) {
  std::string json = ofType("structured");
  appendMember(json, "outputType", outputType);
  appendRawMember(json, "data", checkedJson(data));
  if (!text.empty()) appendMember(json, "text", text);
  return Output(json + "}");
}

Output Output::room(const RoomDescription& room) {
  std::string json = ofType("roomDescription");
  appendMember(json, "name", room.name);
  appendMember(json, "description", room.description);
  appendList(json, "exits", room.exits);
  appendList(json, "entities", room.entities);
  appendList(json, "items", room.items);
  return Output(json + "}");
}

Output Output::combat(const Combat& blow) {
  std::string json = ofType("combat");
  appendMember(json, "attacker", blow.attacker);
  appendMember(json, "defender", blow.defender);
  appendMember(json, "action", blow.action);
  if (blow.damage) appendRawMember(json, "damage", std::to_string(*blow.damage));
  if (blow.isCritical) appendRawMember(json, "critical", "true");
  return Output(json + "}");
}

Output Output::system(std::string_view text, std::string_view level) {
  std::string json = ofType("system");
  appendMember(json, "text", text);
  if (!level.empty()) appendMember(json, "level", level);
  return Output(json + "}");
}

Output Output::terminal(std::string_view bytes, std::string_view text) {
  std::string json = ofType("terminal");
  appendMember(json, "data", base64(bytes));
  if (!text.empty()) appendMember(json, "text", text);
  return Output(json + "}");
}

}  // namespace gw::backend
