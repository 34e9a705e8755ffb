#pragma once
// SeededRandom: while it lives, every id and secret of the process comes from a seed, so that a run that
// failed can be repeated. One at a time; one thread.

#include <cstdint>

namespace gw::test {

class SeededRandom {
 public:
  explicit SeededRandom(uint64_t seed);
  ~SeededRandom();
  SeededRandom(const SeededRandom&) = delete;
  SeededRandom& operator=(const SeededRandom&) = delete;
};

}  // namespace gw::test
