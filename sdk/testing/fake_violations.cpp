#include "testing/fake_violations.h"

#include <algorithm>

namespace gw::testing {

void FakeViolations::add(std::string sentence) {
  const std::lock_guard lock(mutex_);
  if (sentences_.size() >= kMost) return;
  if (std::find(sentences_.begin(), sentences_.end(), sentence) == sentences_.end())
    sentences_.push_back(std::move(sentence));
}

std::vector<std::string> FakeViolations::all() const {
  const std::lock_guard lock(mutex_);
  return sentences_;
}

}  // namespace gw::testing
