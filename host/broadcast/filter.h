#pragma once
// Filter: who gets a broadcast. All conditions must hold; an empty one always holds.

#include <string>
#include <vector>

#include "base/ids.h"

namespace gw::broadcast {

enum class Audience : uint8_t { kPlayers, kOperators, kAll };

struct Filter {
  Audience audience = Audience::kPlayers;
  std::string scope;                      // operators and nodes: a scope they hold ("operator.read")
  std::string room;                       // sessions in this room
  std::vector<SessionId> include;         // only these sessions
  std::vector<SessionId> exclude;         // but not these
  std::vector<std::string> excludeUsers;  // nor sessions of these users (ids)
};

}  // namespace gw::broadcast
