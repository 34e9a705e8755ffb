#pragma once
// The gateway's figures in the Prometheus text format (exposition format 0.0.4). Thread-safe, without state.
//
// Names are gatehouse_<what>_<unit>; labels are channel accounts and reasons, never a user, session or address: there
// are few of them, however many people play.

#include <string>
#include <vector>

#include "admin/gateway_port.h"

namespace gw::admin {

inline constexpr const char* kMetricsType = "text/plain; version=0.0.4";

struct MetricsSource {
  StatusSnapshot status;
  std::vector<BackendSnapshot> backends;
  std::vector<PluginMetric> plugins;
};

std::string metricsText(const MetricsSource& source);

}  // namespace gw::admin
