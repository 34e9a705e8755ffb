#pragma once
// What fuzz targets share: reading what a fuzzer made up, and saying that something is wrong.
//
// A target gets bytes, does with them what a peer (or another generation of a plugin) could, and ends the process if
// a promise is broken. The sanitizers see the rest. Thread: one.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gw::fuzz {

/// A promise is broken: says which and aborts, so that the fuzzer keeps the input.
[[noreturn]] void fail(const std::string& what);
inline void expect(bool holds, const std::string& what) {
  if (!holds) fail(what);
}

/// Takes an input apart. Behind its end every number is 0 and every piece empty.
class Input {
 public:
  explicit Input(std::string_view bytes) : rest_(bytes) {}
  bool isEmpty() const { return rest_.empty(); }
  uint8_t byte() {
    if (rest_.empty()) return 0;
    const auto first = static_cast<uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return first;
  }
  /// A byte that says how long, and so many.
  std::string_view piece() {
    const size_t length = byte();
    const std::string_view taken = rest_.substr(0, length);
    rest_.remove_prefix(taken.size());
    return taken;
  }
  std::string_view rest() { return std::exchange(rest_, {}); }
  template <class Choices>
  const auto& pick(const Choices& choices) {
    return choices[byte() % std::size(choices)];
  }

 private:
  std::string_view rest_;
};

struct Target {
  const char* name;
  void (*run)(std::string_view input);
  /// Inputs to begin with: what the unit tests talk about, in the target's format.
  std::vector<std::string> (*seeds)();
};

/// All of them; static storage.
std::span<const Target> targets();
const Target* findTarget(std::string_view name);

}  // namespace gw::fuzz
