// Gateway: the backend behind the link: its tokens, its start, and who it is to the rest.

#include <algorithm>

#include "backend/link/tokens.h"
#include "gateway_admin_ask.h"
#include "gateway_parts.h"
#include "gateway_refuse.h"
#include "gateway_specs.h"
#include "session/caller.h"

namespace gw {
namespace {

Error wrongToken() {
  return fail(ErrorCode::kUnauthorized, "this is not the token of that backend", "invalidCredentials");
}

bool hasTokenOf(const std::vector<link::BackendToken>& tokens, const std::string& name) {
  return std::any_of(tokens.begin(), tokens.end(), [&](const auto& token) { return token.name == name; });
}

}  // namespace

// Everything but the sockets: sessions of the last run wait for it from the start.
void Gateway::prepareLink() {
  Parts& parts = *parts_;
  const auto opened = orRefuse(parts.storeFactory->open());
  store::SessionStore& store = *opened;
  if (!hasTokenOf(orRefuse(link::readTokens(store)), config_.backend.name))
    refuse(config_.sourceFile + ": /backend/mode: there is no token for the backend \"" + config_.backend.name +
           "\" to come in with; make one: gwhost --config " + config_.sourceFile + " --create-backend-token " +
           config_.backend.name);
  parts.link = linkOptions(config_);
  parts.link.gatewayId = parts.services.gatewayId;
  parts.link.version = parts.services.version;
  const auto counts = orRefuse(store.getSetting(link::RemoteBackend::countsKey(config_.backend.name)));
  parts.remote = std::make_unique<link::RemoteBackend>(
      parts.link, parts.simulator, parts.clock,
      [this](const std::string& name, const std::string& token, const std::string& address) {
        return checkBackendToken(name, token, address);
      },
      counts.value_or("[]"), config_.durability == "strict");
  parts.remote->setOnChange([&parts] {
    if (auto* health = parts.healthToPoke.load()) health->poke();
  });
  parts.simulator.attach(*parts.remote);
  parts.services.backend = parts.remote.get();
  parts.services.keepsRooms = true;
}

void describeLink(const link::LinkFigures& figures, health::HealthInputs& inputs) {
  inputs.backendState = link::toString(figures.state);
  inputs.backendWhy = figures.why;
  inputs.backendSinceUs = figures.sinceUs;
}

std::string Gateway::linkAddressesJson() const {
  const link::LinkOptions& link = parts_->link;
  std::string out;
  if (link.hasTcp) {
    const std::string host = link.host.find(':') == std::string::npos ? link.host : "[" + link.host + "]";
    out = session::jsonString("ws://" + host + ":" + std::to_string(parts_->linkServer->port()) + "/backend");
  }
  if (!link.socketPath.empty()) out += (out.empty() ? "" : ",") + session::jsonString("unix:" + link.socketPath);
  return "[" + out + "]";
}

void Gateway::startLink() {
  Parts& parts = *parts_;
  if (!parts.remote) return;
  parts.linkServer = orRefuse(link::LinkServer::start(parts.link, *parts.remote));
}

// [link] Its thread may wait for the store.
Result<link::LinkGrant> Gateway::checkBackendToken(const std::string& name, const std::string& token,
                                                   const std::string& address) {
  Parts& parts = *parts_;
  auto answer = std::make_shared<Awaited<Result<link::LinkGrant>>>();
  auto grant = std::make_shared<Result<link::LinkGrant>>(wrongToken());
  parts.store->submit(
      0,
      [grant, name, token](store::SessionStore& store) -> Result<void> {
        const auto tokens = link::readTokens(store);
        if (!tokens) return tokens.error();
        const link::BackendToken* found = link::matching(*tokens, name, token);
        if (found) *grant = found->grant;
        return {};
      },
      [grant, answer](Result<void> read) { answer->set(read ? *grant : Result<link::LinkGrant>(read.error())); });
  const auto result = answer->wait();
  if (!result) return fail(ErrorCode::kUnavailable, "the store does not answer");
  if (*result || result->error().code != ErrorCode::kUnauthorized) return *result;
  if (const auto retryAfterMs = parts.wrongBackendTokens.note(address)) {
    Error tooMany = fail(ErrorCode::kRateLimited, "too many wrong tokens from this address");
    tooMany.retryAfterMs = *retryAfterMs;
    return tooMany;
  }
  return *result;
}

std::string Gateway::createBackendToken(const std::string& name, const link::LinkGrant& grant) {
  openState();
  const auto store = orRefuse(storeFactory(config_)->open());
  return orRefuse(link::createToken(*store, name, grant, parts_->clock.wallUs()));
}

}  // namespace gw
