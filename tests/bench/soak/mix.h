#pragma once
// SoakMix: how many clients there are of each kind.

#include <cstdint>
#include <string>

#include "wire.h"

namespace gw::bench {

struct SoakMix {
  uint32_t of[kWires] = {};  // by wire
  uint32_t on(Wire wire) const { return of[static_cast<size_t>(wire)]; }
  uint32_t all() const;
};

/// "telnet:3,sse:1": clients in these shares. Throws std::invalid_argument that says what was expected.
SoakMix mixOf(const std::string& shares, uint32_t clients);

}  // namespace gw::bench
