#include "admin/routes.h"
#include "admin/wire.h"

namespace gw::admin {
namespace {

Json userJson(const UserSnapshot& user) {
  return {{"id", user.id},
          {"name", user.name},
          {"createdAt", timeJson(user.createdAt)},
          {"lastLoginAt", timeJson(user.lastLoginAt)},
          {"locked", user.locked},
          {"sessions", user.sessions}};
}

Reply list(Call& call) {
  const auto limit = limitOf(call);
  if (!limit) return errorReply(fail(ErrorCode::kInvalid, "limit: expected 1..10000"));
  return listReply(call.port.users(*limit), userJson);
}

Reply unlock(Call& call) { return itemReply(call.port.unlockUser(call.args[0]), userJson); }

}  // namespace

void addUserRoutes(std::vector<Route>& routes) {
  routes.push_back({"GET", "/v1/users", Role::kView, list});
  routes.push_back({"POST", "/v1/users/{}/unlock", Role::kOperate, unlock});
}

}  // namespace gw::admin
