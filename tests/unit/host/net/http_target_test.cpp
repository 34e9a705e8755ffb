#include "net/http_target.h"

#include <gtest/gtest.h>

#include "net/http_rules.h"
#include "net/http_shared.h"

namespace gw::net {
namespace {

TEST(HttpTarget, DecodesAndResolvesPaths) {
  const std::pair<const char*, const char*> golden[] = {
      {"/", "/"},          {"/a/b", "/a/b"},       {"/a/./b", "/a/b"},     {"/a/../b", "/b"},
      {"/a/b/..", "/a/"},  {"/a/b/.", "/a/b/"},    {"/a//b", "/a//b"},     {"/a%20b", "/a b"},
      {"/%61", "/a"},      {"/a%2Fb", "/a/b"},     {"/a/%2e%2e/b", "/b"},  {"/a/", "/a/"},
      {"/..%2f", nullptr}, {"/../x", nullptr},     {"/%2e%2e", nullptr},   {"/a%0", nullptr},
      {"/a%zz", nullptr},  {"/%00", nullptr},      {"/a%0d%0ab", nullptr}, {"relative", nullptr},
      {"", nullptr},       {"/a#b", nullptr},      {"ftp://h/", nullptr},  {"*", "*"},
      {"/\x01", nullptr},  {"/a?x=\x7f", nullptr}, {"/%ff", "/\xff"},      {"//evil/x", "//evil/x"},
  };
  for (const auto& [target, path] : golden) {
    const auto parsed = parseTarget(target);
    ASSERT_EQ(parsed.has_value(), path != nullptr) << target;
    if (parsed) {
      EXPECT_EQ(parsed->path, path) << target;
    }
  }
}

TEST(HttpTarget, KeepsTheQueryRaw) {
  const auto parsed = parseTarget("/a?b=%41&c=../?");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->path, "/a");
  EXPECT_EQ(parsed->query, "b=%41&c=../?");
}

TEST(HttpTarget, SplitsTheAbsoluteForm) {
  const auto parsed = parseTarget("http://localhost:80/a?b");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->authority, "localhost:80");
  EXPECT_EQ(parsed->path, "/a");
  EXPECT_EQ(parseTarget("https://localhost")->path, "/");
  EXPECT_FALSE(parseTarget("http:///x"));
  EXPECT_FALSE(parseTarget("http://h?x"));
}

TEST(HttpRules, AllowsListedHostsWithAnyPort) {
  HttpRules rules;
  rules.allowedHosts = {"localhost", "127.0.0.1", "[::1]"};
  for (const char* host : {"localhost", "LocalHost:1", "127.0.0.1:18789", "[::1]", "[::1]:80"}) {
    EXPECT_TRUE(isHostAllowed(rules, host)) << host;
  }
  for (const char* host : {"", "evil.example", "localhost.evil", "localhost:", "localhost:x", "localhost:999999",
                           "[::1", "[::1]x", ":80", "localhost:80:80"}) {
    EXPECT_FALSE(isHostAllowed(rules, host)) << host;
  }
}

TEST(HttpRules, AllowsOwnAndListedOriginsOnly) {
  HttpRules rules;
  rules.allowedHosts = {"localhost", "127.0.0.1"};
  rules.port = 18789;
  rules.allowedOrigins = {"https://game.example", "null"};
  auto allowed = [&](const char* origin, const char* host, bool isTls = false) {
    return isOriginAllowed(rules, origin, host, isTls);
  };
  EXPECT_TRUE(allowed("http://localhost:18789", "localhost:18789"));
  EXPECT_TRUE(allowed("http://127.0.0.1:18789", "localhost:18789"));
  EXPECT_TRUE(allowed("http://localhost:9000", "localhost:9000")) << "a forwarded port";
  EXPECT_TRUE(allowed("http://localhost", "localhost:80"));
  EXPECT_TRUE(allowed("https://localhost", "localhost", true));
  EXPECT_TRUE(allowed("https://game.example", "localhost:18789"));
  EXPECT_FALSE(allowed("https://game.example.evil", "localhost:18789"));
  EXPECT_FALSE(allowed("https://game.example:444", "localhost:18789"));
  EXPECT_FALSE(allowed("http://localhost:3000", "localhost:18789")) << "another program's page";
  EXPECT_FALSE(allowed("https://localhost:18789", "localhost:18789")) << "another scheme";
  EXPECT_FALSE(allowed("http://evil.example:18789", "localhost:18789"));
  EXPECT_FALSE(allowed("null", "localhost:18789"));
  EXPECT_FALSE(allowed("", "localhost:18789"));
  EXPECT_FALSE(allowed("http://", "localhost:18789"));
}

HttpRoute route(const char* method, const char* path, bool cors = false) {
  HttpRoute r;
  r.method = method;
  r.path = path;
  r.cors = cors;
  return r;
}

TEST(MatchRoute, PrefersExactPathsAndLongerPrefixes) {
  RouteTable table;
  table.routes = {route("GET", "/*"), route("GET", "/a/*"), route("GET", "/a/b"), route("POST", "/a/b", true)};
  EXPECT_EQ(matchRoute(table, "GET", "/a/b").route, &table.routes[2]);
  EXPECT_EQ(matchRoute(table, "HEAD", "/a/b").route, &table.routes[2]);
  EXPECT_EQ(matchRoute(table, "POST", "/a/b").route, &table.routes[3]);
  EXPECT_EQ(matchRoute(table, "GET", "/a/c").route, &table.routes[1]);
  EXPECT_EQ(matchRoute(table, "GET", "/ab").route, &table.routes[0]);
  EXPECT_EQ(matchRoute(table, "PUT", "/a/b").route, nullptr);
  EXPECT_EQ(matchRoute(table, "PUT", "/a/b").allow, "GET, HEAD, POST, OPTIONS");
  EXPECT_EQ(matchRoute(table, "PUT", "/ab").allow, "GET, HEAD");
  EXPECT_EQ(matchRoute(RouteTable(), "GET", "/").allow, "");
}

}  // namespace
}  // namespace gw::net
