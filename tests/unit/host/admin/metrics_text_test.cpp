#include "admin/metrics_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace gw::admin {
namespace {

using testing::HasSubstr;
using testing::Not;

MetricsSource source() {
  MetricsSource out;
  out.status.sessionsPlaying = 12;
  out.status.refused = {{"connectionsPerAddress", 5}};
  ChannelSnapshot telnet;
  telnet.channelId = "telnet";
  telnet.accountId = "default";
  telnet.connections = 7;
  out.status.health.accounts.push_back(telnet);
  return out;
}

TEST(MetricsText, SaysWhatTheGatewayHolds) {
  const std::string text = metricsText(source());
  EXPECT_THAT(text, HasSubstr("# TYPE gatehouse_sessions_playing gauge\ngatehouse_sessions_playing 12\n"));
  EXPECT_THAT(text, HasSubstr("gatehouse_connections{account=\"telnet:default\"} 7\n"));
  EXPECT_THAT(text, HasSubstr("# TYPE gatehouse_refused_total counter\n"
                              "gatehouse_refused_total{reason=\"connectionsPerAddress\"} 5\n"));
}

TEST(MetricsText, SaysNothingOfALinkThatIsNotThere) {
  MetricsSource lobby = source();
  lobby.backends.push_back({"lobby", false, {}});
  EXPECT_THAT(metricsText(lobby), Not(HasSubstr("gatehouse_backend_")));
}

TEST(MetricsText, CountsTheLinksCallsQueuesAndReconnects) {
  MetricsSource linked = source();
  BackendSnapshot world{"world", true, {}};
  world.link.state = link::LinkState::kDegraded;
  world.link.connects = 3;
  world.link.calls = 9;
  world.link.callsTimedOut = 1;
  world.link.connections.resize(2);
  world.link.connections[0].queuedFrames = 4;
  world.link.connections[1].queuedFrames = 6;
  linked.backends.push_back(world);
  const std::string text = metricsText(linked);
  for (const char* line :
       {"gatehouse_backend_up 1\n", "gatehouse_backend_connections 2\n", "gatehouse_backend_reconnects_total 2\n",
        "gatehouse_backend_calls_total 9\n", "gatehouse_backend_calls_failed_total{reason=\"timeout\"} 1\n",
        "gatehouse_backend_queued_frames 10\n"})
    EXPECT_THAT(text, HasSubstr(line));
}

TEST(MetricsText, TheHistogramOfCallsIsCumulativeAndInSeconds) {
  MetricsSource linked = source();
  BackendSnapshot world{"world", true, {}};
  world.link.latency[0] = 5;      // up to 1 ms
  world.link.latency[1] = 2;      // up to 2 ms
  world.link.latency.back() = 1;  // longer than all bounds
  world.link.answeredMs = 12'008;
  linked.backends.push_back(world);
  const std::string text = metricsText(linked);
  for (const char* line :
       {"# TYPE gatehouse_backend_call_seconds histogram\n", "gatehouse_backend_call_seconds_count 8\n",
        "gatehouse_backend_call_seconds_sum 12.008", "gatehouse_backend_call_seconds_bucket{le=\"0.001\"} 5\n",
        "gatehouse_backend_call_seconds_bucket{le=\"0.002\"} 7\n",
        "gatehouse_backend_call_seconds_bucket{le=\"10\"} 7\n",
        "gatehouse_backend_call_seconds_bucket{le=\"+Inf\"} 8\n"})
    EXPECT_THAT(text, HasSubstr(line));
}

TEST(MetricsText, APluginsMetricIsOneFamilyWithItsAccounts) {
  MetricsSource plugins = source();
  plugins.plugins = {{"telnet:default", "telnet_lines_cut_total", "Lines above the limit", false, 3},
                     {"telnet:default", "telnet_open_windows", "Windows", true, -1},
                     {"telnet:tls", "telnet_lines_cut_total", "Lines above the limit", false, 4}};
  const std::string text = metricsText(plugins);
  EXPECT_THAT(text, HasSubstr("# HELP gatehouse_plugin_telnet_lines_cut_total Lines above the limit\n"
                              "# TYPE gatehouse_plugin_telnet_lines_cut_total counter\n"
                              "gatehouse_plugin_telnet_lines_cut_total{account=\"telnet:default\"} 3\n"
                              "gatehouse_plugin_telnet_lines_cut_total{account=\"telnet:tls\"} 4\n"));
  EXPECT_THAT(text, HasSubstr("gatehouse_plugin_telnet_open_windows{account=\"telnet:default\"} -1\n"));
}

TEST(MetricsText, WhatAPluginSaysCannotBreakALine) {
  MetricsSource plugins = source();
  plugins.plugins = {{"a\"b\n:c", "name_total", "Help\nwith \\ lines\x1b\xc3", false, 1}};
  const std::string text = metricsText(plugins);
  EXPECT_THAT(text, HasSubstr("# HELP gatehouse_plugin_name_total Help\\nwith \\\\ lines\xef\xbf\xbd\n"));
  EXPECT_THAT(text, HasSubstr("{account=\"a\\\"b\\n:c\"} 1\n"));
}

}  // namespace
}  // namespace gw::admin
