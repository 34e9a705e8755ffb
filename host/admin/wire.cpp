#include "admin/wire.h"

#include <algorithm>
#include <charconv>

#include "base/clock.h"

namespace gw::admin {

Json timeJson(int64_t us) { return us == 0 ? Json(nullptr) : Json(formatUtc(us)); }

const char* toString(HealthLevel level) {
  switch (level) {
    case HealthLevel::kHealthy:
      return "healthy";
    case HealthLevel::kDegraded:
      return "degraded";
    case HealthLevel::kUnhealthy:
      break;
  }
  return "unhealthy";
}

namespace {

Json workJson(const WorkFigures& work) {
  return {{"started", work.started}, {"answered", work.answered}, {"overdue", work.overdue}, {"failed", work.failed},
          {"dropped", work.dropped}, {"refused", work.refused},   {"pending", work.pending}, {"stuck", work.stuck}};
}

}  // namespace

Json channelJson(const ChannelSnapshot& channel) {
  return {{"id", channel.channelId + ":" + channel.accountId},
          {"channelId", channel.channelId},
          {"accountId", channel.accountId},
          {"enabled", channel.enabled},
          {"running", channel.running},
          {"state", channel.state},
          {"health", channel.health},
          {"lastStartAt", timeJson(channel.lastStartAt)},
          {"lastStopAt", timeJson(channel.lastStopAt)},
          {"lastError", channel.lastError.empty() ? Json(nullptr) : Json(channel.lastError)},
          {"lastErrorAt", timeJson(channel.lastErrorAt)},
          {"lastActivityAt", timeJson(channel.lastActivity)},
          {"connections", channel.connections},
          {"slowCallbacks", channel.slowCallbacks},
          {"quarantined", channel.quarantined},
          {"encodeCalls", channel.encodeCalls},
          {"work", workJson(channel.work)},
          {"plugin", channel.plugin},
          {"pluginVersion", channel.pluginVersion},
          {"generation", channel.generation},
          {"addresses", channel.addresses}};
}

Json operationJson(const Operation& operation) {
  return {{"id", operation.id},
          {"verb", operation.verb},
          {"target", operation.target},
          {"state", operation.state},
          {"error", operation.error.empty() ? Json(nullptr) : Json(operation.error)},
          {"startedAt", timeJson(operation.startedAt)},
          {"finishedAt", timeJson(operation.finishedAt)}};
}

Json connectionJson(const ConnectionSnapshot& c) {
  return {{"id", c.id},
          {"account", c.account},
          {"protocol", c.protocol},
          {"sessionId", c.sessionId.empty() ? Json(nullptr) : Json(c.sessionId)},
          {"userName", c.userName},
          {"peer", c.peer},
          {"tls", c.tls},
          {"loop", c.loop},
          {"openedAt", timeJson(c.openedAt)},
          {"lastActivityAt", timeJson(c.lastActivity)},
          {"inBytes", c.bytesIn},
          {"outBytes", c.bytesOut},
          {"queuedBytes", c.queuedBytes},
          {"generation", c.generation},
          {"healthy", c.isHealthy},
          {"client", c.client},
          {"device", c.device},
          {"cursor", {{"epoch", c.cursorEpoch}, {"seq", c.cursorSeq}}}};
}

namespace {

Json problemJson(const Problem& problem) {
  return {{"level", toString(problem.level)},
          {"summary", problem.summary},
          {"sinceAt", timeJson(problem.sinceAt)},
          {"nextCommand", problem.nextCommand}};
}

Json loopJson(const LoopFigures& loop) {
  return {{"loop", loop.loop},
          {"connections", loop.connections},
          {"sessions", loop.sessions},
          {"lagMs", loop.lagMs},
          {"inboxBytes", loop.inboxBytes}};
}

}  // namespace

Json healthJson(const HealthSnapshot& health) {
  Json problems = Json::array();
  for (const Problem& problem : health.problems) problems.push_back(problemJson(problem));
  Json accounts = Json::array();
  for (const ChannelSnapshot& account : health.accounts) accounts.push_back(channelJson(account));
  Json loops = Json::array();
  for (const LoopFigures& loop : health.loops) loops.push_back(loopJson(loop));
  return {{"status", toString(health.level)},
          {"sinceAt", timeJson(health.levelSinceAt)},
          {"timestampAt", timeJson(health.at)},
          {"uptimeMs", health.uptimeMs},
          {"connections", health.connections},
          {"problems", std::move(problems)},
          {"accounts", std::move(accounts)},
          {"loops", std::move(loops)},
          {"loopLagMs", health.loopLagMs},
          {"memory",
           {{"countedBytes", health.memoryBytes},
            {"limitBytes", health.memoryLimitBytes},
            {"residentBytes", health.residentBytes}}},
          {"store", {{"up", health.storeIsUp}, {"detail", health.storeDetail}}},
          {"backend", {{"up", health.backendIsUp}, {"detail", health.backendDetail}}}};
}

void BodyReader::refuse(std::string message) {
  if (problem_.empty()) problem_ = std::move(message);
}

const Json* BodyReader::find(const char* key) {
  known_.emplace_back(key);
  const auto it = body_.find(key);
  return it == body_.end() ? nullptr : &*it;
}

std::string BodyReader::text(const char* key, size_t least, size_t most) {
  const Json* value = find(key);
  if (value == nullptr && least == 0) return {};
  if (value == nullptr || !value->is_string()) {
    refuse("\"" + std::string(key) + "\": expected a string");
    return {};
  }
  auto text = value->get<std::string>();
  if (text.size() < least || text.size() > most) {
    refuse("\"" + std::string(key) + "\": expected " + std::to_string(least) + ".." + std::to_string(most) + " bytes");
  }
  return text;
}

uint64_t BodyReader::integer(const char* key, uint64_t absent, uint64_t most) {
  const Json* value = find(key);
  if (value == nullptr) return absent;
  if (!value->is_number_unsigned() || value->get<uint64_t>() > most) {
    refuse("\"" + std::string(key) + "\": expected 0.." + std::to_string(most));
    return absent;
  }
  return value->get<uint64_t>();
}

std::optional<Reply> BodyReader::failure() {
  for (const auto& item : body_.items()) {
    if (std::find(known_.begin(), known_.end(), item.key()) == known_.end()) {
      refuse("unknown field \"" + item.key() + "\"");
    }
  }
  if (problem_.empty()) return std::nullopt;
  return errorReply(fail(ErrorCode::kInvalid, problem_));
}

std::string queryText(const Call& call, const std::string& key) {
  const auto it = call.query.find(key);
  return it == call.query.end() ? std::string() : it->second;
}

std::optional<size_t> limitOf(const Call& call) {
  constexpr size_t kDefault = 1000;
  constexpr size_t kMost = 10'000;
  const std::string text = queryText(call, "limit");
  if (text.empty()) return kDefault;
  size_t limit = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, limit);
  if (parsed.ec != std::errc{} || parsed.ptr != end || limit == 0 || limit > kMost) return std::nullopt;
  return limit;
}

}  // namespace gw::admin
