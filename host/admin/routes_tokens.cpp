#include "admin/routes.h"
#include "admin/token_gate.h"
#include "admin/wire.h"
#include "base/words.h"

namespace gw::admin {
namespace {

Json tokenJson(const store::ApiTokenRecord& token) {  // never its hash
  return {{"id", token.id},
          {"name", token.name},
          {"role", token.role},
          {"createdAt", timeJson(token.createdAt)},
          {"lastUsedAt", timeJson(token.lastUsedAt)}};
}

Reply list(Call& call) {
  const auto tokens = call.tokens.list();
  return tokens ? listReply(*tokens, tokenJson) : errorReply(tokens.error());
}

Reply create(Call& call) {
  BodyReader body(call.body);
  const std::string name = body.text("name", 1, 64);
  const std::string role = body.text("role", 1, 16);
  if (auto failure = body.failure()) return *failure;
  const auto parsed = parseRole(role);
  if (!parsed) return errorReply(fail(ErrorCode::kInvalid, "\"role\": expected \"view\", \"operate\" or \"admin\""));
  if (!isWord(name, 64, "_-.")) return errorReply(fail(ErrorCode::kInvalid, "\"name\": expected A-Z a-z 0-9 _ - ."));
  const auto created = call.tokens.create(name, *parsed);
  if (!created) return errorReply(created.error());
  Json json = tokenJson(created->record);
  json["token"] = created->secret;
  return reply(json, 201);
}

Reply revoke(Call& call) { return doneReply(call.tokens.revoke(call.args[0])); }

}  // namespace

void addTokenRoutes(std::vector<Route>& routes) {
  routes.push_back({"GET", "/v1/tokens", Role::kAdmin, list});
  routes.push_back({"POST", "/v1/tokens", Role::kAdmin, create});
  routes.push_back({"DELETE", "/v1/tokens/{}", Role::kAdmin, revoke});
}

}  // namespace gw::admin
