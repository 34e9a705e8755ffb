#include "plugin/metrics_port.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>

namespace gw::plugin {
namespace {

struct Identity {
  std::string account, name, help;
  bool isGauge;
};

// Values stand apart from identities, so that add and set need no lock.
std::mutex identitiesMutex;
std::vector<Identity>& identities() {
  static std::vector<Identity> list;
  return list;
}
std::array<std::atomic<int64_t>, kMaxMetrics> values{};

bool isMetricName(std::string_view name) {
  return !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
}

}  // namespace

std::optional<uint32_t> defineMetric(std::string_view account, bool isGauge, std::string_view name,
                                     std::string_view help) {
  if (!isMetricName(name)) return std::nullopt;
  std::lock_guard lock(identitiesMutex);
  auto& list = identities();
  for (size_t i = 0; i < list.size(); ++i)
    if (list[i].account == account && list[i].name == name) return static_cast<uint32_t>(i);
  if (list.size() >= kMaxMetrics) return std::nullopt;
  list.push_back(Identity{std::string(account), std::string(name), std::string(help.substr(0, 256)), isGauge});
  return static_cast<uint32_t>(list.size() - 1);
}

void addMetric(uint32_t metric, int64_t delta) {
  if (metric < kMaxMetrics) values[metric].fetch_add(delta, std::memory_order_relaxed);
}

void setMetric(uint32_t metric, int64_t value) {
  if (metric < kMaxMetrics) values[metric].store(value, std::memory_order_relaxed);
}

std::vector<MetricValue> pluginMetrics() {
  std::lock_guard lock(identitiesMutex);
  std::vector<MetricValue> out;
  for (size_t i = 0; i < identities().size(); ++i) {
    const Identity& id = identities()[i];
    out.push_back(MetricValue{id.account, id.name, id.help, id.isGauge, values[i].load(std::memory_order_relaxed)});
  }
  return out;
}

}  // namespace gw::plugin
