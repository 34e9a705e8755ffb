// The backend as operators see it, and the tokens of backends.

#include "backend/link/tokens.h"
#include "gateway_admin_ask.h"

namespace gw {

std::vector<admin::BackendSnapshot> GatewayAdmin::backends() {
  const Gateway::Parts& parts = *gateway_.parts_;
  admin::BackendSnapshot out;
  out.name = parts.services.backendName;
  out.isLink = parts.remote != nullptr;
  if (parts.remote) out.link = parts.remote->figures();
  return {out};
}

Result<link::RemoteBackend*> GatewayAdmin::remote(const std::string& name) {
  const Gateway::Parts& parts = *gateway_.parts_;
  if (name != parts.services.backendName) return fail(ErrorCode::kNotFound, "there is no backend " + log::quoted(name));
  if (!parts.remote) return fail(ErrorCode::kConflict, "the lobby is built in: there is no link to it");
  return parts.remote.get();
}

Result<void> GatewayAdmin::disconnectBackend(const std::string& name, const std::string& connection) {
  const auto found = remote(name);
  return found ? (*found)->disconnect(connection) : found.error();
}

Result<void> GatewayAdmin::drainBackend(const std::string& name, const std::string& connection, uint64_t graceMs) {
  const auto found = remote(name);
  return found ? (*found)->drain(connection, graceMs) : found.error();
}

Result<std::vector<link::TraceLine>> GatewayAdmin::traceBackend(const std::string& name, uint64_t after) {
  const auto found = remote(name);
  if (!found) return found.error();
  return (*found)->trace().read(after);
}

Result<void> GatewayAdmin::simulatePlayers(const std::string& name, const link::SimulationOrder& order) {
  const auto found = remote(name);
  return found ? gateway_.parts_->simulator.start(order) : found.error();
}

Result<link::SimulationReport> GatewayAdmin::simulation(const std::string& name) {
  const auto found = remote(name);
  if (!found) return found.error();
  return gateway_.parts_->simulator.report();
}

Result<std::vector<link::BackendToken>> GatewayAdmin::backendTokens() {
  auto tokens = std::make_shared<std::vector<link::BackendToken>>();
  const auto asked = inStore([tokens](store::SessionStore& store) -> Result<void> {
    auto read = link::readTokens(store);
    if (!read) return read.error();
    *tokens = std::move(*read);
    return {};
  });
  if (!asked) return asked.error();
  return *tokens;
}

Result<std::string> GatewayAdmin::createBackendToken(const std::string& name, const link::LinkGrant& grant) {
  auto secret = std::make_shared<std::string>();
  const int64_t now = gateway_.parts_->clock.wallUs();
  const auto asked = inStore([secret, name, grant, now](store::SessionStore& store) -> Result<void> {
    auto made = link::createToken(store, name, grant, now);
    if (!made) return made.error();
    *secret = std::move(*made);
    return {};
  });
  if (!asked) return asked.error();
  return *secret;
}

// Who came in with it must not stay.
Result<void> GatewayAdmin::revokeBackendToken(const std::string& name) {
  const auto asked = inStore([name](store::SessionStore& store) { return link::revokeToken(store, name); });
  if (asked)
    if (const auto found = remote(name)) return (*found)->disconnect("");
  return asked;
}

}  // namespace gw
