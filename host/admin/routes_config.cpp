#include "admin/routes.h"
#include "admin/wire.h"

namespace gw::admin {
namespace {

constexpr size_t kLargestConfig = 1 << 20;

/// A wrong configuration has a code of its own: the request was fine, the file is not.
Reply configError(const Error& error) {
  if (error.code != ErrorCode::kInvalid) return errorReply(error);
  return errorReply(422, "INVALID_CONFIG", error.message, "nothing was changed");
}

Reply get(Call& call) {
  Json json = Json::parse(call.port.configJson(), nullptr, false);
  if (json.is_discarded()) return errorReply(fail(ErrorCode::kInternal, "the configuration in force is not JSON"));
  return reply(json);
}

Reply validate(Call& call) {
  BodyReader body(call.body);
  const std::string text = body.text("text", 0, kLargestConfig);
  std::string name = body.text("name", 0, 4096);
  if (auto failure = body.failure()) return *failure;
  if (name.empty()) name = "config";
  const auto valid = call.port.validateConfig(text, name);
  return valid ? reply({{"valid", true}}) : configError(valid.error());
}

Reply reload(Call& call) {
  const auto outcome = call.port.reloadConfig();
  if (!outcome) return configError(outcome.error());
  return reply({{"applied", outcome->applied}, {"needRestart", outcome->needRestart}});
}

}  // namespace

void addConfigRoutes(std::vector<Route>& routes) {
  routes.push_back({"GET", "/v1/config", Role::kOperate, get});
  routes.push_back({"POST", "/v1/config/validate", Role::kView, validate});
  routes.push_back({"POST", "/v1/config/reload", Role::kAdmin, reload});
}

}  // namespace gw::admin
