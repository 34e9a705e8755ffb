#include "backend/lobby/settings.h"

#include <nlohmann/json.hpp>
#include <optional>

#include "base/log.h"

namespace gw::lobby {
namespace {

using Json = nlohmann::json;

// Our own writing, but a database can be edited by hand.
constexpr size_t kMaxSettingsBytes = 256 * 1024;

Json parseObject(std::string_view json) {
  if (json.empty() || json.size() > kMaxSettingsBytes) return Json::object();
  Json parsed = Json::parse(json, nullptr, false);
  return parsed.is_object() ? parsed : Json::object();
}

std::string stringMember(const Json& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

}  // namespace

Settings parseSettings(std::string_view json, size_t maxIgnored) {
  const Json object = parseObject(json);
  Settings settings;
  if (const auto it = object.find("plain"); it != object.end() && it->is_boolean()) settings.plain = it->get<bool>();
  if (const auto it = object.find("mutedUntilUs"); it != object.end() && it->is_number_integer()) {
    settings.mutedUntilUs = it->get<int64_t>();
  }
  if (const auto it = object.find("ignore"); it != object.end() && it->is_array()) {
    for (const Json& entry : *it) {
      if (!entry.is_object() || settings.ignored.size() >= maxIgnored) continue;
      Ignored ignored{stringMember(entry, "userId"), stringMember(entry, "name")};
      if (!ignored.userId.empty()) settings.ignored.push_back(std::move(ignored));
    }
  }
  return settings;
}

std::string mergeSettings(std::string_view json, const Settings& settings) {
  Json object = parseObject(json);
  object["plain"] = settings.plain;
  object["mutedUntilUs"] = settings.mutedUntilUs;
  Json ignore = Json::array();
  for (const Ignored& one : settings.ignored) ignore.push_back({{"userId", one.userId}, {"name", one.name}});
  object["ignore"] = std::move(ignore);
  return object.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void SettingsStore::load(const std::string& userId, UniqueFunction<void(Result<Settings>)> then) {
  store_.ask<std::optional<store::UserRecord>>(
      userId, [userId](store::SessionStore& store) { return store.findUserById(userId); },
      [then = std::move(then), most = maxIgnored_](Result<std::optional<store::UserRecord>> user) mutable {
        if (!user) {
          log::warn("lobby", "a user's settings were not read", {{"reason", user.error().message}});
          return then(user.error());
        }
        then(*user ? parseSettings((*user)->settings, most) : Settings{});
      });
}

void SettingsStore::save(const std::string& userId, Settings settings) {
  store_.tell(
      userId,
      [userId, settings = std::move(settings)](store::SessionStore& store) -> Result<void> {
        Result<std::optional<store::UserRecord>> user = store.findUserById(userId);
        if (!user) return user.error();
        if (!*user) return {};  // deleted meanwhile
        (*user)->settings = mergeSettings((*user)->settings, settings);
        return store.updateUser(**user);
      },
      [](Result<void> saved) {
        if (!saved) log::warn("lobby", "a user's settings were not saved", {{"reason", saved.error().message}});
      });
}

}  // namespace gw::lobby
