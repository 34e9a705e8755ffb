#include "admin/routes.h"
#include "admin/wire.h"

namespace gw::admin {
namespace {

Reply list(Call& call) {
  ConnectionQuery query{queryText(call, "account"), queryText(call, "session"), 0};
  const auto limit = limitOf(call);
  if (!limit) return errorReply(fail(ErrorCode::kInvalid, "limit: expected 1..10000"));
  query.limit = *limit;
  return listReply(call.port.connections(query), connectionJson);
}

Reply show(Call& call) { return itemReply(call.port.connection(call.args[0]), connectionJson); }

Reply close(Call& call) {
  BodyReader body(call.body);
  const CloseRequest request{body.text("reason", 0, kLongestReason)};
  if (auto failure = body.failure()) return *failure;
  return doneReply(call.port.closeConnection(call.args[0], request));
}

}  // namespace

void addConnectionRoutes(std::vector<Route>& routes) {
  routes.push_back({"GET", "/v1/connections", Role::kView, list});
  routes.push_back({"GET", "/v1/connections/{}", Role::kView, show});
  routes.push_back({"POST", "/v1/connections/{}/close", Role::kOperate, close});
}

}  // namespace gw::admin
