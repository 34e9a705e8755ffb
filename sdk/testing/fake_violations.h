#pragma once
// FakeViolations: what a plugin did that its contract (sdk/include/gw) forbids, one sentence each. FakeHost goes on
// after a violation as well as it can, so that a test sees all of them.
//
// Thread: any.

#include <cstddef>
#include <mutex>
#include <string>
#include <vector>

namespace gw::testing {

class FakeViolations {
 public:
  static constexpr size_t kMost = 32;  // different ones; what follows is dropped

  /// Each sentence is kept once.
  void add(std::string sentence);
  std::vector<std::string> all() const;

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> sentences_;
};

}  // namespace gw::testing
