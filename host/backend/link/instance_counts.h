#pragma once
// InstanceCounts: how many counted frames without a session each instance of a backend has had taken; kept as one
// setting of the gateway. At most kMost instances; the one heard of least recently leaves.
//
// Not thread-safe.

#include <cstdint>
#include <string>
#include <vector>

#include "session/session_metadata.h"

namespace gw::link {

class InstanceCounts {
 public:
  /// isExact: the setting is written together with what the frames do (strict); else a crash may have lost some.
  void restore(const std::string& json, bool isExact);
  std::string toJson() const;

  session::OutputCounts::Verdict take(const std::string& instance, uint64_t n) { return counts_.take(instance, n); }
  uint64_t last(const std::string& instance) const { return counts_.last(instance); }

 private:
  session::OutputCounts counts_;
};

}  // namespace gw::link
