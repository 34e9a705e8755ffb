#pragma once
// What is reloaded in a soak, and what must come of it. No I/O.

#include <cstdint>
#include <string>
#include <vector>

namespace gw::bench {

enum class ReloadKind : uint8_t {
  kAgain,        // the same code, installed by renaming
  kOverwritten,  // its file is overwritten in place by something broken, and then by the same code
  kRollback,     // to the generation before
  kCrash,        // these fail, each in its way
  kHang,
  kRefuse,
  kImport,
  kStaysMapped,  // can never be unloaded
};

struct KindFacts {
  ReloadKind kind;
  const char* name;
  const char* fault;    // of the build that is installed; empty: the channel as it is
  const char* outcome;  // "committed" stands for "partial" too, if those that stayed are explained
  const char* why;      // part of the sentence
};
const KindFacts& factsOf(ReloadKind kind);
bool putsNewCode(ReloadKind kind);
/// Gets past the probe: connections are moved, perhaps back again.
bool movesConnections(ReloadKind kind);

struct PlannedReload {
  std::string channel;
  ReloadKind kind;
};

/// Channels in turn; every ten reloads the kinds but kStaysMapped in a new order, kAgain and kOverwritten more
/// often. With mayStayMapped the first reload of telnet is of that kind and the next one replaces it: one library
/// is left behind. No rollback comes before there is something to go back to, nor goes back to that one.
std::vector<PlannedReload> planReloads(uint32_t count, uint64_t seed, bool mayStayMapped);

}  // namespace gw::bench
