#include "admin/metrics_text.h"

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <limits>

#include "session/text/sanitize.h"

namespace gw::admin {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;
using Families = std::vector<MetricFamily>;

struct Value {
  uint64_t value = 0;
  std::string label;  // empty: none
};

ClientMetric metricOf(MetricType type, const char* labelName, const Value& of) {
  ClientMetric metric;
  if (!of.label.empty()) metric.label.push_back({labelName, of.label});
  (type == MetricType::Counter ? metric.counter.value : metric.gauge.value) = static_cast<double>(of.value);
  return metric;
}

void add(Families& to, MetricType type, const std::string& name, const char* help, const std::vector<Value>& values,
         const char* labelName = "") {
  MetricFamily family{"gatehouse_" + name, help, type, {}};
  for (const Value& value : values) family.metric.push_back(metricOf(type, labelName, value));
  to.push_back(std::move(family));
}

void gauge(Families& to, const char* name, const char* help, uint64_t value) {
  add(to, MetricType::Gauge, name, help, {{value, {}}});
}

void counter(Families& to, const char* name, const char* help, uint64_t value) {
  add(to, MetricType::Counter, name, help, {{value, {}}});
}

void addGateway(Families& to, const StatusSnapshot& status) {
  gauge(to, "sessions_playing", "Sessions with a player in the game", status.sessionsPlaying);
  gauge(to, "sessions_disconnected", "Sessions whose player may come back", status.sessionsDisconnected);
  gauge(to, "users_online", "Users with a session that plays", status.usersOnline);
  std::vector<Value> connections, refused;
  for (const ChannelSnapshot& channel : status.health.accounts)
    connections.push_back({channel.connections, channel.channelId + ":" + channel.accountId});
  add(to, MetricType::Gauge, "connections", "Open connections", connections, "account");
  for (const auto& [limit, count] : status.refused) refused.push_back({count, limit});
  add(to, MetricType::Counter, "refused_total", "Refused by a limit", refused, "reason");
}

void addLatency(Families& to, const link::LinkFigures& link) {
  MetricFamily family{"gatehouse_backend_call_seconds", "How long answered calls took", MetricType::Histogram, {}};
  ClientMetric metric;
  auto& histogram = metric.histogram;
  for (size_t i = 0; i < link.latency.size(); ++i) {
    histogram.sample_count += link.latency[i];
    const bool hasBound = i < link::kLatencyBoundsMs.size();
    const double bound = hasBound ? link::kLatencyBoundsMs[i] / 1000.0 : std::numeric_limits<double>::infinity();
    histogram.bucket.push_back({histogram.sample_count, bound});
  }
  histogram.sample_sum = static_cast<double>(link.answeredMs) / 1000.0;
  family.metric.push_back(std::move(metric));
  to.push_back(std::move(family));
}

void addLink(Families& to, const link::LinkFigures& link) {
  uint64_t frames = 0, bytes = 0, calls = 0;
  for (const link::ConnectionFigures& connection : link.connections) {
    frames += connection.queuedFrames;
    bytes += connection.queuedBytes;
    calls += connection.calls;
  }
  const bool isUp = link.state == link::LinkState::kConnected || link.state == link::LinkState::kDegraded;
  gauge(to, "backend_up", "1: the backend is connected", isUp ? 1 : 0);
  gauge(to, "backend_connections", "Connections of the backend", link.connections.size());
  gauge(to, "backend_sessions", "Sessions that the backend serves", link.sessions);
  gauge(to, "backend_waiting_sessions", "Sessions that wait for the backend", link.waitingSessions);
  gauge(to, "backend_queued_frames", "Frames that wait to be written to the backend", frames);
  gauge(to, "backend_queued_bytes", "Bytes that wait to be written to the backend", bytes);
  gauge(to, "backend_calls_under_way", "Calls that wait for their answer", calls);
  counter(to, "backend_connects_total", "Connections that were let in", link.connects);
  counter(to, "backend_reconnects_total", "Connections after the first", link.connects > 0 ? link.connects - 1 : 0);
  counter(to, "backend_disconnects_total", "Connections that ended", link.disconnects);
  counter(to, "backend_refused_connects_total", "Connections that were not let in", link.refusedConnects);
  counter(to, "backend_commands_total", "Commands given", link.commands);
  counter(to, "backend_commands_held_total", "Commands that stayed with their session for a full queue",
          link.commandsHeld);
  counter(to, "backend_calls_total", "Calls: logins and characters", link.calls);
  add(to, MetricType::Counter, "backend_calls_failed_total",
      "Calls that were refused, not answered in time, or cut off by the end of their connection",
      {{link.callsFailed, "refused"}, {link.callsTimedOut, "timeout"}, {link.callsLost, "connection"}}, "reason");
  counter(to, "backend_late_answers_total", "Answers that nobody waited for any more", link.lateAnswers);
  addLatency(to, link);
  counter(to, "backend_frames_taken_total", "Counted frames that were acknowledged", link.outputs);
  counter(to, "backend_frames_ahead_total", "Counted frames that were not the next one", link.conflicts);
  counter(to, "backend_frames_refused_total", "Frames that were malformed, misplaced or not allowed",
          link.refusedFrames);
}

/// The serializer escapes labels, but not this: a line break in it would begin a line of the plugin's own, and bytes
/// that are no UTF-8 would make all of the text void.
std::string escapedHelp(const std::string& help) {
  std::string out;
  for (const char c : session::sanitizeInput(help)) out += c == '\n' ? "\\n" : c == '\\' ? "\\\\" : std::string(1, c);
  return out;
}

/// Of each name one family, with the accounts that have it.
void addPlugins(Families& to, const std::vector<PluginMetric>& plugins) {
  const size_t first = to.size();
  for (const PluginMetric& one : plugins) {
    const std::string name = "gatehouse_plugin_" + one.name;
    size_t at = first;
    while (at < to.size() && to[at].name != name) ++at;
    if (at == to.size())
      to.push_back({name, escapedHelp(one.help), one.isGauge ? MetricType::Gauge : MetricType::Counter, {}});
    ClientMetric metric;
    metric.label.push_back({"account", one.account});
    const bool isCounter = to[at].type == MetricType::Counter;
    (isCounter ? metric.counter.value : metric.gauge.value) = static_cast<double>(one.value);
    to[at].metric.push_back(std::move(metric));
  }
}

}  // namespace

std::string metricsText(const MetricsSource& source) {
  Families families;
  addGateway(families, source.status);
  for (const BackendSnapshot& backend : source.backends)
    if (backend.isLink) addLink(families, backend.link);
  addPlugins(families, source.plugins);
  return prometheus::TextSerializer().Serialize(families);
}

}  // namespace gw::admin
