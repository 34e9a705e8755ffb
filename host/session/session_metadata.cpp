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

Json countsJson(const OutputCounts& counts) {
  Json out = Json::array();
  for (const OutputCount& count : counts.all()) out.push_back(Json::array({count.instance, count.n}));
  return out;
}

OutputCounts countsOf(const Json& json) {
  OutputCounts out;
  if (!json.is_array()) return out;
  for (const Json& count : json)
    if (count.is_array() && count.size() == 2 && count[0].is_string() && count[1].is_number_unsigned())
      out.set(count[0].get<std::string>(), count[1].get<uint64_t>());
  return out;
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

OutputCounts::Verdict OutputCounts::take(const std::string& instance, uint64_t n) {
  const auto found =
      std::find_if(counts_.begin(), counts_.end(), [&](const auto& c) { return c.instance == instance; });
  if (found != counts_.end()) {
    if (n <= found->n) return Verdict::kDuplicate;
    if (n != found->n + 1 && !found->isUncertain) return Verdict::kAhead;
    found->n = n;
    found->isUncertain = false;
    if (found + 1 != counts_.end()) std::rotate(found, found + 1, counts_.end());
    return Verdict::kNext;
  }
  set(instance, n);
  return Verdict::kNext;
}

uint64_t OutputCounts::last(const std::string& instance) const {
  for (const OutputCount& count : counts_)
    if (count.instance == instance) return count.n;
  return 0;
}

void OutputCounts::set(const std::string& instance, uint64_t n) {
  std::erase_if(counts_, [&](const auto& count) { return count.instance == instance; });
  if (counts_.size() >= kMost) counts_.erase(counts_.begin());
  counts_.push_back({instance, n, false});
}

void OutputCounts::doubt() {
  for (OutputCount& count : counts_) count.isUncertain = true;
}

std::string toJson(const OutputCounts& counts) { return countsJson(counts).dump(); }

OutputCounts parseOutputCounts(const std::string& json) { return countsOf(Json::parse(json, nullptr, false)); }

std::string toJson(const SessionMetadata& metadata) {
  Json whole = Json::array();
  for (const Position& end : metadata.wholeEpochs.ends) whole.push_back(positionJson(end));
  return Json{{"guest", metadata.isGuest},
              {"plain", metadata.plain},
              {"present", metadata.isPresent},
              {"gameSession", metadata.gameSession},
              {"wholeEpochs", std::move(whole)},
              {"lostTo", positionJson(metadata.lostTo)},
              {"lastTerminal", metadata.lastTerminal},
              {"outputCounts", countsJson(metadata.outputCounts)}}
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
  if (const auto counts = json.find("outputCounts"); counts != json.end()) metadata.outputCounts = countsOf(*counts);
  return metadata;
}

}  // namespace gw::session
