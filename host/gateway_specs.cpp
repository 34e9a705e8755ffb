#include "gateway_specs.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>

#include "net/tls.h"
#include "store/postgres_store.h"

namespace gw {
namespace {

std::optional<net::TlsFiles> tlsFiles(const config::Tls& tls) {
  if (!tls.enabled) return std::nullopt;
  return net::TlsFiles{tls.certificateFile, tls.keyFile, tls.clientCaFile};
}

store::PostgresOptions postgresOptions(const config::Postgres& postgres) {
  store::PostgresOptions out;
  out.host = postgres.host;
  out.port = postgres.port;
  out.database = postgres.database;
  out.user = postgres.user;
  out.passwordFile = postgres.passwordFile;
  out.sslMode = postgres.sslMode;
  out.caFile = postgres.caFile;
  out.connectTimeout = std::chrono::milliseconds(postgres.connectMs);
  out.statementTimeout = std::chrono::milliseconds(postgres.statementMs);
  return out;
}

uint64_t cgroupLimit() {
  std::ifstream file("/sys/fs/cgroup/memory.max");
  uint64_t bytes = 0;
  return file >> bytes ? bytes : UINT64_MAX;  // "max", or no such file: no limit
}

}  // namespace

std::unique_ptr<store::StoreFactory> storeFactory(const config::GatewayConfig& config) {
  const auto durability = config.durability == "strict" ? store::Durability::kStrict : store::Durability::kRelaxed;
  if (config.storeDriver == "postgres") return store::postgresFactory(postgresOptions(config.postgres), durability);
  return store::sqliteFactory(config::statePath(config, config.storeFile), durability);
}

std::unique_ptr<store::StoreCare> storeCare(const config::GatewayConfig& config) {
  if (config.storeDriver == "postgres") return store::postgresCare(postgresOptions(config.postgres));
  return store::sqliteCare(config::statePath(config, config.storeFile));
}

std::string storePlace(const config::GatewayConfig& config) {
  if (config.storeDriver == "postgres") return store::placeOf(postgresOptions(config.postgres));
  return config::statePath(config, config.storeFile);
}

uint64_t memoryLimit(const config::Limits& limits) {
  if (limits.memoryBytes > 0) return limits.memoryBytes;
  const auto machine = static_cast<uint64_t>(sysconf(_SC_PHYS_PAGES)) * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
  return std::min<uint64_t>(1ull << 30, std::min(machine, cgroupLimit()) / 2);
}

net::ConnectionLimits connectionLimits(const config::Limits& limits) {
  net::ConnectionLimits out;
  out.softBytes = static_cast<uint32_t>(limits.softBytes);
  out.lowBytes = static_cast<uint32_t>(limits.softBytes / 4);
  out.hardBytes = static_cast<uint32_t>(limits.hardBytes);
  out.stallMs = static_cast<uint32_t>(limits.stallMs);
  out.tlsHandshakeMs = static_cast<uint32_t>(limits.handshakeMs);
  return out;
}

session::SessionLimits sessionLimits(const config::Limits& limits) {
  session::SessionLimits out;
  out.sessions = limits.sessions;
  out.sessionsPerUser = limits.sessionsPerUser;
  out.connectionsPerChannel = limits.connectionsPerUserAndChannel;
  out.commandRate = limits.commandRate;
  out.commandBurst = limits.commandBurst;
  out.userCommandRate = limits.commandRatePerUser;
  out.userCommandBurst = limits.commandBurstPerUser;
  out.disconnectedPerUser = limits.disconnectedPerUser;
  out.unitRate = limits.unitRate;
  out.unitBurst = limits.unitBurst;
  out.loginMs = limits.loginMs;
  out.loginAnsweringMs = limits.loginMs * 3;
  out.idleMs = limits.idleMs;
  out.idleWarnMs = limits.idleWarnMs;
  out.lifetimeMs = limits.lifetimeMs;
  out.exemptUsers = limits.exemptUsers;
  out.resumeWindowMs = limits.resumeWindowMs;
  out.inMemoryMs = limits.sessionInMemoryMs;
  out.preAuthBytes = limits.preAuthBytes;
  out.maxPayloadBytes = limits.maxPayloadBytes;
  out.softBytes = limits.softBytes;
  out.memoryBytes = memoryLimit(limits);
  out.unauthenticatedPerAddress = limits.unauthenticatedPerAddress;
  out.log = {limits.eventLogEvents, limits.eventLogBytes};
  return out;
}

session::AdmissionLimits admissionLimits(const config::Limits& limits) {
  session::AdmissionLimits out;
  out.connections = limits.connections;
  out.perAddress = limits.connectionsPerAddress;
  out.unauthenticatedPerAddress = limits.unauthenticatedPerAddress;
  out.ratePerAddress = limits.connectionRatePerAddress;
  out.burstPerAddress = limits.connectionBurstPerAddress;
  out.exemptAddresses = limits.exemptAddresses;
  return out;
}

net::ListenAddress listenAddress(const config::Bind& bind) {
  if (bind.bind == "loopback") return {{"127.0.0.1", "::1"}, bind.port};
  if (bind.bind == "lan") return {{"0.0.0.0", "::"}, bind.port};
  return {{bind.bind}, bind.port};
}

net::HttpRules httpRules(const config::HttpListener& listener) {
  net::HttpRules rules;
  rules.allowedHosts = listener.allowedHosts;
  rules.allowedOrigins = listener.allowedOrigins;
  return rules;
}

std::vector<channel::AccountSpec> accountSpecs(const config::GatewayConfig& config) {
  std::vector<channel::AccountSpec> out;
  for (const config::Account& account : config.accounts) {
    channel::AccountSpec spec;
    spec.channelId = account.channel;
    spec.accountId = account.account;
    spec.enabled = account.enabled;
    if (account.hasListen) spec.listen = listenAddress(account.listen);
    spec.tls = tlsFiles(account.tls);
    spec.proxy = {account.proxyProtocol, AddressBlocks(account.trustedProxies)};
    spec.http = account.http;
    spec.roles = account.roles;
    spec.commandRate = account.commandRate;
    spec.commandBurst = account.commandBurst;
    spec.optionsJson = account.optionsJson;
    out.push_back(std::move(spec));
  }
  return out;
}

lobby::LobbyOptions lobbyOptions(const config::Lobby& lobby) {
  lobby::LobbyOptions out;
  out.registration = lobby.registration;
  out.guests = lobby.guests;
  out.welcome = lobby.welcome;
  out.rooms = lobby.rooms;
  out.reservedNames = lobby.reservedNames;
  out.registrationsPerHour = lobby.registrationsPerHour;
  out.guestsPerHour = lobby.guestsPerHour;
  return out;
}

link::LinkOptions linkOptions(const config::GatewayConfig& config) {
  const config::Backend& backend = config.backend;
  link::LinkOptions out;
  out.name = backend.name;
  if (!backend.socket.empty()) out.socketPath = config::statePath(config, backend.socket);
  out.hasTcp = backend.tcp;
  out.host = listenAddress(backend.listen).hosts.front();
  out.port = backend.listen.port;
  out.heartbeatMs = backend.heartbeatMs;
  out.callTimeoutMs = backend.callMs;
  out.maxQueued = backend.queue;
  return out;
}

}  // namespace gw
