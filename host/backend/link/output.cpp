#include "backend/link/output.h"

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "backend/link/frames.h"
#include "base/crypto.h"
#include "session/caller.h"
#include "session/text/sanitize.h"

namespace gw::link {
namespace {

constexpr size_t kMaxText = 60 * 1024;
constexpr size_t kMaxName = 256;
constexpr size_t kMaxThings = 200;
constexpr size_t kMaxKey = 64;

/// Text and its markup, put together from a backend's pieces.
class Styled {
 public:
  Styled& plain(std::string_view text) { return add(text, 0); }
  Styled& bold(std::string_view text) { return add(text, GW_SPAN_BOLD); }
  /// May carry SGR.
  Styled& rich(const std::string& text) {
    session::Styled part = session::renderSgr(text);
    for (plugin::Span span : part.spans) {
      span.start += static_cast<uint32_t>(text_.size());
      spans_.push_back(span);
    }
    text_ += part.text;
    return *this;
  }
  plugin::Event take() {
    plugin::Event event;
    event.text = std::move(text_);
    event.spans = std::move(spans_);
    return event;
  }

 private:
  Styled& add(std::string_view text, uint32_t attrs) {
    const std::string clean = session::sanitizeInput(text);
    if (attrs != 0 && !clean.empty()) {
      plugin::Span span;
      span.start = static_cast<uint32_t>(text_.size());
      span.len = static_cast<uint32_t>(clean.size());
      span.attrs = attrs;
      spans_.push_back(span);
    }
    text_ += clean;
    return *this;
  }
  std::string text_;
  std::vector<plugin::Span> spans_;
};

Result<std::string> requiredText(const Json& object, const char* name, size_t most) {
  if (!object.contains(name)) return invalid(std::string("expected \"") + name + "\", a string");
  return optionalText(object, name, most);
}

/// For clients that read JSON: everything that the backend said, under its type.
std::string dataMembers(const std::string& type, Json data) {
  data.erase("type");
  return "\"outputType\":" + session::jsonString(type) + ",\"data\":" + dump(data);
}

Result<uint32_t> readColor(const Json& span, const char* name) {
  const auto it = span.find(name);
  if (it == span.end() || it->is_null()) return uint32_t{GW_COLOR_DEFAULT};
  if (const auto entry = countOf(span, name); entry && *entry && **entry < 256)
    return GW_COLOR_PALETTE(static_cast<uint32_t>(**entry));
  if (it->is_string()) {
    const auto& text = it->get_ref<const std::string&>();
    if (text.size() == 7 && text[0] == '#' && text.find_first_not_of("0123456789abcdefABCDEF", 1) == std::string::npos)
      return GW_COLOR_RGB(static_cast<uint32_t>(std::stoul(text.substr(1), nullptr, 16)));
  }
  return invalid(std::string("expected \"") + name + "\" of a span, 0 to 255 or \"#rrggbb\"");
}

bool isBoundary(const std::string& text, uint64_t at) {
  return at == text.size() || (at < text.size() && (static_cast<uint8_t>(text[at]) & 0xc0) != 0x80);
}

Result<plugin::Span> readSpan(const Json& json, const std::string& text, uint64_t after) {
  static constexpr std::array<std::pair<const char*, uint32_t>, 5> kAttributes{{{"bold", GW_SPAN_BOLD},
                                                                                {"italic", GW_SPAN_ITALIC},
                                                                                {"underline", GW_SPAN_UNDERLINE},
                                                                                {"inverse", GW_SPAN_INVERSE},
                                                                                {"strike", GW_SPAN_STRIKE}}};
  const Error wrong = invalid("expected spans{start,len} in order, inside of the text, at the edges of characters");
  if (!json.is_object()) return wrong;
  const auto start = countOf(json, "start"), len = countOf(json, "len");
  if (!start || !len || !*start || !*len) return wrong;
  const uint64_t end = **start + **len;
  if (**start < after || **len == 0 || end > text.size() || !isBoundary(text, **start) || !isBoundary(text, end))
    return wrong;
  const auto fg = readColor(json, "fg"), bg = readColor(json, "bg");
  if (!fg) return fg.error();
  if (!bg) return bg.error();
  plugin::Span span;
  span.start = static_cast<uint32_t>(**start);
  span.len = static_cast<uint32_t>(**len);
  span.fg = *fg;
  span.bg = *bg;
  for (const auto& [name, bit] : kAttributes)
    if (flagOf(json, name, false)) span.attrs |= bit;
  return span;
}

Result<plugin::Event> readText(const Json& output) {
  auto text = requiredText(output, "text", kMaxText);
  if (!text) return text.error();
  return Styled().rich(*text).take();
}

Result<plugin::Event> readFormatted(const Json& output) {
  const auto spans = output.find("spans");
  if (spans == output.end()) return readText(output);
  auto text = requiredText(output, "text", kMaxText);
  if (!text) return text.error();
  // What is dropped would move the spans.
  if (session::sanitizeInput(*text) != *text) return invalid("text with spans may not hold control characters");
  if (!spans->is_array() || spans->size() > session::kMaxSpans)
    return invalid("expected \"spans\", an array of at most " + std::to_string(session::kMaxSpans));
  plugin::Event event;
  uint64_t after = 0;
  for (const Json& json : *spans) {
    auto span = readSpan(json, *text, after);
    if (!span) return span.error();
    after = span->start + span->len;
    event.spans.push_back(*span);
  }
  event.text = std::move(*text);
  return event;
}

Result<plugin::Event> readStructured(const Json& output) {
  const std::string type = textOf(output, "outputType", kMaxName);
  if (!session::isEventName(type)) return invalid("expected \"outputType\", a name such as \"map.update\"");
  if (!output.contains("data")) return invalid("expected \"data\"");
  const std::string members = "\"outputType\":\"" + type + "\",\"data\":" + dump(output.at("data"));
  plugin::Event event;
  if (output.contains("text")) {
    auto text = readText(output);
    if (!text) return text.error();
    event = std::move(*text);
    event.dataJson = members;
  } else {
    event.kind = plugin::EventKind::kData;
    event.dataJson = "{\"kind\":\"structured\"," + members + "}";
  }
  return event;
}

/// "a lamp, an old key": names of what may be strings or objects.
std::string namesOf(const Json& output, const char* name) {
  const auto list = output.find(name);
  if (list == output.end() || !list->is_array()) return {};
  std::string out;
  size_t count = 0;
  for (const Json& thing : *list) {
    const std::string text = thing.is_string() ? thing.get<std::string>() : textOf(thing, "name", kMaxName);
    if (text.empty()) continue;
    if (++count > kMaxThings) return out + ", ...";
    out += (out.empty() ? "" : ", ") + text;
  }
  return out;
}

Result<plugin::Event> readRoom(const Json& output) {
  const auto name = requiredText(output, "name", kMaxName);
  if (!name) return name.error();
  const auto description = optionalText(output, "description", kMaxText);
  if (!description) return description.error();
  Styled styled;
  styled.bold(*name);
  if (!description->empty()) styled.plain("\n").rich(*description);
  const std::string exits = namesOf(output, "exits");
  styled.plain("\nExits: " + (exits.empty() ? "none" : exits));
  if (const std::string entities = namesOf(output, "entities"); !entities.empty()) styled.plain("\nHere: " + entities);
  if (const std::string items = namesOf(output, "items"); !items.empty()) styled.plain("\nYou see: " + items);
  plugin::Event event = styled.take();
  event.dataJson = dataMembers("roomDescription", output);
  return event;
}

Result<plugin::Event> readCombat(const Json& output) {
  Styled styled;
  std::string_view between;
  for (const char* member : {"attacker", "action", "defender"}) {
    const auto text = requiredText(output, member, kMaxName);
    if (!text) return text.error();
    styled.plain(between).plain(*text);
    between = " ";
  }
  if (const auto damage = countOf(output, "damage"); damage && *damage)
    styled.plain(" for " + std::to_string(**damage) + " damage");
  if (flagOf(output, "critical", false))
    styled.bold(" (critical!)");
  else
    styled.plain(".");
  plugin::Event event = styled.take();
  event.dataJson = dataMembers("combat", output);
  return event;
}

Result<plugin::Event> readSystem(const Json& output) {
  const auto text = requiredText(output, "text", kMaxText);
  if (!text) return text.error();
  plugin::Event event = Styled().bold("*** ").rich(*text).take();
  event.dataJson = dataMembers("system", output);
  return event;
}

// BBS screens. Only terminals get the bytes; who reads JSON gets the text.
Result<plugin::Event> readTerminal(const Json& output) {
  const auto data = requiredText(output, "data", kMaxText);
  if (!data) return data.error();
  auto bytes = base64Decode(*data);
  if (!bytes || bytes->empty()) return invalid("expected \"data\", bytes in base64 (RFC 4648 §4)");
  const auto text = optionalText(output, "text", kMaxText);
  if (!text) return text.error();
  plugin::Event event = Styled().rich(*text).take();
  event.terminal = std::move(*bytes);
  event.dataJson = "\"outputType\":\"terminal\"";
  return event;
}

}  // namespace

Result<plugin::Event> readOutput(const Json& output, const LinkGrant& grant) {
  using Reader = Result<plugin::Event> (*)(const Json&);
  static constexpr std::array<std::pair<std::string_view, Reader>, 7> kReaders{{{"text", readText},
                                                                                {"formattedText", readFormatted},
                                                                                {"structured", readStructured},
                                                                                {"roomDescription", readRoom},
                                                                                {"combat", readCombat},
                                                                                {"system", readSystem},
                                                                                {"terminal", readTerminal}}};
  if (!output.is_object()) return invalid("expected \"output\", an object with a \"type\"");
  const std::string type = textOf(output, "type", kMaxName);
  if (type == "terminal" && !grant.mayUseRawTerminal)
    return fail(ErrorCode::kForbidden, "this token does not allow bytes for terminals", "permissionDenied");
  for (const auto& [name, read] : kReaders)
    if (type == name) return read(output);
  return invalid(
      "expected \"output.type\": text, formattedText, structured, roomDescription, combat, system or terminal");
}

Result<void> setDelivery(plugin::Event& event, const std::string& delivery) {
  constexpr std::string_view kLatest = "latest:";
  if (delivery.empty() || delivery == "must") return {};
  if (delivery == "drop") {
    event.delivery = plugin::Delivery::kDrop;
    return {};
  }
  if (!delivery.starts_with(kLatest) || delivery.size() == kLatest.size() || delivery.size() > kLatest.size() + kMaxKey)
    return invalid("expected \"delivery\": must, drop or latest:KEY (1 to 64 bytes)");
  event.delivery = plugin::Delivery::kLatest;
  event.latestKey = delivery.substr(kLatest.size());
  return {};
}

Result<plugin::Event> readEntityChange(const Json& payload) {
  static constexpr std::array<std::string_view, 6> kTypes{"stats",     "position",      "inventory",
                                                          "equipment", "statusEffects", "custom"};
  const std::string type = textOf(payload, "updateType", kMaxName);
  if (std::find(kTypes.begin(), kTypes.end(), type) == kTypes.end())
    return invalid("expected \"updateType\": stats, position, inventory, equipment, statusEffects or custom");
  if (!payload.contains("data")) return invalid("expected \"data\"");
  plugin::Event event;
  event.kind = plugin::EventKind::kData;
  event.delivery = plugin::Delivery::kLatest;
  event.latestKey = "entity." + type;
  event.name = "entity.changed";
  event.dataJson = "{\"updateType\":\"" + type + "\",\"data\":" + dump(payload.at("data")) + "}";
  return event;
}

bool isReservedEvent(std::string_view name) {
  static constexpr std::array<std::string_view, 10> kOwn{"output", "prompt",   "presence", "room",   "gap",
                                                         "health", "shutdown", "tick",     "closed", "session"};
  return name.starts_with("session.") || name.starts_with("link.") ||
         std::find(kOwn.begin(), kOwn.end(), name) != kOwn.end();
}

}  // namespace gw::link
