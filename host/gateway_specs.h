#pragma once
// From the configuration to the plain values that each part takes.

#include <memory>
#include <string>
#include <vector>

#include "backend/link/options.h"
#include "backend/lobby/options.h"
#include "channel/account_spec.h"
#include "config/gateway_config.h"
#include "net/connection.h"
#include "session/rate_limit.h"
#include "session/services.h"
#include "store/session_store.h"
#include "store/store_care.h"

namespace gw {

/// Of a configuration whose paths are absolute or start where the program runs.
std::unique_ptr<store::StoreFactory> storeFactory(const config::GatewayConfig& config);
std::unique_ptr<store::StoreCare> storeCare(const config::GatewayConfig& config);
/// For messages: the file, or user@host:port/database.
std::string storePlace(const config::GatewayConfig& config);
net::ConnectionLimits connectionLimits(const config::Limits& limits);
/// As configured; by default half of the machine's (or the cgroup's) memory, at most 1 GiB.
uint64_t memoryLimit(const config::Limits& limits);
session::SessionLimits sessionLimits(const config::Limits& limits);
session::AdmissionLimits admissionLimits(const config::Limits& limits);
net::ListenAddress listenAddress(const config::Bind& bind);
net::HttpRules httpRules(const config::HttpListener& listener);
std::vector<channel::AccountSpec> accountSpecs(const config::GatewayConfig& config);
lobby::LobbyOptions lobbyOptions(const config::Lobby& lobby);
link::LinkOptions linkOptions(const config::GatewayConfig& config);

}  // namespace gw
