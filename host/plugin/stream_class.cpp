#include "plugin/stream_class.h"

#include <algorithm>

namespace gw::plugin {

StreamClass* StreamClassTable::acquire(const std::shared_ptr<Instance>& instance, uint64_t key, uint32_t flags,
                                       std::string_view description) {
  for (auto& existing : classes_) {
    // Accounts of one generation share classes: encode is pure in (class, event).
    if (existing->key == key && existing->flags == flags && existing->description == description &&
        &existing->instance->generation() == &instance->generation()) {
      existing->instance = instance;  // the latest: one that others have left must not be held by their class
      ++existing->streams;
      return existing.get();
    }
  }
  if (classes_.size() >= kMaxClasses) return nullptr;
  classes_.push_back(
      std::make_unique<StreamClass>(StreamClass{nextId_++, key, flags, std::string(description), instance, 1}));
  return classes_.back().get();
}

void StreamClassTable::release(StreamClass* streamClass) {
  if (--streamClass->streams > 0) return;
  std::erase_if(classes_, [&](const auto& entry) { return entry.get() == streamClass; });
}

}  // namespace gw::plugin
