#include "config/gateway_config.h"

#include <gtest/gtest.h>

namespace gw::config {
namespace {

TEST(GatewayConfig, GivesTheDefaultsForAnEmptyFile) {
  const GatewayConfig config = parse("{}", "x.json");
  const GatewayConfig defaults;
  EXPECT_EQ(config.sourceFile, "x.json");
  EXPECT_EQ(config.stateDir, defaults.stateDir);
  EXPECT_EQ(config.limits.connections, defaults.limits.connections);
  EXPECT_EQ(config.limits.idleMs, defaults.limits.idleMs);
  EXPECT_TRUE(config.accounts.empty());
  EXPECT_TRUE(config.http.empty());
}

TEST(GatewayConfig, ReadsEveryKindOfValue) {
  const GatewayConfig config = parse(R"({
    "stateDir": "/var/lib/gatehouse", "loops": 3, "gatewayId": "gw-1",
    "store": {"driver": "postgres", "file": "x.db", "durability": "strict", "onOutage": "relax",
              "relaxAfter": "7s", "workers": 4,
              "postgres": {"host": "::1", "port": 5433, "passwordFile": "pg.password", "connectTimeout": "3s"}},
    "http": [{"name": "main", "listen": {"bind": "::1", "port": 8080}, "allowedOrigins": ["https://play.example.org"]}],
    "accounts": [
      {"channel": "telnet", "account": "tls", "listen": {"bind": "lan", "port": 4001},
       "tls": {"certificateFile": "c.pem", "keyFile": "k.pem"}, "roles": ["player", "operator"],
       "options": {"width": 80, "nested": {"a": [1, 2]}}},
      {"channel": "sse", "http": "main", "enabled": false}],
    "limits": {"commandRate": 2.5, "commandBurst": 7, "idleTimeout": "0s", "eventLogSize": "2MiB", "memory": "64MiB",
               "exemptAddresses": ["192.0.2.0/24", "2001:db8::/32"]},
    "lobby": {"registration": false, "rooms": ["hall", "garden"]},
    "admin": {"socket": "/run/gatehouse/admin.sock", "tcp": {"enabled": true, "port": 0}},
    "log": {"level": "debug", "json": true},
    "shutdown": {"grace": "2s"}, "health": {"interval": "5s"}})",
                                     "x.json");
  EXPECT_EQ(config.loops, 3);
  EXPECT_EQ(config.storeFile, "x.db");
  EXPECT_EQ(config.durability, "strict");
  EXPECT_EQ(config.onOutage, "relax");
  EXPECT_EQ(config.relaxAfterMs, 7'000u);
  EXPECT_EQ(config.storeDriver, "postgres");
  EXPECT_EQ(config.postgres.host, "::1");
  EXPECT_EQ(config.postgres.port, 5433);
  EXPECT_EQ(config.postgres.connectMs, 3000U);
  EXPECT_EQ(resolvePath(config, config.postgres.passwordFile), "pg.password");
  ASSERT_EQ(config.http.size(), 1U);
  EXPECT_EQ(config.http[0].listen.port, 8080);
  EXPECT_EQ(config.http[0].allowedHosts.size(), 3U);
  ASSERT_EQ(config.accounts.size(), 2U);
  EXPECT_EQ(config.accounts[0].id(), "telnet:tls");
  EXPECT_TRUE(config.accounts[0].tls.enabled);
  EXPECT_TRUE(config.accounts[0].hasListen);
  EXPECT_EQ(config.accounts[0].optionsJson, R"({"width":80,"nested":{"a":[1,2]}})");
  EXPECT_FALSE(config.accounts[1].enabled);
  EXPECT_FALSE(config.accounts[1].hasListen);
  EXPECT_EQ(config.accounts[1].account, "default");
  EXPECT_DOUBLE_EQ(config.limits.commandRate, 2.5);
  EXPECT_EQ(config.limits.idleMs, 0U);
  EXPECT_EQ(config.limits.eventLogBytes, 2U << 20);
  EXPECT_EQ(config.limits.memoryBytes, 64U << 20);
  EXPECT_FALSE(config.lobby.registration);
  EXPECT_TRUE(config.adminTcpEnabled);
  EXPECT_EQ(config.adminTcp.port, 0);
  EXPECT_EQ(config.shutdownGraceMs, 2000U);
  EXPECT_EQ(config.healthIntervalMs, 5000U);
}

TEST(GatewayConfig, SwitchesTlsOffByItsOwnKey) {
  const GatewayConfig config = parse(
      R"({"http": [{"name": "main", "tls": {"enabled": false, "certificateFile": "c.pem", "keyFile": "k.pem"}}]})",
      "x");
  EXPECT_FALSE(config.http[0].tls.enabled);
}

TEST(GatewayConfig, WritesWhatItReads) {
  const std::string text = R"({
    "http": [{"name": "main", "listen": {"bind": "lan", "port": 443},
              "tls": {"certificateFile": "c.pem", "keyFile": "k.pem"}}],
    "accounts": [{"channel": "telnet", "listen": {"port": 4000}, "options": {"a": 1}},
                 {"channel": "websocket", "http": "main"}],
    "lobby": {"registration": true}, "limits": {"commandRate": 0.5, "memory": "1GiB"}})";
  const std::string once = toJson(parse(text, "x"));
  EXPECT_EQ(toJson(parse(once, "x")), once);
  EXPECT_NE(once.find("\"keyFile\": \"k.pem\""), std::string::npos);
  EXPECT_NE(once.find("\"commandRate\": 0.5"), std::string::npos);
  EXPECT_NE(once.find("\"idleTimeout\": \"10m\""), std::string::npos);
}

TEST(GatewayConfig, WritesOptionsThatAreNoJsonAsEmpty) {
  GatewayConfig config;
  config.accounts.push_back({});
  config.accounts[0].optionsJson = "{broken";
  EXPECT_NE(toJson(config).find("\"options\": {}"), std::string::npos);
}

TEST(GatewayConfig, ResolvesPathsAgainstTheFilesFolder) {
  GatewayConfig config;
  config.sourceFile = "/etc/gatehouse/gateway.json";
  EXPECT_EQ(resolvePath(config, "plugins"), "/etc/gatehouse/plugins");
  EXPECT_EQ(resolvePath(config, "/opt/x"), "/opt/x");
  EXPECT_EQ(resolvePath(config, ""), "");
  EXPECT_EQ(statePath(config, ""), "/etc/gatehouse/state");
  EXPECT_EQ(statePath(config, "gateway.db"), "/etc/gatehouse/state/gateway.db");
  EXPECT_EQ(statePath(config, "/tmp/x.db"), "/tmp/x.db");
  EXPECT_EQ(adminSocketPath(config), "/etc/gatehouse/state/admin.sock");
  config.adminSocket = "run/admin.sock";
  EXPECT_EQ(adminSocketPath(config), "/etc/gatehouse/run/admin.sock");
  config.sourceFile = "gateway.json";
  EXPECT_EQ(resolvePath(config, "plugins"), "plugins");
}

TEST(GatewayConfig, KnowsLoopback) {
  for (const char* bind : {"loopback", "127.0.0.1", "127.9.9.9", "::1"}) EXPECT_TRUE(isLoopback(bind)) << bind;
  for (const char* bind : {"lan", "0.0.0.0", "::", "192.0.2.1", "127.evil"}) EXPECT_FALSE(isLoopback(bind)) << bind;
}

TEST(GatewayConfig, AcceptsExposureWithTlsOrInPlainWords) {
  EXPECT_NO_THROW(parse(R"({"lobby": {"registration": false}, "accounts": [
    {"channel": "telnet", "listen": {"bind": "lan", "port": 1}, "insecureBeyondLoopback": true}]})",
                        "x"));
  EXPECT_NO_THROW(parse(R"({"lobby": {"registration": false}, "http": [
    {"name": "main", "listen": {"bind": "0.0.0.0"}, "tls": {"certificateFile": "c", "keyFile": "k"}}]})",
                        "x"));
}

TEST(GatewayConfig, AcceptsKeysThatNameASecretsPlace) {
  EXPECT_NO_THROW(parse(R"({"accounts": [{"channel": "telnet", "listen": {"port": 1},
    "options": {"tokenFile": "t", "passwordEnv": "P", "secretFile": "s", "allowPassword": true}}]})",
                        "x"));
}

}  // namespace
}  // namespace gw::config
