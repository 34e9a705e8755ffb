#include "admin/routes.h"
#include "admin/wire.h"

namespace gw::admin {
namespace {

constexpr size_t kLongestText = 4096;

Reply broadcast(Call& call) {
  BodyReader body(call.body);
  const BroadcastRequest request{body.text("text", 1, kLongestText), body.text("room", 0, 64)};
  if (auto failure = body.failure()) return *failure;
  return itemReply(
      call.port.broadcast(request),
      [](const BroadcastOutcome& o) {
        return Json{{"stateVersion", o.stateVersion}};
      },
      202);
}

}  // namespace

void addBroadcastRoutes(std::vector<Route>& routes) {
  routes.push_back({"POST", "/v1/broadcast", Role::kOperate, broadcast});
}

}  // namespace gw::admin
