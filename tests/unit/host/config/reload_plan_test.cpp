#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/gateway_config.h"

namespace gw::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

const char* const kBase = R"({"http": [{"name": "main"}], "accounts": [
  {"channel": "telnet", "listen": {"port": 4000}}, {"channel": "sse", "http": "main"}]})";

TEST(ReloadPlan, IsEmptyForTheSameConfiguration) {
  const ReloadPlan plan = planReload(parse(kBase, "a"), parse(kBase, "b"));
  EXPECT_THAT(plan.live, IsEmpty());
  EXPECT_THAT(plan.needRestart, IsEmpty());
}

TEST(ReloadPlan, TakesAPathForTheSameHoweverItIsWritten) {
  const char* const text = R"({"stateDir": "state", "plugins": {"dirs": ["plugins"]}, "web": {"dir": "web"},
    "http": [{"name": "main", "tls": {"certificateFile": "c.pem", "keyFile": "k.pem"}}]})";
  const auto next = parse(text, "/etc/gatehouse/gateway.json");
  const auto running = withAbsolutePaths(next);
  EXPECT_EQ(running.stateDir, "/etc/gatehouse/state");
  EXPECT_EQ(running.adminSocket, "/etc/gatehouse/state/admin.sock");
  EXPECT_EQ(running.http[0].tls.keyFile, "/etc/gatehouse/k.pem");
  EXPECT_EQ(running.http[0].tls.clientCaFile, "");
  EXPECT_THAT(planReload(running, next).needRestart, IsEmpty());
  EXPECT_THAT(planReload(running, parse(text, "/srv/gateway.json")).needRestart, testing::Contains("/stateDir"));
}

TEST(ReloadPlan, IgnoresTheOrderOfAccounts) {
  const auto next = parse(R"({"http": [{"name": "main"}], "accounts": [
    {"channel": "sse", "http": "main"}, {"channel": "telnet", "listen": {"port": 4000}}]})",
                          "b");
  EXPECT_THAT(planReload(parse(kBase, "a"), next).needRestart, IsEmpty());
}

TEST(ReloadPlan, AppliesLimitsLive) {
  auto next = parse(kBase, "b");
  next.limits.commandBurst = 99;
  next.lobby.guests = true;
  next.accounts[1].enabled = false;
  next.http[0].allowedOrigins = {"https://a.example"};
  const ReloadPlan plan = planReload(parse(kBase, "a"), next);
  EXPECT_THAT(plan.live, testing::UnorderedElementsAre("/limits/commandBurst", "/lobby/guests",
                                                       "/accounts/sse:default/enabled", "/http/main/allowedOrigins"));
  EXPECT_THAT(plan.needRestart, IsEmpty());
}

TEST(ReloadPlan, ListsWhatNeedsARestart) {
  auto next = parse(kBase, "b");
  next.loops = 7;
  next.accounts[0].listen.port = 4001;
  next.accounts.push_back(next.accounts[0]);
  next.accounts[2].account = "second";
  const ReloadPlan plan = planReload(parse(kBase, "a"), next);
  EXPECT_THAT(plan.live, IsEmpty());
  EXPECT_THAT(plan.needRestart,
              ElementsAre("/loops", "/accounts/telnet:default/listen/port", "/accounts/telnet:second"));
}

TEST(ReloadPlan, ListsLimitsThatSocketsAreMadeWith) {
  auto next = parse(kBase, "b");
  next.limits.softBytes = 2 << 20;
  next.accounts[0].optionsJson = R"({"x":1})";
  const ReloadPlan plan = planReload(parse(kBase, "a"), next);
  EXPECT_THAT(plan.live, ElementsAre("/accounts/telnet:default/options/x"));
  EXPECT_THAT(plan.needRestart, ElementsAre("/limits/softQueue"));
}

TEST(ReloadPlan, ListsARemovedAccount) {
  auto next = parse(kBase, "b");
  next.accounts.pop_back();
  EXPECT_THAT(planReload(parse(kBase, "a"), next).needRestart, ElementsAre("/accounts/sse:default"));
}

}  // namespace
}  // namespace gw::config
