// The files in config/ are part of the product: they load, say what the documents say, and the schema
// and the annotated example know exactly the keys that the gateway reads.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>

#include "config/gateway_config.h"

namespace gw::config {
namespace {

using nlohmann::json;

std::string read(const std::string& name) {
  std::ifstream in(std::string(GW_CONFIG_FOLDER) + "/" + name);
  EXPECT_TRUE(in) << name;
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// A configuration in which every optional part is present, so that toJson names every key.
json everyKey() {
  GatewayConfig config;
  config.http.push_back({});
  config.http[0].tls = {true, "c.pem", "k.pem", ""};
  config.accounts.push_back({});
  config.accounts[0].hasListen = true;
  config.accounts[0].tls = {true, "c.pem", "k.pem", ""};
  return json::parse(toJson(config));
}

void collectKeys(const json& value, const std::string& path, std::set<std::string>& keys) {
  if (value.is_array() && !value.empty() && value[0].is_object()) {
    for (const json& item : value) collectKeys(item, path + "/*", keys);
  }
  if (!value.is_object()) return;
  for (const auto& item : value.items()) {
    if (item.key() == "$schema") continue;
    keys.insert(path + "/" + item.key());
    if (item.key() != "options") collectKeys(item.value(), path + "/" + item.key(), keys);
  }
}

void collectSchemaKeys(const json& schema, const std::string& path, std::set<std::string>& keys) {
  if (schema.contains("items")) collectSchemaKeys(schema["items"], path + "/*", keys);
  if (!schema.contains("properties")) return;
  EXPECT_EQ(schema.value("additionalProperties", true), false) << path;
  for (const auto& item : schema["properties"].items()) {
    EXPECT_TRUE(item.value().contains("description")) << path << "/" << item.key();
    if (item.key() == "$schema") continue;
    keys.insert(path + "/" + item.key());
    collectSchemaKeys(item.value(), path + "/" + item.key(), keys);
  }
}

TEST(ShippedConfig, RunsAsShipped) {
  const GatewayConfig config = parse(read("gateway.json"), "gateway.json");
  ASSERT_EQ(config.accounts.size(), 3U);
  EXPECT_EQ(config.accounts[0].id(), "telnet:default");
  EXPECT_EQ(config.accounts[0].listen.port, 4000);
  EXPECT_EQ(config.accounts[1].id(), "websocket:default");
  EXPECT_EQ(config.accounts[2].id(), "sse:default");
  ASSERT_EQ(config.http.size(), 1U);
  EXPECT_EQ(config.http[0].listen.port, 18789);
  EXPECT_TRUE(config.http[0].playClient);
  EXPECT_TRUE(isLoopback(config.accounts[0].listen.bind));
  EXPECT_TRUE(isLoopback(config.http[0].listen.bind));
  EXPECT_TRUE(config.lobby.registration);
  EXPECT_FALSE(config.lobby.guests);
  EXPECT_FALSE(config.adminTcpEnabled);
}

TEST(ShippedConfig, LiftsTheLimitsForBenchmarks) {
  const GatewayConfig config = parse(read("bench.json"), "bench.json");
  EXPECT_EQ(config.accounts.size(), 3U);
  EXPECT_EQ(config.accounts[0].listen.port, 0);
  EXPECT_EQ(config.limits.connections, 1'000'000U);
  EXPECT_EQ(config.limits.sessions, 1'000'000U);
  EXPECT_EQ(config.limits.connectionsPerAddress, 1'000'000U);
  EXPECT_EQ(config.limits.commandRate, 1e6);
  EXPECT_EQ(config.limits.unitRate, 1e6);
  EXPECT_TRUE(config.lobby.guests);
  EXPECT_EQ(config.lobby.guestsPerHour, 1'000'000U);
  EXPECT_EQ(config.limits.idleMs, 0U);
}

TEST(ShippedConfig, ExplainsEveryKeyWithItsDefault) {
  // Comments are the example's only liberty; without them it is a configuration.
  const std::string text = json::parse(read("gateway.example.jsonc"), nullptr, true, true).dump();
  const GatewayConfig config = parse(text, "gateway.example.jsonc");
  std::set<std::string> known;
  std::set<std::string> shown;
  json every = everyKey();
  collectKeys(every, "", known);
  collectKeys(json::parse(text), "", shown);
  for (const char* prefix : {"/http/*/tls", "/accounts/*/tls"}) {  // explained in a comment
    std::erase_if(known, [&](const std::string& key) { return key.starts_with(prefix); });
  }
  EXPECT_EQ(shown, known);

  // The values shown are the defaults, except for the two lists.
  GatewayConfig defaults;
  defaults.http = config.http;
  defaults.accounts = config.accounts;
  EXPECT_EQ(toJson(config), toJson(defaults));
}

TEST(ShippedConfig, SchemaKnowsExactlyTheKeysThatAreRead) {
  std::set<std::string> known;
  std::set<std::string> inSchema;
  collectKeys(everyKey(), "", known);
  collectSchemaKeys(json::parse(read("gateway.schema.json")), "", inSchema);
  EXPECT_EQ(inSchema, known);
}

}  // namespace
}  // namespace gw::config
