#include "admin/routes.h"
#include "admin/wire.h"

namespace gw::admin {
namespace {

Json textOrNull(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

Json storeJson(const StoreSnapshot& store) {
  const bool isKnown = store.factsError.empty();
  return {{"driver", store.driver},
          {"place", store.place},
          {"schemaVersion", isKnown ? Json(store.schemaVersion) : Json(nullptr)},
          {"bytes", isKnown ? Json(store.bytes) : Json(nullptr)},
          {"sessions", isKnown ? Json(store.sessions) : Json(nullptr)},
          {"factsError", textOrNull(store.factsError)},
          {"up", store.isUp},
          {"downSinceAt", timeJson(store.downSinceAt)},
          {"queued", store.queued},
          {"jobs", store.jobs},
          {"commits", store.commits},
          {"retries", store.retries},
          {"refused", store.refused},
          {"lastError", textOrNull(store.lastError)}};
}

Reply show(Call& call) { return reply(storeJson(call.port.store())); }
Reply check(Call& call) { return itemReply(call.port.checkStore(), operationJson, 202); }

Reply backup(Call& call) {
  BodyReader body(call.body);
  const std::string file = body.text("file", 1, 4096);
  if (auto failure = body.failure()) return *failure;
  return itemReply(call.port.backupStore(file), operationJson, 202);
}

}  // namespace

void addStoreRoutes(std::vector<Route>& routes) {
  routes.push_back({"GET", "/v1/store", Role::kView, show});
  routes.push_back({"POST", "/v1/store/check", Role::kOperate, check});
  routes.push_back({"POST", "/v1/store/backup", Role::kAdmin, backup});
}

}  // namespace gw::admin
