#pragma once
// Every key of the configuration file, once: its name, its place and its range. A visitor is either
// ObjectReader (JSON to values) or ObjectWriter (values to JSON). Rules that span several keys are in
// validate.cpp; what each key means for an operator is in docs/operators/configuration.md.

#include "config/gateway_config.h"

namespace gw::config {

inline constexpr uint64_t kSecond = 1000;
inline constexpr uint64_t kMinute = 60 * kSecond;
inline constexpr uint64_t kHour = 60 * kMinute;
inline constexpr uint64_t kDay = 24 * kHour;
inline constexpr uint64_t kKiB = 1024;
inline constexpr uint64_t kMiB = 1024 * kKiB;
inline constexpr uint64_t kGiB = 1024 * kMiB;
inline constexpr int64_t kMillion = 1'000'000;

template <typename Visitor>
void describe(Visitor& v, Bind& bind) {
  v.text("bind", bind.bind);
  v.integer("port", bind.port, 0, 65535);
}

template <typename Visitor>
void describe(Visitor& v, Tls& tls) {
  v.flag("enabled", tls.enabled);
  v.text("certificateFile", tls.certificateFile);
  v.text("keyFile", tls.keyFile);
  v.text("clientCaFile", tls.clientCaFile);
}

template <typename Visitor>
void describe(Visitor& v, HttpListener& listener) {
  v.text("name", listener.name);
  v.object("listen", [&](auto& o) { describe(o, listener.listen); });
  v.optional("tls", listener.tls.enabled, [&](auto& o) { describe(o, listener.tls); });
  v.flag("proxyProtocol", listener.proxyProtocol);
  v.texts("trustedProxies", listener.trustedProxies);
  v.choice("forwardedHeader", listener.forwardedHeader, {"x-forwarded-for", "forwarded"});
  v.flag("insecureBeyondLoopback", listener.insecureBeyondLoopback);
  v.texts("allowedHosts", listener.allowedHosts);
  v.texts("allowedOrigins", listener.allowedOrigins);
  v.flag("playClient", listener.playClient);
}

template <typename Visitor>
void describe(Visitor& v, Account& account) {
  v.text("channel", account.channel);
  v.text("account", account.account);
  v.flag("enabled", account.enabled);
  v.optional("listen", account.hasListen, [&](auto& o) { describe(o, account.listen); });
  v.optional("tls", account.tls.enabled, [&](auto& o) { describe(o, account.tls); });
  v.flag("proxyProtocol", account.proxyProtocol);
  v.texts("trustedProxies", account.trustedProxies);
  v.flag("insecureBeyondLoopback", account.insecureBeyondLoopback);
  v.text("http", account.http);
  v.texts("roles", account.roles);
  v.number("commandRate", account.commandRate, 0, 1e6);
  v.integer("commandBurst", account.commandBurst, 0, kMillion);
  v.raw("options", account.optionsJson);
}

template <typename Visitor>
void describeCounts(Visitor& v, Limits& limits) {
  v.integer("connections", limits.connections, 1, kMillion);
  v.integer("sessions", limits.sessions, 1, kMillion);
  v.integer("sessionsPerUser", limits.sessionsPerUser, 1, kMillion);
  v.integer("connectionsPerUserAndChannel", limits.connectionsPerUserAndChannel, 1, kMillion);
  v.integer("disconnectedPerUser", limits.disconnectedPerUser, 1, kMillion);
  v.integer("unauthenticatedPerAddress", limits.unauthenticatedPerAddress, 1, kMillion);
  v.integer("connectionsPerAddress", limits.connectionsPerAddress, 1, kMillion);
  v.number("connectionRatePerAddress", limits.connectionRatePerAddress, 0.01, 1e6);
  v.integer("connectionBurstPerAddress", limits.connectionBurstPerAddress, 1, kMillion);
  v.number("commandRate", limits.commandRate, 0.01, 1e6);
  v.integer("commandBurst", limits.commandBurst, 1, kMillion);
  v.number("commandRatePerUser", limits.commandRatePerUser, 0.01, 1e6);
  v.integer("commandBurstPerUser", limits.commandBurstPerUser, 1, kMillion);
  v.number("unitRate", limits.unitRate, 0.01, 1e6);
  v.integer("unitBurst", limits.unitBurst, 1, kMillion);
  v.texts("exemptAddresses", limits.exemptAddresses);
  v.texts("exemptUsers", limits.exemptUsers);
}

template <typename Visitor>
void describe(Visitor& v, Limits& limits) {
  describeCounts(v, limits);
  v.duration("handshakeTimeout", limits.handshakeMs, 100, kHour);
  v.duration("loginTimeout", limits.loginMs, kSecond, kDay);
  v.duration("idleTimeout", limits.idleMs, 0, 30 * kDay);
  v.duration("idleWarning", limits.idleWarnMs, 0, kDay);
  v.duration("sessionLifetime", limits.lifetimeMs, 0, 365 * kDay);
  v.duration("resumeWindow", limits.resumeWindowMs, kSecond, 30 * kDay);
  v.duration("sessionInMemory", limits.sessionInMemoryMs, 0, 30 * kDay);
  v.duration("stallTimeout", limits.stallMs, kSecond, kHour);
  v.integer("eventLogEvents", limits.eventLogEvents, 1, kMillion);
  v.size("eventLogSize", limits.eventLogBytes, 4 * kKiB, kGiB);
  v.size("preAuthMessageSize", limits.preAuthBytes, kKiB, 64 * kMiB);
  v.size("messageSize", limits.maxPayloadBytes, kKiB, 64 * kMiB);
  v.size("softQueue", limits.softBytes, 4 * kKiB, kGiB);
  v.size("hardQueue", limits.hardBytes, 4 * kKiB, kGiB);
  v.size("sendBuffer", limits.sendBufferBytes, 4 * kKiB, 64 * kMiB);
  v.sizeOrAuto("memory", limits.memoryBytes, 16 * kMiB, 1024 * kGiB);
}

template <typename Visitor>
void describe(Visitor& v, Lobby& lobby) {
  v.flag("registration", lobby.registration);
  v.flag("guests", lobby.guests);
  v.text("welcome", lobby.welcome);
  v.texts("rooms", lobby.rooms);
  v.texts("reservedNames", lobby.reservedNames);
  v.integer("registrationsPerHour", lobby.registrationsPerHour, 1, kMillion);
  v.integer("guestsPerHour", lobby.guestsPerHour, 1, kMillion);
}

template <typename Visitor>
void describe(Visitor& v, Backend& backend) {
  v.choice("mode", backend.mode, {"lobby", "link"});
  v.text("name", backend.name);
  v.text("socket", backend.socket);
  v.object("listen", [&](auto& o) {
    o.flag("enabled", backend.tcp);
    describe(o, backend.listen);
  });
  v.duration("heartbeat", backend.heartbeatMs, 100, kHour);
  v.duration("callTimeout", backend.callMs, 100, kHour);
  v.integer("queue", backend.queue, 1, kMillion);
}

template <typename Visitor>
void describe(Visitor& v, LogSettings& log) {
  v.choice("level", log.level, {"debug", "info", "warn", "error"});
  v.flag("json", log.json);
  v.text("file", log.file);
}

template <typename Visitor>
void describe(Visitor& v, Postgres& postgres) {
  v.text("host", postgres.host);
  v.integer("port", postgres.port, 1, 65535);
  v.text("database", postgres.database);
  v.text("user", postgres.user);
  v.text("passwordFile", postgres.passwordFile);
  v.choice("sslMode", postgres.sslMode, {"disable", "prefer", "require", "verify-ca", "verify-full"});
  v.text("caFile", postgres.caFile);
  v.duration("connectTimeout", postgres.connectMs, 2 * kSecond, kMinute);
  v.duration("statementTimeout", postgres.statementMs, 100, 10 * kMinute);
}

template <typename Visitor>
void describeStore(Visitor& v, GatewayConfig& config) {
  v.choice("driver", config.storeDriver, {"sqlite", "postgres"});
  v.text("file", config.storeFile);
  v.choice("durability", config.durability, {"relaxed", "strict"});
  v.choice("onOutage", config.onOutage, {"stall", "relax"});
  v.duration("relaxAfter", config.relaxAfterMs, kSecond, kHour);
  v.integer("workers", config.storeWorkers, 1, 64);
  v.object("postgres", [&](auto& o) { describe(o, config.postgres); });
}

template <typename Visitor>
void describeAdmin(Visitor& v, GatewayConfig& config) {
  v.text("socket", config.adminSocket);
  v.object("tcp", [&](auto& o) {
    o.flag("enabled", config.adminTcpEnabled);
    describe(o, config.adminTcp);
  });
}

template <typename Visitor>
void describe(Visitor& v, GatewayConfig& config) {
  v.text("stateDir", config.stateDir);
  v.text("gatewayId", config.gatewayId);
  v.integer("loops", config.loops, 0, 256);
  v.integer("hashThreads", config.hashThreads, 1, 16);
  v.object("store", [&](auto& o) { describeStore(o, config); });
  v.object("plugins", [&](auto& o) { o.texts("dirs", config.pluginDirs); });
  v.object("web", [&](auto& o) { o.text("dir", config.webDir); });
  v.list("http", config.http, [](auto& o, HttpListener& listener) { describe(o, listener); });
  v.list("accounts", config.accounts, [](auto& o, Account& account) { describe(o, account); });
  v.object("limits", [&](auto& o) { describe(o, config.limits); });
  v.object("lobby", [&](auto& o) { describe(o, config.lobby); });
  v.object("backend", [&](auto& o) { describe(o, config.backend); });
  v.object("admin", [&](auto& o) { describeAdmin(o, config); });
  v.object("log", [&](auto& o) { describe(o, config.log); });
  v.object("shutdown", [&](auto& o) {
    o.duration("grace", config.shutdownGraceMs, 0, kHour);
    o.duration("storeFlush", config.storeFlushMs, kSecond, kHour);
  });
  v.object("health", [&](auto& o) { o.duration("interval", config.healthIntervalMs, kSecond, kHour); });
}

}  // namespace gw::config
