#pragma once
// JSON in and out, as all routes write it: times RFC 3339 or null, bodies read strictly.

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "admin/gateway_port.h"
#include "admin/route.h"

namespace gw::admin {

/// RFC 3339 UTC with milliseconds; null for 0.
/// The longest reason that is shown to a client.
inline constexpr size_t kLongestReason = 256;
/// The longest duration that a request may ask for: ten years.
inline constexpr uint64_t kLongestMs = 10ULL * 366 * 24 * 3600 * 1000;

Json timeJson(int64_t us);

Json channelJson(const ChannelSnapshot& channel);
Json healthJson(const HealthSnapshot& health);
Json connectionJson(const ConnectionSnapshot& connection);
Json operationJson(const Operation& operation);
const char* toString(HealthLevel level);

/// {items, truncated, partial}: partial names the loops that did not answer.
template <typename T, typename ToJson>
Reply listReply(const Result<Listing<T>>& listing, ToJson toJson) {
  if (!listing) return errorReply(listing.error());
  Json items = Json::array();
  for (const T& item : listing->items) items.push_back(toJson(item));
  return reply({{"items", std::move(items)}, {"truncated", listing->truncated}, {"partial", listing->partial}});
}
/// The same for what is always complete.
template <typename T, typename ToJson>
Reply listReply(const std::vector<T>& all, ToJson toJson) {
  Json items = Json::array();
  for (const T& item : all) items.push_back(toJson(item));
  return reply({{"items", std::move(items)}});
}
/// One item, or why not.
template <typename T, typename ToJson>
Reply itemReply(const Result<T>& item, ToJson toJson, int status = 200) {
  return item ? reply(toJson(*item), status) : errorReply(item.error());
}
/// {} or why not.
inline Reply doneReply(const Result<void>& done) { return done ? reply(Json::object()) : errorReply(done.error()); }

/// Reads a request's body field by field. The first problem is kept; ask failure() after the last read.
class BodyReader {
 public:
  explicit BodyReader(const Json& body) : body_(body) {}
  /// least..most bytes of text; an absent field is "" if least is 0.
  std::string text(const char* key, size_t least, size_t most);
  uint64_t integer(const char* key, uint64_t absent, uint64_t most);
  /// Refuses fields that nobody asked for, then says what was wrong first.
  std::optional<Reply> failure();

 private:
  const Json* find(const char* key);
  void refuse(std::string message);

  const Json& body_;
  std::vector<std::string> known_;
  std::string problem_;
};

/// The query's limit, 1..10000; 1000 if absent. Nothing if it is none.
std::optional<size_t> limitOf(const Call& call);
std::string queryText(const Call& call, const std::string& key);

}  // namespace gw::admin
