#pragma once
// StreamClass: everything that affects a body's bytes, as a plugin declared it with set_class; interned
// per loop, so that two streams of one class share a pointer and thereby every encoded body.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "plugin/instance.h"

namespace gw::plugin {

struct StreamClass {
  uint32_t id;  // unique on the loop, never reused
  uint64_t key;
  uint32_t flags;  // GW_CLASS_*
  std::string description;
  std::shared_ptr<Instance> instance;  // pins the generation whose encode made the bodies
  uint32_t streams = 0;
};

/// Thread: one loop. At most kMaxClasses live at once.
class StreamClassTable {
 public:
  static constexpr size_t kMaxClasses = 256;

  /// Null at the bound. The result stays valid until release() has been called as often.
  StreamClass* acquire(const std::shared_ptr<Instance>& instance, uint64_t key, uint32_t flags,
                       std::string_view description);
  void release(StreamClass* streamClass);

 private:
  std::vector<std::unique_ptr<StreamClass>> classes_;
  uint32_t nextId_ = 1;
};

}  // namespace gw::plugin
