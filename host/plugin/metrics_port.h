#pragma once
// Metrics that plugins define: owned by the host, so that counters go on across a reload.
// Thread-safe. Identity is (account, name); at most kMaxMetrics in all.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gw::plugin {

constexpr size_t kMaxMetrics = 1024;

struct MetricValue {
  std::string account;
  std::string name;
  std::string help;
  bool isGauge = false;
  int64_t value = 0;
};

/// The metric's number; the same one for the same identity. Empty: bad name or at the bound.
std::optional<uint32_t> defineMetric(std::string_view account, bool isGauge, std::string_view name,
                                     std::string_view help);
void addMetric(uint32_t metric, int64_t delta);
void setMetric(uint32_t metric, int64_t value);
std::vector<MetricValue> pluginMetrics();

}  // namespace gw::plugin
