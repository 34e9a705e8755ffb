#include "unit/host/session/survival/seeded_random.h"

#include <openssl/rand.h>

#include <random>

// OpenSSL 3 would have a provider for this; the older way is ten lines.
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

namespace gw::test {
namespace {

std::mt19937_64& generator() {
  static std::mt19937_64 instance;
  return instance;
}

int fill(unsigned char* out, int count) {
  for (int i = 0; i < count; ++i) out[i] = static_cast<unsigned char>(generator()() >> 32);
  return 1;
}

int isSeeded() { return 1; }

}  // namespace

SeededRandom::SeededRandom(uint64_t seed) {
  static const RAND_METHOD kSeeded{nullptr, &fill, nullptr, nullptr, &fill, &isSeeded};
  generator().seed(seed);
  RAND_set_rand_method(&kSeeded);
}

SeededRandom::~SeededRandom() { RAND_set_rand_method(nullptr); }

}  // namespace gw::test
