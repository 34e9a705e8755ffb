#include "admin/routes.h"
#include "admin/wire.h"
#include "base/clock.h"

namespace gw::admin {
namespace {

Json banJson(const store::BanRecord& ban) {
  return {{"id", ban.id},
          {"kind", ban.kind},
          {"value", ban.value},
          {"reason", ban.reason},
          {"createdAt", timeJson(ban.createdAt)},
          {"expiresAt", timeJson(ban.expiresAt)}};
}

Reply list(Call& call) {
  const auto bans = call.port.bans();
  return bans ? listReply(*bans, banJson) : errorReply(bans.error());
}

Reply add(Call& call) {
  BodyReader body(call.body);
  store::BanRecord ban;
  ban.kind = body.text("kind", 1, 16);
  ban.value = body.text("value", 1, 128);
  ban.reason = body.text("reason", 0, 256);
  const uint64_t durationMs = body.integer("durationMs", 0, kLongestMs);
  if (auto failure = body.failure()) return *failure;
  if (ban.kind != "address" && ban.kind != "user") {
    return errorReply(fail(ErrorCode::kInvalid, "\"kind\": expected \"address\" or \"user\""));
  }
  if (durationMs > 0) ban.expiresAt = systemClock().wallUs() + static_cast<int64_t>(durationMs) * 1000;
  return itemReply(call.port.addBan(ban), banJson, 201);
}

Reply remove(Call& call) { return doneReply(call.port.removeBan(call.args[0])); }

}  // namespace

void addBanRoutes(std::vector<Route>& routes) {
  routes.push_back({"GET", "/v1/bans", Role::kView, list});
  routes.push_back({"POST", "/v1/bans", Role::kOperate, add});
  routes.push_back({"DELETE", "/v1/bans/{}", Role::kOperate, remove});
}

}  // namespace gw::admin
