#include "backend/link/instance_counts.h"

#include <nlohmann/json.hpp>

namespace gw::link {

void InstanceCounts::restore(const std::string& json, bool isExact) {
  const auto counts = nlohmann::json::parse(json, nullptr, false);
  if (!counts.is_array()) return;
  for (const auto& count : counts)
    if (count.is_array() && count.size() == 2 && count[0].is_string() && count[1].is_number_unsigned())
      counts_.set(count[0].get<std::string>(), count[1].get<uint64_t>());
  if (!isExact) counts_.doubt();
}

std::string InstanceCounts::toJson() const {
  auto counts = nlohmann::json::array();
  for (const auto& count : counts_.all()) counts.push_back({count.instance, count.n});
  return counts.dump();
}

}  // namespace gw::link
