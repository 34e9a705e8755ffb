#pragma once
// What a plugin writes into, with sentinels behind it: a write beyond the end is found.

#include <array>
#include <cstring>
#include <string>

#include "gw/encode.h"
#include "gw/types.h"

namespace gw::testing {

template <class Output>
struct Guarded {
  static constexpr unsigned char kSentinel = 0xA5;

  Guarded() { behind.fill(kSentinel); }
  bool isIntact() const {
    for (const unsigned char byte : behind)
      if (byte != kSentinel) return false;
    return true;
  }

  Output value{};
  std::array<unsigned char, 64> behind;
};

struct GuardedErr : Guarded<gw_err> {
  gw_err* ptr() { return &value; }
  bool isTerminated() const { return std::memchr(value.text, 0, sizeof value.text) != nullptr; }
  std::string text() const {
    return isTerminated() ? std::string(value.text) : std::string(value.text, sizeof value.text);
  }
};

}  // namespace gw::testing
