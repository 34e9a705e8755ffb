#pragma once
// askRoutes: the HTTP routes that an instance wants. [control]

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"

namespace gw::plugin {
class Instance;
}

namespace gw::channel {

struct InstanceRoute {
  std::string method;
  std::string path;
  uint32_t maxBodyBytes = 0;
  bool cors = false;
};

/// Fails: kInvalid if the plugin has no gw.http/1, gives no route, more than 64, or one that is no
/// method and absolute path.
Result<std::vector<InstanceRoute>> askRoutes(plugin::Instance& instance);

}  // namespace gw::channel
