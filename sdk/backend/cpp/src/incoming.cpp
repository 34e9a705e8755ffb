#include "incoming.h"

#include "json_text.h"

namespace gw::backend {
namespace {

using nlohmann::json;

constexpr int kLevels = 64;

json take(json& object, const char* name) {
  const auto found = object.find(name);
  return found == object.end() ? json::object() : std::move(*found);
}

std::string takeText(json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end() || !found->is_string()) return {};
  return std::move(found->get_ref<std::string&>());
}

void appendEvent(json& frame, std::vector<Item>& into) {
  std::string name = takeText(frame, "event");
  json payload = take(frame, "payload");
  if (!payload.is_object()) return;
  if (name == "command") {
    const int64_t seq = numberOf(payload, "seq");
    if (seq > 0) into.emplace_back(CommandItem{takeText(payload, "session"), seq, takeText(payload, "text")});
  } else if (name == "link.ack") {
    into.emplace_back(AckItem{takeText(payload, "session"), numberOf(payload, "n")});
  } else if (name == "command.private") {
    into.emplace_back(CommandItem{takeText(payload, "session"), 0, takeText(payload, "text")});
  } else {
    into.emplace_back(EventItem{std::move(name), std::move(payload)});
  }
}

void appendFrame(json& frame, std::vector<Item>& into) {
  const std::string type = textOf(frame, "type");
  if (type == "event") {
    appendEvent(frame, into);
  } else if (type == "req") {
    const auto id = frame.find("id");
    into.emplace_back(
        RequestItem{id == frame.end() ? "null" : id->dump(), takeText(frame, "method"), take(frame, "params")});
  } else if (type == "res") {
    const bool isOk = truthOf(frame, "ok", false);
    into.emplace_back(ResponseItem{takeText(frame, "id"), isOk, take(frame, isOk ? "payload" : "error")});
  }
}

}  // namespace

bool parseMessage(std::string_view message, std::vector<Item>& into) {
  if (isDeeperThan(message, kLevels)) return false;
  json parsed = json::parse(message.begin(), message.end(), nullptr, false);
  if (parsed.is_object()) {
    appendFrame(parsed, into);
    return true;
  }
  if (!parsed.is_array()) return false;
  for (auto& frame : parsed) {
    if (frame.is_object()) appendFrame(frame, into);
  }
  return true;
}

std::string textOf(const json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

int64_t numberOf(const json& object, const char* name, int64_t otherwise) {
  const auto found = object.find(name);
  return found != object.end() && found->is_number_integer() ? found->get<int64_t>() : otherwise;
}

bool truthOf(const json& object, const char* name, bool otherwise) {
  const auto found = object.find(name);
  return found != object.end() && found->is_boolean() ? found->get<bool>() : otherwise;
}

const json& objectOf(const json& object, const char* name) {
  static const json kEmpty = json::object();
  const auto found = object.find(name);
  return found != object.end() && found->is_object() ? *found : kEmpty;
}

}  // namespace gw::backend
