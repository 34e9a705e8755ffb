#pragma once
// GuestNames: "Guest-7k3f", each given out once. The store hands out numbers in blocks, so that names
// do not return after a restart either, where sessions of earlier guests may be resumed; about a million
// guests later they begin again.
// Not thread-safe (lobby's thread).

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "backend/lobby/store_calls.h"

namespace gw::lobby {

class GuestNames {
 public:
  using Then = UniqueFunction<void(Result<std::string>)>;
  explicit GuestNames(StoreCalls& store) : store_(store) {}
  /// then: on the lobby's thread, at once or after the store's answer. Callers bound how many wait.
  void next(Then then);
  static std::string nameOf(uint64_t number);

 private:
  void fetchBlock();
  StoreCalls& store_;
  uint64_t next_ = 0;
  uint64_t end_ = 0;
  std::vector<Then> waiting_;
};

// Guests have no row in the store: who they are stands in their id. It has at most 15 characters, which
// a std::string keeps without a heap: many places hold one, and there may be many guests.
std::string makeGuestId(std::string_view name);
bool isGuestId(std::string_view userId);
/// "Guest-7k3f" from "g:7k3f:…"; empty if it is not a guest's id.
std::string guestNameOf(std::string_view userId);

}  // namespace gw::lobby
