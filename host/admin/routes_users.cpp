#include <cstdint>

#include "admin/routes.h"
#include "admin/wire.h"
#include "base/clock.h"

namespace gw::admin {
namespace {

Json userJson(const UserSnapshot& user) {
  return {{"id", user.id},
          {"name", user.name},
          {"createdAt", timeJson(user.createdAt)},
          {"lastLoginAt", timeJson(user.lastLoginAt)},
          {"locked", user.locked},
          {"muted", user.mutedUntilAt > systemClock().wallUs()},
          {"mutedUntilAt", timeJson(user.mutedUntilAt == INT64_MAX ? 0 : user.mutedUntilAt)},
          {"sessions", user.sessions}};
}

Reply list(Call& call) {
  const auto limit = limitOf(call);
  if (!limit) return errorReply(fail(ErrorCode::kInvalid, "limit: expected 1..10000"));
  return listReply(call.port.users(*limit), userJson);
}

Reply lock(Call& call) {
  BodyReader body(call.body);
  const CloseRequest request{body.text("reason", 0, kLongestReason)};
  if (auto failure = body.failure()) return *failure;
  return itemReply(call.port.lockUser(call.args[0], request), userJson);
}

Reply unlock(Call& call) { return itemReply(call.port.unlockUser(call.args[0]), userJson); }

Reply mute(Call& call) {
  BodyReader body(call.body);
  const uint64_t durationMs = body.integer("durationMs", 0, kLongestMs);
  if (auto failure = body.failure()) return *failure;
  const int64_t untilAt =
      durationMs == 0 ? INT64_MAX : systemClock().wallUs() + static_cast<int64_t>(durationMs) * 1000;
  return itemReply(call.port.muteUser(call.args[0], untilAt), userJson);
}

Reply unmute(Call& call) { return itemReply(call.port.muteUser(call.args[0], 0), userJson); }

}  // namespace

void addUserRoutes(std::vector<Route>& routes) {
  routes.push_back({"GET", "/v1/users", Role::kView, list});
  routes.push_back({"POST", "/v1/users/{}/lock", Role::kOperate, lock});
  routes.push_back({"POST", "/v1/users/{}/unlock", Role::kOperate, unlock});
  routes.push_back({"POST", "/v1/users/{}/mute", Role::kOperate, mute});
  routes.push_back({"POST", "/v1/users/{}/unmute", Role::kOperate, unmute});
}

}  // namespace gw::admin
