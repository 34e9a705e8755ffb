#include "session/session_metadata.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace gw::session {
namespace {

using Json = nlohmann::json;

Json positionJson(Position at) { return Json::array({at.epoch, at.seq}); }

Position positionOf(const Json& json) {
  if (!json.is_array() || json.size() != 2 || !json[0].is_number_unsigned() || !json[1].is_number_unsigned()) return {};
  return {json[0].get<uint64_t>(), json[1].get<uint64_t>()};
}

bool flag(const Json& object, const char* name, bool usual) {
  const auto found = object.find(name);
  return found != object.end() && found->is_boolean() ? found->get<bool>() : usual;
}

}  // namespace

void WholeEpochs::add(Position end) {
  if (ends.size() >= kMost) ends.erase(ends.begin());
  ends.push_back(end);
}

const Position* WholeEpochs::find(uint64_t epoch) const {
  const auto found = std::find_if(ends.begin(), ends.end(), [&](const Position& end) { return end.epoch == epoch; });
  return found == ends.end() ? nullptr : &*found;
}

std::string toJson(const SessionMetadata& metadata) {
  Json whole = Json::array();
  for (const Position& end : metadata.wholeEpochs.ends) whole.push_back(positionJson(end));
  return Json{{"guest", metadata.isGuest},
              {"plain", metadata.plain},
              {"present", metadata.isPresent},
              {"gameSession", metadata.gameSession},
              {"wholeEpochs", std::move(whole)},
              {"lostTo", positionJson(metadata.lostTo)},
              {"lastTerminal", metadata.lastTerminal}}
      .dump(-1, ' ', false, Json::error_handler_t::replace);
}

SessionMetadata parseMetadata(const std::string& text) {
  SessionMetadata metadata;
  metadata.isPresent = false;
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return metadata;
  metadata.isGuest = flag(json, "guest", false);
  metadata.plain = flag(json, "plain", false);
  metadata.isPresent = flag(json, "present", false);
  if (const auto game = json.find("gameSession"); game != json.end() && game->is_string())
    metadata.gameSession = game->get<std::string>();
  if (const auto whole = json.find("wholeEpochs"); whole != json.end() && whole->is_array())
    for (const Json& end : *whole) metadata.wholeEpochs.add(positionOf(end));
  if (const auto lost = json.find("lostTo"); lost != json.end()) metadata.lostTo = positionOf(*lost);
  if (const auto last = json.find("lastTerminal"); last != json.end() && last->is_number_unsigned())
    metadata.lastTerminal = last->get<uint32_t>();
  return metadata;
}

}  // namespace gw::session
